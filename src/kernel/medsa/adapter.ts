import { add, broadcastTo, concat, gelu, layerNorm, matMul, reduceMean, relu, reshape, type Tensor } from '../graph';
import { linear } from '../sam/layers';
import { within, type Weights } from '../sam/weights';
import type { AdapterVariant, PromptMode } from './options';

/** The bottleneck without its skip. x: [..., C] → [..., C]. Paper §3.2: Adapter(x) = up(relu(down(x))); released: GELU. */
export function bottleneck(x: Tensor, weights: Weights, variant: AdapterVariant): Tensor {
  const activation = variant === 'released' ? gelu : relu;
  return linear(activation(linear(x, within(weights, 'down'))), within(weights, 'up'));
}

/** The bottleneck with its skip. x: [..., C] → [..., C] */
export const adapter = (x: Tensor, weights: Weights, variant: AdapterVariant): Tensor =>
  add(x, bottleneck(x, weights, variant));

/** Layers whose weights HyP-Adpt generates. */
export const hyperLayers = 3;

/** e: tokens in the bottleneck [B, T, r]; p: the prompt in it [B, r] → [B, T, r] */
type PromptMixing = (e: Tensor, p: Tensor, weights: Weights) => Tensor;

/**
 * How the prompt acts on the tokens in the bottleneck (paper §3.4 and table 3; med-sa.md, section 4). `add` and `concat`
 * take the place of the generated layers, and keep the adapter's ReLU.
 */
const mixings: { readonly [Mode in Exclude<PromptMode, 'none'>]: PromptMixing } = {
  add: (e, p) => {
    const [batch, length] = p.shape;
    return relu(add(e, reshape(p, [batch, 1, length])));
  },
  concat: (e, p, weights) => {
    const [batch, length] = p.shape;
    const everywhere = broadcastTo(reshape(p, [batch, 1, length]), e.shape);
    return relu(linear(concat([e, everywhere], 2), within(weights, 'mix')));
  },
  hyper: (e, p, weights) => {
    const [batch, length] = p.shape;
    let x = e;
    for (let layer = 0; layer < hyperLayers; layer++) {
      const generated = reshape(linear(p, within(weights, `project.${layer}`)), [batch, length, length]);
      const affine = within(weights, `norm.${layer}`);
      x = relu(layerNorm(matMul(x, generated), affine('weight'), affine('bias'), 1e-5));
    }
    return x;
  },
};

/** HyP-Adpt and its ablations, with the skip. queries: [B, T, C]; prompt: [B, P, C] → [B, T, C] */
export function promptAdapter(queries: Tensor, prompt: Tensor, weights: Weights, mode: PromptMode): Tensor {
  if (mode === 'none') return queries;
  const reduced = reduceMean(linear(prompt, within(weights, 'reduce')), [1]);
  const summary = reshape(reduced, [prompt.shape[0], reduced.shape[2]]);
  const e = mixings[mode](linear(queries, within(weights, 'down')), summary, weights);
  return add(queries, linear(e, within(weights, 'up')));
}
