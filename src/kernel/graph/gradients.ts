import {
  add,
  broadcastTo,
  cos,
  div,
  erf,
  exp,
  matMul,
  matrixTranspose,
  mul,
  neg,
  pad,
  reduceMean,
  reduceSum,
  reshape,
  sigmoid,
  sin,
  sliceAll,
  sqrt,
  square,
  step,
  sub,
  transpose,
} from './ops';
import type { Primitive, Shape, Tensor } from './primitives';
import { sameShape } from './shapes';

/**
 * The gradient rule of a primitive: from a node y = f(x₁, …) and dy, the gradient of each input.
 * `needed[i]` is false where nobody asks for input i's gradient: the rule may then return null for it.
 */
export type GradientRule<P extends Primitive> = (
  y: Tensor<P>,
  dy: Tensor,
  needed: readonly boolean[],
) => readonly (Tensor | null)[];

/** Sums a gradient over the axes along which its value was broadcast. */
export function sumTo(gradient: Tensor, shape: Shape): Tensor {
  if (sameShape(gradient.shape, shape)) return gradient;
  const lead = gradient.shape.length - shape.length;
  const axes = [...gradient.shape.keys()].filter(
    (axis) => axis < lead || (shape[axis - lead] === 1 && gradient.shape[axis] !== 1),
  );
  return reshape(reduceSum(gradient, axes), shape);
}

/** [..., C] → [rows, C] */
const rows = (x: Tensor): Tensor => reshape(x, [-1, x.shape[x.shape.length - 1]]);

/** Computes only the gradients that are asked for. */
const each = (needed: readonly boolean[], ...thunks: readonly (() => Tensor)[]): (Tensor | null)[] =>
  thunks.map((thunk, index) => (needed[index] ? thunk() : null));

const none = (): readonly null[] => [];

