import { isConstant, isMadeBy, type Primitive, type PrimitiveAttributes, type Shape, type Tensor } from './primitives';
import { broadcastShapes, sameShape, ShapeError, shapeRules, show } from './shapes';
import { sizeOf, tensorData, withShape, type TensorData } from './tensorData';

type Derived = Exclude<Primitive, 'input' | 'constant'>;

function node<P extends Derived>(
  primitive: P,
  attributes: PrimitiveAttributes[P],
  inputs: readonly Tensor[],
): Tensor<P> {
  const shape = shapeRules[primitive](
    attributes,
    inputs.map((tensor) => tensor.shape),
  );
  return { primitive, attributes, inputs, shape };
}

export type Operand = Tensor | number;

/** A value fed at every run. */
export const input = (name: string, shape: Shape): Tensor<'input'> => ({
  primitive: 'input',
  attributes: { name },
  inputs: [],
  shape,
});

/** A value fixed in the program. It must not change afterwards. */
export function constant(given: TensorData | number, name: string | null = null): Tensor<'constant'> {
  const value = typeof given === 'number' ? tensorData([], [given]) : given;
  return { primitive: 'constant', attributes: { value, name }, inputs: [], shape: value.shape };
}

export const zeros = (shape: Shape): Tensor => broadcastTo(constant(0), shape);
export const ones = (shape: Shape): Tensor => broadcastTo(constant(1), shape);

const lift = (value: Operand): Tensor => (typeof value === 'number' ? constant(value) : value);

/** 1 / the product of extents: a scalar of shape []. */
const inverseSize = (extents: Shape): Tensor => node('inverseSize', { extents }, []);

/** The value of a scalar constant, null for anything else: lets x·1 and x+0 cost nothing. */
export function scalarOf(tensor: Tensor): number | null {
  if (tensor.primitive === 'constant' && sizeOf(tensor.shape) === 1) {
    return (tensor as Tensor<'constant'>).attributes.value.data[0];
  }
  if (tensor.primitive === 'inverseSize') return 1 / sizeOf((tensor as Tensor<'inverseSize'>).attributes.extents);
  return tensor.primitive === 'broadcastTo' ? scalarOf(tensor.inputs[0]) : null;
}

const unary =
  <
    P extends
      | 'neg'
      | 'exp'
      | 'log'
      | 'sqrt'
      | 'sin'
      | 'cos'
      | 'abs'
      | 'erf'
      | 'relu'
      | 'sigmoid'
      | 'softplus'
      | 'gelu'
      | 'step'
      | 'softmax',
  >(
    primitive: P,
  ) =>
  (x: Tensor): Tensor =>
    node(primitive, {}, [x]);

export const neg = unary('neg');
export const exp = unary('exp');
export const log = unary('log');
export const sqrt = unary('sqrt');
export const sin = unary('sin');
export const cos = unary('cos');
export const abs = unary('abs');
export const erf = unary('erf');
export const relu = unary('relu');
export const sigmoid = unary('sigmoid');
/** log(1 + eˣ), without overflow. */
export const softplus = unary('softplus');
/** x·Φ(x), exact. */
export const gelu = unary('gelu');
/** 1 where x > 0, else 0. Its gradient is zero. */
export const step = unary('step');
/** Over the last axis. */
export const softmax = unary('softmax');

const keeps = (tensor: Tensor, other: Tensor): boolean =>
  sameShape(broadcastShapes(tensor.shape, other.shape), tensor.shape);

export function add(a: Operand, b: Operand): Tensor {
  const [x, y] = [lift(a), lift(b)];
  if (scalarOf(y) === 0 && keeps(x, y)) return x;
  if (scalarOf(x) === 0 && keeps(y, x)) return y;
  return node('add', {}, [x, y]);
}

export function sub(a: Operand, b: Operand): Tensor {
  const [x, y] = [lift(a), lift(b)];
  return scalarOf(y) === 0 && keeps(x, y) ? x : node('sub', {}, [x, y]);
}

export function mul(a: Operand, b: Operand): Tensor {
  const [x, y] = [lift(a), lift(b)];
  if (scalarOf(y) === 1 && keeps(x, y)) return x;
  if (scalarOf(x) === 1 && keeps(y, x)) return y;
  return node('mul', {}, [x, y]);
}

export function div(a: Operand, b: Operand): Tensor {
  const [x, y] = [lift(a), lift(b)];
  return scalarOf(y) === 1 && keeps(x, y) ? x : node('div', {}, [x, y]);
}

