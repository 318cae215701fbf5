import { add, broadcastTo, concat, gelu, layerNorm, matMul, reduceMean, relu, reshape, type Tensor } from '../graph';
import { linear } from '../sam/layers';
import { within, type Weights } from '../sam/weights';
import type { AdapterVariant, PromptMode } from './options';

/** What an adapter computes, without the skip that it is added to. */
export interface AdapterParts {
  /** After the bottleneck's activation: [..., r]. */
  readonly hidden: Tensor;
  /** [..., C] */
  readonly addition: Tensor;
}

/** The bottleneck without its skip. x: [..., C] → [..., C]. Paper §3.2: Adapter(x) = up(relu(down(x))); released: GELU. */
export function bottleneck(x: Tensor, weights: Weights, variant: AdapterVariant): AdapterParts {
  const activation = variant === 'released' ? gelu : relu;
  const hidden = activation(linear(x, within(weights, 'down')));
  return { hidden, addition: linear(hidden, within(weights, 'up')) };
}

/** Layers whose weights HyP-Adpt generates. */
export const hyperLayers = 3;

/** HyP-Adpt also tells the weights W_i that it generated: [B, r, r] each; its ablations generate none. */
export interface PromptAdapterParts extends AdapterParts {
  readonly generated: readonly Tensor[];
}

/** e: tokens in the bottleneck [B, T, r]; p: the prompt in it [B, r] → hidden [B, T, r] */
type PromptMixing = (e: Tensor, p: Tensor, weights: Weights) => Omit<PromptAdapterParts, 'addition'>;

/**
 * How the prompt acts on the tokens in the bottleneck (paper §3.4 and table 3; med-sa.md, section 4). `add` and `concat`
 * take the place of the generated layers, and keep the adapter's ReLU.
 */
const mixings: { readonly [Mode in Exclude<PromptMode, 'none'>]: PromptMixing } = {
  add: (e, p) => {
    const [batch, length] = p.shape;
    return { hidden: relu(add(e, reshape(p, [batch, 1, length]))), generated: [] };
  },
  concat: (e, p, weights) => {
    const [batch, length] = p.shape;
    const everywhere = broadcastTo(reshape(p, [batch, 1, length]), e.shape);
    return { hidden: relu(linear(concat([e, everywhere], 2), within(weights, 'mix'))), generated: [] };
  },
  hyper: (e, p, weights) => {
    const [batch, length] = p.shape;
    const generated: Tensor[] = [];
    let hidden = e;
    for (let layer = 0; layer < hyperLayers; layer++) {
      const weight = reshape(linear(p, within(weights, `project.${layer}`)), [batch, length, length]);
      const affine = within(weights, `norm.${layer}`);
      hidden = relu(layerNorm(matMul(hidden, weight), affine('weight'), affine('bias'), 1e-5));
      generated.push(weight);
    }
    return { hidden, generated };
  },
};

/** HyP-Adpt and its ablations, without the skip. queries: [B, T, C]; prompt: [B, P, C] → [B, T, C] */
export function promptAdapter(
  queries: Tensor,
  prompt: Tensor,
  weights: Weights,
  mode: Exclude<PromptMode, 'none'>,
): PromptAdapterParts {
  const reduced = reduceMean(linear(prompt, within(weights, 'reduce')), [1]);
  const summary = reshape(reduced, [prompt.shape[0], reduced.shape[2]]);
  const mixed = mixings[mode](linear(queries, within(weights, 'down')), summary, weights);
  return { ...mixed, addition: linear(mixed.hidden, within(weights, 'up')) };
}