export const gradientRules: { readonly [P in Primitive]: GradientRule<P> } = {
  input: none,
  constant: none,

  // d(−x) = −dy
  neg: (_, dy) => [neg(dy)],
  // d eˣ = eˣ·dy
  exp: (y, dy) => [mul(dy, y)],
  // d log x = dy / x
  log: ({ inputs: [x] }, dy) => [div(dy, x)],
  // d √x = dy / 2√x
  sqrt: (y, dy) => [div(mul(dy, 0.5), y)],
  sin: ({ inputs: [x] }, dy) => [mul(dy, cos(x))],
  cos: ({ inputs: [x] }, dy) => [neg(mul(dy, sin(x)))],
  // d|x| = sign(x)·dy, 0 at 0
  abs: ({ inputs: [x] }, dy) => [mul(dy, sub(step(x), step(neg(x))))],
  // d erf x = 2/√π · e^(−x²) · dy
  erf: ({ inputs: [x] }, dy) => [mul(dy, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI)))],
  relu: ({ inputs: [x] }, dy) => [mul(dy, step(x))],
  // dσ = σ(1 − σ)·dy
  sigmoid: (y, dy) => [mul(dy, mul(y, sub(1, y)))],
  // d log(1 + eˣ) = σ(x)·dy
  softplus: ({ inputs: [x] }, dy) => [mul(dy, sigmoid(x))],
  // d(x·Φ(x)) = (Φ(x) + x·φ(x))·dy
  gelu: ({ inputs: [x] }, dy) => {
    const cumulative = mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
    const density = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return [mul(dy, add(cumulative, mul(x, density)))];
  },
  // flat everywhere but at one point
  step: () => [null],

  add: ({ inputs: [a, b] }, dy, needed) =>
    each(
      needed,
      () => sumTo(dy, a.shape),
      () => sumTo(dy, b.shape),
    ),
  sub: ({ inputs: [a, b] }, dy, needed) =>
    each(
      needed,
      () => sumTo(dy, a.shape),
      () => neg(sumTo(dy, b.shape)),
    ),
  mul: ({ inputs: [a, b] }, dy, needed) =>
    each(
      needed,
      () => sumTo(mul(dy, b), a.shape),
      () => sumTo(mul(dy, a), b.shape),
    ),
  // y = a / b: da = dy / b, db = −dy·y / b
  div: (y, dy, needed) => {
    const [a, b] = y.inputs;
    return each(
      needed,
      () => sumTo(div(dy, b), a.shape),
      () => neg(sumTo(div(mul(dy, y), b), b.shape)),
    );
  },

  // Y = A·B: dA = dY·Bᵀ, dB = Aᵀ·dY. A matrix B shared by all batches gets one product over all rows, not a sum of many.
  matMul: ({ inputs: [a, b] }, dy, needed) =>
    each(
      needed,
      () => sumTo(matMul(dy, matrixTranspose(b)), a.shape),
      () => {
        if (b.shape.length > 2) return sumTo(matMul(matrixTranspose(a), dy), b.shape);
        return matMul(matrixTranspose(rows(a)), rows(dy));
      },
    ),

  // Y = X·Wᵀ + b: dX = dY·W, dW = dYᵀ·X, db = Σ dY
  affine: ({ inputs: [x, weight, bias] }, dy, needed) =>
    each(
      needed,
      () => reshape(matMul(rows(dy), weight), x.shape),
      () => matMul(matrixTranspose(rows(dy)), rows(x)),
      () => sumTo(dy, bias.shape),
    ),

  reshape: ({ inputs: [x] }, dy) => [reshape(dy, x.shape)],
  transpose: ({ attributes: { permutation } }, dy) => [
    transpose(
      dy,
      permutation.map((_, axis) => permutation.indexOf(axis)),
    ),
  ],
  broadcastTo: ({ inputs: [x] }, dy) => [sumTo(dy, x.shape)],
  slice: ({ inputs: [x], attributes: { starts, ends } }, dy) => [
    pad(
      dy,
      starts,
      x.shape.map((extent, axis) => extent - ends[axis]),
    ),
  ],
  pad: ({ inputs: [x], attributes: { before } }, dy) => [
    sliceAll(
      dy,
      before,
      x.shape.map((extent, axis) => before[axis] + extent),
    ),
  ],
  concat: ({ inputs, attributes: { axis } }, dy, needed) => {
    let end = 0;
    return inputs.map((x, index) => {
      const start = end;
      end += x.shape[axis];
      if (!needed[index]) return null;
      const at = (position: number): number[] => dy.shape.map((_, a) => (a === axis ? position : 0));
      return sliceAll(
        dy,
        at(start),
        dy.shape.map((extent, a) => (a === axis ? start + x.shape[axis] : extent)),
      );
    });
  },
  reduceSum: ({ inputs: [x] }, dy) => [broadcastTo(dy, x.shape)],
  after: ({ inputs }, dy) => inputs.map((_, index) => (index === 0 ? dy : null)),

  // dx = y·(dy − Σ dy·y)
  softmax: (y, dy) => {
    const weighted = mul(dy, y);
    return [sub(weighted, mul(y, reduceSum(weighted, [y.shape.length - 1])))];
  },

  // x̂ = (x − μ)·ρ, ρ = 1/√(σ² + ε), g = dy·scale: dx = ρ·(g − mean g − x̂·mean(g·x̂)); dscale = Σ dy·x̂; dbias = Σ dy
  layerNorm: ({ inputs: [x, scale], attributes: { epsilon } }, dy, needed) => {
    const last = [x.shape.length - 1];
    const centred = sub(x, reduceMean(x, last));
    const inverse = div(1, sqrt(add(reduceMean(square(centred), last), epsilon)));
    const normalised = mul(centred, inverse);
    return each(
      needed,
      () => {
        const g = mul(dy, scale);
        return mul(inverse, sub(sub(g, reduceMean(g, last)), mul(normalised, reduceMean(mul(g, normalised), last))));
      },
      () => sumTo(mul(dy, normalised), scale.shape),
      () => sumTo(dy, scale.shape),
    );
  },
};
