// A third executor of the tensor graph: every primitive by its definition, in float64, with loops that can be read.
// Exact enough that central differences of it confirm gradients to six digits and more.
import { topologicalOrder } from '../../src/kernel/graph/differentiate';
import type { Primitive, Shape, Tensor } from '../../src/kernel/graph/primitives';
import { sizeOf, type TensorData } from '../../src/kernel/graph/tensorData';

export interface Array64 {
  readonly shape: Shape;
  readonly data: Float64Array;
}

export type Feeds64 = Readonly<Record<string, Array64>>;

export const toFloat64 = ({ shape, data }: TensorData): Array64 => ({ shape, data: Float64Array.from(data) });

/** Computes one primitive's value. */
type Definition<P extends Primitive> = (tensor: Tensor<P>, inputs: readonly Array64[]) => Array64;

/** All positions of a shape, in row-major order. */
function* positions(shape: Shape): Generator<number[]> {
  const position = shape.map(() => 0);
  for (let left = sizeOf(shape); left > 0; left--) {
    yield [...position];
    for (let axis = shape.length - 1; axis >= 0 && ++position[axis] === shape[axis]; axis--) position[axis] = 0;
  }
}

const tabulate = (shape: Shape, valueAt: (position: readonly number[]) => number): Array64 => ({
  shape,
  data: Float64Array.from(positions(shape), valueAt),
});

/** The place of a position in x by NumPy's rules: axes align at the end, and one of extent 1 has the same everywhere. */
function offset(shape: Shape, position: readonly number[]): number {
  const skipped = position.length - shape.length;
  return shape.reduce((place, extent, axis) => place * extent + (extent === 1 ? 0 : position[skipped + axis]), 0);
}

const at = (x: Array64, position: readonly number[]): number => x.data[offset(x.shape, position)];

const elementwise =
  (f: (...values: number[]) => number) =>
  ({ shape }: Tensor, inputs: readonly Array64[]): Array64 =>
    tabulate(shape, (position) => f(...inputs.map((x) => at(x, position))));