export const square = (x: Tensor): Tensor => mul(x, x);

/** [..., m, k] × [..., k, n] → [..., m, n] */
export const matMul = (a: Tensor, b: Tensor): Tensor => node('matMul', {}, [a, b]);

/** x·weightᵀ + bias. x: [..., in]; weight: [out, in]; bias: [out] → [..., out] */
export const affine = (x: Tensor, weight: Tensor, bias: Tensor): Tensor => node('affine', {}, [x, weight, bias]);

/** One extent may be −1: it takes what is left. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = sizeOf(shape.filter((extent) => extent !== -1));
  const full = shape.map((extent) => (extent === -1 ? sizeOf(x.shape) / known : extent));
  if (sameShape(full, x.shape)) return x;
  const reshaped = node('reshape', { shape: full }, [x]);
  return isConstant(x) ? constant(withShape(x.attributes.value, full), x.attributes.name) : reshaped;
}

/** Two in a row become one, or none. */
export function transpose(x: Tensor, permutation: readonly number[]): Tensor {
  if (sameShape(permutation, [...x.shape.keys()])) return x;
  if (!isMadeBy('transpose')(x)) return node('transpose', { permutation }, [x]);
  const { permutation: first } = x.attributes;
  return transpose(
    x.inputs[0],
    permutation.map((axis) => first[axis]),
  );
}

/** Swaps the last two axes. @throws ShapeError when there are fewer. */
export function matrixTranspose(x: Tensor): Tensor {
  const rank = x.shape.length;
  if (rank < 2) throw new ShapeError(`${show(x.shape)} is no matrix`);
  return transpose(x, [...Array(rank - 2).keys(), rank - 1, rank - 2]);
}

export const broadcastTo = (x: Tensor, shape: Shape): Tensor =>
  sameShape(x.shape, shape) ? x : node('broadcastTo', { shape }, [x]);

/** Along one axis: [start, end). @throws ShapeError when x has no such axis. */
export function slice(x: Tensor, axis: number, start: number, end: number): Tensor {
  if (!(axis in x.shape)) throw new ShapeError(`${axis} is no axis of ${show(x.shape)}`);
  return sliceAll(
    x,
    x.shape.map((_, a) => (a === axis ? start : 0)),
    x.shape.map((extent, a) => (a === axis ? end : extent)),
  );
}

/** `changed`, or `x` where a node that can only shrink or only grow it left its shape, and so its values, as they are. */
const unlessSame = (x: Tensor, changed: Tensor): Tensor => (sameShape(x.shape, changed.shape) ? x : changed);

/** Along all axes: [start, end) each. */
export const sliceAll = (x: Tensor, starts: readonly number[], ends: readonly number[]): Tensor =>
  unlessSame(x, node('slice', { starts, ends }, [x]));

export const pad = (x: Tensor, before: readonly number[], after: readonly number[]): Tensor =>
  unlessSame(x, node('pad', { before, after }, [x]));

export const concat = (tensors: readonly Tensor[], axis: number): Tensor =>
  tensors.length === 1 ? tensors[0] : node('concat', { axis }, tensors);

/** Sum over `axes`, which stay as extent 1. */
export const reduceSum = (x: Tensor, axes: readonly number[]): Tensor =>
  axes.length === 0 ? x : node('reduceSum', { axes }, [x]);

/** Mean over `axes`, which stay as extent 1. */
export const reduceMean = (x: Tensor, axes: readonly number[]): Tensor =>
  mul(reduceSum(x, axes), inverseSize(axes.map((axis) => x.shape[axis])));

/** Sum of all entries: a scalar of shape []. */
export const sumAll = (x: Tensor): Tensor => reshape(reduceSum(x, [...x.shape.keys()]), []);

/** Mean of all entries: a scalar of shape []. */
export const meanAll = (x: Tensor): Tensor => mul(sumAll(x), inverseSize(x.shape));

/** x, computed after the others: an order of execution that no value demands. Its gradient passes through to x alone. */
export const after = (x: Tensor, others: readonly Tensor[]): Tensor =>
  others.length === 0 ? x : node('after', {}, [x, ...others]);

/** Normalised over the last axis. scale, bias: [C] */
export const layerNorm = (x: Tensor, scale: Tensor, bias: Tensor, epsilon: number): Tensor =>
  node('layerNorm', { epsilon }, [x, scale, bias]);
