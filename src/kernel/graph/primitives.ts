import type { TensorData } from './tensorData';

/**
 * The tensor graph. A tensor is the single output of a node: a primitive, its attributes and its input tensors.
 * All values are float32; truth values are 0 and 1 (`step`). Shapes are known when the graph is built: whoever builds
 * one counts in plain numbers. Only a graph on its way to ONNX may have extents E that depend on symbols (`Extent`).
 *
 * Every table over `Primitive` (shapes, gradients, each lowering) is typed `{ [P in Primitive]: … }`,
 * so that a primitive without a rule does not compile.
 */

export type Shape<E = number> = readonly E[];

/** The attributes of each primitive; the keys are the list of primitives. What counts entries of an axis is an E. */
export interface PrimitiveAttributes<E = number> {
  /** A value fed at every run. */
  input: { readonly name: string };
  /** A value fixed in the program. `name` (a weight's, say) makes the emitted model readable. */
  constant: { readonly value: TensorData; readonly name: string | null };
  /**
   * 1 / the product of `extents`, a scalar: what turns a sum into a mean. Not a constant, for the extents of a program
   * may be symbols.
   */
  inverseSize: { readonly extents: Shape<E> };

  neg: NoAttributes;
  exp: NoAttributes;
  log: NoAttributes;
  sqrt: NoAttributes;
  sin: NoAttributes;
  cos: NoAttributes;
  abs: NoAttributes;
  erf: NoAttributes;
  relu: NoAttributes;
  sigmoid: NoAttributes;
  softplus: NoAttributes;
  /** Exact GELU: x·Φ(x). */
  gelu: NoAttributes;
  /** 1 where x > 0, else 0. */
  step: NoAttributes;

  /** Element-wise with NumPy broadcasting. */
  add: NoAttributes;
  sub: NoAttributes;
  mul: NoAttributes;
  div: NoAttributes;

  /** [..., m, k] × [..., k, n] → [..., m, n], batch axes broadcast. */
  matMul: NoAttributes;
  /** (x, weight, bias): x·weightᵀ + bias; [..., in], [out, in], [out] → [..., out]. */
  affine: NoAttributes;

  reshape: { readonly shape: Shape<E> };
  transpose: { readonly permutation: readonly number[] };
  broadcastTo: { readonly shape: Shape<E> };
  /** Per axis [start, end). */
  slice: { readonly starts: readonly E[]; readonly ends: readonly E[] };
  /** Zeros before and after, per axis. */
  pad: { readonly before: readonly E[]; readonly after: readonly E[] };
  concat: { readonly axis: number };

  /** Sum over `axes`, which stay as extent 1. */
  reduceSum: { readonly axes: readonly number[] };

  /** (x, …others): x as it is, but not before the others have been computed. */
  after: NoAttributes;

  /** Over the last axis. */
  softmax: NoAttributes;
  /** (x, scale, bias), normalised over the last axis. */
  layerNorm: { readonly epsilon: number };
}

export type NoAttributes = Readonly<Record<never, never>>;

export type Primitive = keyof PrimitiveAttributes;

export interface Tensor<P extends Primitive = Primitive, E = number> {
  readonly primitive: P;
  readonly attributes: PrimitiveAttributes<E>[P];
  readonly inputs: readonly Tensor<Primitive, E>[];
  readonly shape: Shape<E>;
}

/** Whether a tensor is made by this primitive. */
export const isMadeBy =
  <P extends Primitive>(primitive: P) =>
  <E>(tensor: Tensor<Primitive, E>): tensor is Tensor<P, E> =>
    tensor.primitive === primitive;

export const isInput = isMadeBy('input');
export const isConstant = isMadeBy('constant');
