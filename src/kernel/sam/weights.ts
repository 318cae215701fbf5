import { constant, type Tensor, type TensorData } from '../graph';

/** Where a model's tensors come from: frozen constants, trainable inputs, or both. */
export type Weights = (name: string) => Tensor;

/** The weights under a prefix: `within(weights, 'blocks.0')('attn.qkv.weight')`. */
export const within =
  (weights: Weights, prefix: string): Weights =>
  (name) =>
    weights(`${prefix}.${name}`);

/** Weights that come from `trainable` where they are there, else from `frozen` as constants, each made once. */
export function mixedWeights(trainable: ReadonlyMap<string, Tensor>, frozen: ReadonlyMap<string, TensorData>): Weights {
  const constants = new Map<string, Tensor>();
  return (name) => {
    const known = trainable.get(name) ?? constants.get(name);
    if (known !== undefined) return known;
    const value = frozen.get(name);
    if (value === undefined) throw new RangeError(`the model has no tensor ${name}`);
    const tensor = constant(value, name);
    constants.set(name, tensor);
    return tensor;
  };
}

/** All weights frozen. */
export const constantWeights = (tensors: ReadonlyMap<string, TensorData>): Weights => mixedWeights(new Map(), tensors);
