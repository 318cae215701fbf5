import { add, layerNorm, matMul, reduceMean, relu, reshape, type Tensor } from '../graph';
import { linear } from '../sam/layers';
import { within, type Weights } from '../sam/weights';

/** The bottleneck without its skip. x: [..., C] → [..., C]. Paper §3.2: Adapter(x) = up(relu(down(x))). */
export const bottleneck = (x: Tensor, weights: Weights): Tensor =>
  linear(relu(linear(x, within(weights, 'down'))), within(weights, 'up'));

/** The bottleneck with its skip. x: [..., C] → [..., C] */
export const adapter = (x: Tensor, weights: Weights): Tensor => add(x, bottleneck(x, weights));

const layers = 3;

/**
 * HyP-Adpt: the prompt generates the weights through which the tokens pass (paper §3.4).
 * queries: [B, T, C]; prompt: [B, P, C] → [B, T, C]
 */
export function hyperPromptAdapter(queries: Tensor, prompt: Tensor, weights: Weights): Tensor {
  const [batch] = prompt.shape;
  const reduced = reduceMean(linear(prompt, within(weights, 'reduce')), [1]);
  const length = reduced.shape[2];
  const summary = reshape(reduced, [batch, length]);
  let e = linear(queries, within(weights, 'down'));
  for (let layer = 0; layer < layers; layer++) {
    const generated = reshape(linear(summary, within(weights, `project.${layer}`)), [batch, length, length]);
    const affine = within(weights, `norm.${layer}`);
    e = relu(layerNorm(matMul(e, generated), affine('weight'), affine('bias'), 1e-5));
  }
  return add(queries, linear(e, within(weights, 'up')));
}
