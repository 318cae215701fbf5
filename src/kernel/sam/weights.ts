import type { Tensor } from '../graph';

/** Where a model's tensors come from: frozen constants, trainable inputs, or both. */
export type Weights = (name: string) => Tensor;

/** The weights under a prefix: `within(weights, 'blocks.0')('attn.qkv.weight')`. */
export const within =
  (weights: Weights, prefix: string): Weights =>
  (name) =>
    weights(`${prefix}.${name}`);
