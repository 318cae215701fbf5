import type * as tfjs from '@tensorflow/tfjs';
import type { Primitive, Shape, Tensor } from '../primitives';
import { sizeOf } from '../tensorData';

/** The TensorFlow.js module: `@tensorflow/tfjs`, or a native build of the same interface. The caller brings it. */
export type Tfjs = typeof tfjs;

/** Computes the value of one primitive from the values of its inputs. */
type Lowering<P extends Primitive> = (tf: Tfjs, tensor: Tensor<P>, inputs: readonly tfjs.Tensor[]) => tfjs.Tensor;

const unary =
  (operation: (tf: Tfjs, x: tfjs.Tensor) => tfjs.Tensor) =>
  (tf: Tfjs, _: Tensor, [x]: readonly tfjs.Tensor[]): tfjs.Tensor =>
    operation(tf, x);

const binary =
  (operation: (tf: Tfjs, a: tfjs.Tensor, b: tfjs.Tensor) => tfjs.Tensor) =>
  (tf: Tfjs, _: Tensor, [a, b]: readonly tfjs.Tensor[]): tfjs.Tensor =>
    operation(tf, a, b);

/** By an addition: `tf.broadcastTo` is a tile, whose gradient TensorFlow.js has up to rank 4 only. */
const spread = (tf: Tfjs, x: tfjs.Tensor, shape: Shape): tfjs.Tensor => tf.add(x, tf.zeros([...shape]));

/**
 * The table from primitives to TensorFlow.js operations, each differentiable by TensorFlow.js itself.
 * (An `input` is fed, not computed.) Where it differs from the ONNX table in value: its `erf` is a polynomial good to
 * 1.5e-7; in gradient: at 0, `abs` has the slope −1, not 0.
 */
export const tfjsLowering: { readonly [P in Exclude<Primitive, 'input'>]: Lowering<P> } = {
  constant: (tf, { attributes: { value }, shape }) => tf.tensor(value.data, [...shape], 'float32'),

  neg: unary((tf, x) => tf.neg(x)),
  exp: unary((tf, x) => tf.exp(x)),
  log: unary((tf, x) => tf.log(x)),
  sqrt: unary((tf, x) => tf.sqrt(x)),
  sin: unary((tf, x) => tf.sin(x)),
  cos: unary((tf, x) => tf.cos(x)),
  abs: unary((tf, x) => tf.abs(x)),
  erf: unary((tf, x) => tf.erf(x)),
  relu: unary((tf, x) => tf.relu(x)),
  sigmoid: unary((tf, x) => tf.sigmoid(x)),
  softplus: unary((tf, x) => tf.softplus(x)),
  // x·(1 + erf(x/√2)) / 2
  gelu: unary((tf, x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1))),
  step: unary((tf, x) => tf.step(x)),

  add: binary((tf, a, b) => tf.add(a, b)),
  sub: binary((tf, a, b) => tf.sub(a, b)),
  mul: binary((tf, a, b) => tf.mul(a, b)),
  div: binary((tf, a, b) => tf.div(a, b)),

  // The gradient of tf.matMul does not sum over broadcast batches: B shared by all batches takes one product over all
  // rows of A; otherwise the batches are spread out first, by an operation whose gradient does.
  matMul: (tf, { shape }, [a, b]) => {
    const matrixOf = (x: tfjs.Tensor): number[] => x.shape.slice(-2);
    if (b.rank === 2) return tf.reshape(tf.matMul(tf.reshape(a, [-1, b.shape[0]]), b), [...shape]);
    const batch = shape.slice(0, -2);
    const flat = (x: tfjs.Tensor): tfjs.Tensor =>
      tf.reshape(spread(tf, x, [...batch, ...matrixOf(x)]), [sizeOf(batch), ...matrixOf(x)]);
    return tf.reshape(tf.matMul(flat(a), flat(b)), [...shape]);
  },

  affine: (tf, { shape }, [x, weight, bias]) => {
    const rows = tf.reshape(x, [-1, weight.shape[1]!]);
    return tf.reshape(tf.add(tf.matMul(rows, weight as tfjs.Tensor2D, false, true), bias), [...shape]);
  },

  reshape: (tf, { shape }, [x]) => tf.reshape(x, [...shape]),
  transpose: (tf, { attributes: { permutation } }, [x]) => tf.transpose(x, [...permutation]),
  broadcastTo: (tf, { shape }, [x]) => spread(tf, x, shape),
  slice: (tf, { attributes: { starts }, shape }, [x]) => tf.slice(x, [...starts], [...shape]),
  pad: (tf, { attributes: { before, after } }, [x]) =>
    tf.pad(
      x,
      before.map((count, axis): [number, number] => [count, after[axis]]),
    ),
  concat: (tf, { attributes: { axis } }, inputs) => tf.concat([...inputs], axis),

  reduceSum: (tf, { attributes: { axes } }, [x]) => tf.sum(x, [...axes], true),
  // Operations happen in the order in which they are called; the zero lets tf.grads accept all inputs.
  after: (tf, _, [x, ...others]) =>
    others.reduce((sum, other) => tf.add(sum, tf.mul(tf.sum(tf.slice(tf.reshape(other, [-1]), 0, 1)), 0)), x),
  softmax: unary((tf, x) => tf.softmax(x)),
  layerNorm: (tf, { attributes: { epsilon } }, [x, scale, bias]) => {
    const centred = tf.sub(x, tf.mean(x, -1, true));
    const deviation = tf.sqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
    return tf.add(tf.mul(tf.div(centred, deviation), scale), bias);
  },
};
