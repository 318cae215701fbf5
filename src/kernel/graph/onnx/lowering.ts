import type { Primitive, Tensor } from '../primitives';
import { tensorData } from '../tensorData';
import type { OnnxWriter } from './writer';

/** Writes the ONNX node(s) of one primitive; returns the name of the value that holds its result. */
type Lowering<P extends Primitive> = (writer: OnnxWriter, tensor: Tensor<P>, inputs: readonly string[]) => string;

const zero = tensorData([], [0]);

const operator =
  (type: string) =>
  (writer: OnnxWriter, _: Tensor, inputs: readonly string[]): string =>
    writer.node(type, inputs);

/** The table from primitives to ONNX operators (opset 20). */
export const onnxLowering: { readonly [P in Primitive]: Lowering<P> } = {
  input: (writer, { attributes: { name }, shape }) => writer.input(name, shape),
  constant: (writer, { attributes: { value, name } }) => writer.floats(value, name),

  neg: operator('Neg'),
  exp: operator('Exp'),
  log: operator('Log'),
  sqrt: operator('Sqrt'),
  sin: operator('Sin'),
  cos: operator('Cos'),
  abs: operator('Abs'),
  erf: operator('Erf'),
  relu: operator('Relu'),
  sigmoid: operator('Sigmoid'),
  softplus: operator('Softplus'),
  gelu: operator('Gelu'),
  step: (writer, _, [x]) =>
    writer.node('Cast', [writer.node('Greater', [x, writer.floats(zero)])], { to: writer.float32 }),

  add: operator('Add'),
  sub: operator('Sub'),
  mul: operator('Mul'),
  div: operator('Div'),
  matMul: operator('MatMul'),
  // Gemm takes the weight as it is stored; it knows matrices only. A reshape moves no data.
  affine: (writer, { shape, inputs: [{ shape: given }] }, [x, weight, bias]) => {
    const matrix = given.length === 2;
    const rows = matrix ? x : writer.node('Reshape', [x, writer.integers([-1, given[given.length - 1]])]);
    const product = writer.node('Gemm', [rows, weight, bias], { transB: 1 });
    return matrix ? product : writer.node('Reshape', [product, writer.integers(shape)]);
  },

  reshape: (writer, { attributes: { shape } }, [x]) => writer.node('Reshape', [x, writer.integers(shape)]),
  transpose: (writer, { attributes: { permutation } }, [x]) => writer.node('Transpose', [x], { perm: permutation }),
  broadcastTo: (writer, { attributes: { shape } }, [x]) => writer.node('Expand', [x, writer.integers(shape)]),
  slice: (writer, { attributes: { starts, ends }, inputs: [source] }, [x]) => {
    const axes = [...starts.keys()].filter((axis) => starts[axis] !== 0 || ends[axis] !== source.shape[axis]);
    const pick = (values: readonly number[]): string => writer.integers(axes.map((axis) => values[axis]));
    return writer.node('Slice', [x, pick(starts), pick(ends), writer.integers(axes)]);
  },
  pad: (writer, { attributes: { before, after } }, [x]) =>
    writer.node('Pad', [x, writer.integers([...before, ...after])]),
  concat: (writer, { attributes: { axis } }, inputs) => writer.node('Concat', inputs, { axis }),

  reduceSum: (writer, { attributes: { axes } }, [x]) =>
    writer.node('ReduceSum', [x, writer.integers(axes)], { keepdims: 1 }),
  // ONNX has no order but that of values: zero, made of one element of each of the others, is added. (e < e) is false
  // for every e, not a number included, and no optimiser of the runtime knows that.
  after: (writer, { inputs: [, ...others] }, [x, ...names]) => {
    const elements = names.map((name, index) => {
      const ones = others[index].shape.map(() => 1);
      const zeros = ones.map(() => 0);
      const first =
        ones.length === 0 ? name : writer.node('Slice', [name, ...[zeros, ones].map((at) => writer.integers(at))]);
      return writer.node('Reshape', [first, writer.integers([1])]);
    });
    const all = elements.length === 1 ? elements[0] : writer.node('Concat', elements, { axis: 0 });
    const never = writer.node('Cast', [writer.node('Less', [all, all])], { to: writer.float32 });
    return writer.node('Add', [x, writer.node('ReduceSum', [never], { keepdims: 0 })]);
  },
  softmax: (writer, _, inputs) => writer.node('Softmax', inputs, { axis: -1 }),
  layerNorm: (writer, { attributes: { epsilon } }, inputs) =>
    writer.node('LayerNormalization', inputs, { axis: -1, epsilon: { float: epsilon } }),
};