/** Replaces each row along the last axis. */
const byRows =
  (f: (row: Float64Array, inputs: readonly Array64[], tensor: Tensor<'layerNorm'>) => Float64Array) =>
  (tensor: Tensor, inputs: readonly Array64[]): Array64 => {
    const length = tensor.shape[tensor.shape.length - 1];
    const data = new Float64Array(sizeOf(tensor.shape));
    for (let start = 0; start < data.length; start += length) {
      data.set(f(inputs[0].data.subarray(start, start + length), inputs, tensor as Tensor<'layerNorm'>), start);
    }
    return { shape: tensor.shape, data };
  };

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** erf x = 2/√π · e^(−x²) · Σ 2ⁿ x²ⁿ⁺¹ / (2n+1)!!: terms of one sign, so nothing cancels. Beyond 6, 1 to the last digit. */
export function erf64(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

const definitions: { readonly [P in Exclude<Primitive, 'input'>]: Definition<P> } = {
  constant: ({ attributes: { value }, shape }) => ({ shape, data: Float64Array.from(value.data) }),

  neg: elementwise((x) => -x),
  exp: elementwise(Math.exp),
  log: elementwise(Math.log),
  sqrt: elementwise(Math.sqrt),
  sin: elementwise(Math.sin),
  cos: elementwise(Math.cos),
  abs: elementwise(Math.abs),
  erf: elementwise(erf64),
  relu: elementwise((x) => Math.max(x, 0)),
  sigmoid: elementwise((x) => 1 / (1 + Math.exp(-x))),
  softplus: elementwise((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  gelu: elementwise((x) => (x * (1 + erf64(x / Math.SQRT2))) / 2),
  step: elementwise((x) => (x > 0 ? 1 : 0)),

  add: elementwise((a, b) => a + b),
  sub: elementwise((a, b) => a - b),
  mul: elementwise((a, b) => a * b),
  div: elementwise((a, b) => a / b),

  matMul: ({ shape }, [a, b]) =>
    tabulate(shape, (position) => {
      const batch = position.slice(0, -2);
      const [row, column] = position.slice(-2);
      let sum = 0;
      for (let k = 0; k < a.shape[a.shape.length - 1]; k++)
        sum += at(a, [...batch, row, k]) * at(b, [...batch, k, column]);
      return sum;
    }),

  affine: ({ shape }, [x, weight, bias]) =>
    tabulate(shape, (position) => {
      const out = position[position.length - 1];
      let sum = bias.data[out];
      for (let k = 0; k < weight.shape[1]; k++) sum += at(x, [...position.slice(0, -1), k]) * at(weight, [out, k]);
      return sum;
    }),

  reshape: ({ shape }, [{ data }]) => ({ shape, data }),
  transpose: ({ shape, attributes: { permutation } }, [x]) =>
    tabulate(shape, (position) =>
      at(
        x,
        x.shape.map((_, axis) => position[permutation.indexOf(axis)]),
      ),
    ),
  broadcastTo: ({ shape }, [x]) => tabulate(shape, (position) => at(x, position)),
  slice: ({ shape, attributes: { starts } }, [x]) =>
    tabulate(shape, (position) =>
      at(
        x,
        position.map((index, axis) => index + starts[axis]),
      ),
    ),
  pad: ({ shape, attributes: { before } }, [x]) =>
    tabulate(shape, (position) => {
      const source = position.map((index, axis) => index - before[axis]);
      return source.every((index, axis) => index >= 0 && index < x.shape[axis]) ? at(x, source) : 0;
    }),
  concat: ({ shape, attributes: { axis } }, inputs) =>
    tabulate(shape, (position) => {
      const source = [...position];
      let piece = 0;
      while (source[axis] >= inputs[piece].shape[axis]) source[axis] -= inputs[piece++].shape[axis];
      return at(inputs[piece], source);
    }),

  reduceSum: ({ shape }, [x]) => {
    const data = new Float64Array(sizeOf(shape));
    let place = 0;
    for (const position of positions(x.shape)) data[offset(shape, position)] += x.data[place++];
    return { shape, data };
  },
  after: (_, [x]) => x,
  softmax: byRows((row) => {
    const highest = Math.max(...row);
    const weights = row.map((x) => Math.exp(x - highest));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight) => weight / total);
  }),
  layerNorm: byRows((row, [, scale, bias], { attributes: { epsilon } }) => {
    const centre = mean(row);
    const deviation = Math.sqrt(mean(row.map((x) => (x - centre) ** 2)) + epsilon);
    return row.map((x, channel) => ((x - centre) / deviation) * scale.data[channel] + bias.data[channel]);
  }),
};

/** The values of the outputs. Feeds are by input name; each must have its input's shape. */
export function evaluate64(outputs: readonly Tensor[], feeds: Feeds64): Array64[] {
  const values = new Map<Tensor, Array64>();
  for (const tensor of topologicalOrder(outputs)) values.set(tensor, value64(tensor, values, feeds));
  return outputs.map((tensor) => values.get(tensor)!);
}

/** One tensor's value from those of its inputs. */
export function value64(tensor: Tensor, values: ReadonlyMap<Tensor, Array64>, feeds: Feeds64): Array64 {
  if (tensor.primitive === 'input') return feeds[(tensor as Tensor<'input'>).attributes.name];
  const define = definitions[tensor.primitive] as Definition<Primitive>;
  const inputs = tensor.inputs.map((source) => values.get(source)!);
  return define(tensor, inputs);
}

/**
 * The gradient of a scalar with respect to inputs, by central differences: (f(x + h) − f(x − h)) / 2h per entry, with an
 * error of the order of h² = 1e-10 and of rounding, 1e-16 / h = 1e-11.
 */
export function finiteDifferences(scalar: Tensor, inputs: readonly Tensor<'input'>[], feeds: Feeds64): Array64[] {
  const h = 1e-5;
  return inputs.map(({ attributes: { name }, shape }) => {
    const valueWith = (entry: number, change: number): number => {
      const data = Float64Array.from(feeds[name].data);
      data[entry] += change;
      return evaluate64([scalar], { ...feeds, [name]: { shape, data } })[0].data[0];
    };
    const slope = (entry: number): number => (valueWith(entry, h) - valueWith(entry, -h)) / (2 * h);
    return { shape, data: Float64Array.from({ length: sizeOf(shape) }, (_, entry) => slope(entry)) };
  });
}
