import * as graph from '../../../src/kernel/graph';
import { constant, tensorData, type Primitive, type Shape, type Tensor } from '../../../src/kernel/graph';
import type { Domain } from '../../support/tensors';

/** Builds a tensor whose primitive is the one under test from inputs of the given shapes, drawn from the domains. */
export interface PrimitiveCase {
  readonly title: string;
  readonly shapes: readonly Shape[];
  readonly domains?: readonly Domain[];
  readonly build: (inputs: readonly Tensor[]) => Tensor;
}

/** One of each rank up to 5, with axes of extent 1 at the front, in the middle and at the end. */
const everyRank: readonly Shape[] = [[], [1], [7], [3, 4], [1, 5], [2, 3, 4], [2, 1, 3, 1], [2, 1, 3, 2, 2]];

/** The shapes that a title lists. */
const shapesIn = (title: string): Shape[] => title.split(' and ').map((shape) => JSON.parse(shape) as number[]);

const unary = (
  build: (x: Tensor) => Tensor,
  { domain = 'any', shapes = everyRank }: { domain?: Domain; shapes?: readonly Shape[] } = {},
): PrimitiveCase[] =>
  shapes.map((shape) => ({
    title: `[${shape.join(', ')}]`,
    shapes: [shape],
    domains: [domain],
    build: ([x]) => build(x),
  }));

/** Every way in which two shapes broadcast. */
const broadcasts = [
  '[] and []',
  '[3] and [3]',
  '[2, 3] and []',
  '[] and [2, 3]',
  '[2, 3] and [3]',
  '[3] and [2, 3]',
  '[2, 1] and [1, 3]',
  '[2, 3] and [1, 1]',
  '[1] and [1, 1, 1]',
  '[2, 1, 3] and [4, 1]',
  '[2, 3, 1, 2] and [1, 3, 4, 2]',
  '[2, 1, 2, 1, 3] and [3, 1, 2, 1]',
];

const binary = (build: (a: Tensor, b: Tensor) => Tensor, second: Domain = 'any'): PrimitiveCase[] => [
  ...broadcasts.map((title) => ({
    title,
    shapes: shapesIn(title),
    domains: ['any', second] as const,
    build: ([a, b]: readonly Tensor[]) => build(a, b),
  })),
  { title: 'one input twice', shapes: [[2, 3]], domains: [second], build: ([x]) => build(x, x) },
  {
    title: 'with a constant',
    shapes: [[2, 3]],
    domains: ['awayFromZero'],
    build: ([x]) => build(constant(0.75), x),
  },
];

const products = [
  '[2, 3] and [3, 4]',
  '[1, 1] and [1, 1]',
  '[1, 5] and [5, 1]',
  '[2, 3, 4] and [2, 4, 2]',
  // one matrix for all batches
  '[2, 3, 4] and [4, 5]',
  '[2, 2, 3, 4] and [4, 2]',
  '[2, 1, 2, 3, 2] and [2, 3]',
  '[1, 3, 4] and [4, 5]',
  '[3, 4] and [2, 4, 2]',
  // batches that broadcast
  '[1, 2, 3] and [4, 3, 2]',
  '[2, 1, 2, 3] and [3, 3, 2]',
  '[2, 2, 2, 3] and [1, 2, 3, 2]',
  '[2, 1, 2, 2, 3] and [3, 1, 3, 2]',
];

/** The cases of each primitive: a primitive without an entry does not compile. */
export const primitiveCases: {
  readonly [P in Primitive]: readonly [PrimitiveCase, ...PrimitiveCase[]] | PrimitiveCase[];
} = {
  input: unary((x) => x),
  constant: [{ title: 'beside an input', shapes: [[]], build: () => constant(tensorData([2, 2], [1, -2, 0.5, 4])) }],

  neg: unary(graph.neg),
  exp: unary(graph.exp),
  log: unary(graph.log, { domain: 'positive' }),
  sqrt: unary(graph.sqrt, { domain: 'positive' }),
  sin: unary(graph.sin),
  cos: unary(graph.cos),
  abs: unary(graph.abs, { domain: 'awayFromZero' }),
  erf: unary(graph.erf),
  relu: unary(graph.relu, { domain: 'awayFromZero' }),
  sigmoid: unary(graph.sigmoid),
  softplus: unary(graph.softplus),
  gelu: unary(graph.gelu),
  step: unary(graph.step, { domain: 'awayFromZero' }),

  add: binary(graph.add),
  sub: binary(graph.sub),
  mul: binary(graph.mul),
  div: binary(graph.div, 'awayFromZero'),

  matMul: [
    ...products.map((title) => ({
      title,
      shapes: shapesIn(title),
      build: ([a, b]: readonly Tensor[]) => graph.matMul(a, b),
    })),
    { title: 'one input twice', shapes: [[3, 3]], build: ([x]) => graph.matMul(x, x) },
    {
      title: 'one matrix shared by two products',
      shapes: [
        [2, 3],
        [3, 3],
      ],
      build: ([x, w]) => graph.matMul(graph.matMul(x, w), w),
    },
  ],

  affine: [
    '[2, 3] and [4, 3] and [4]',
    '[3] and [2, 3] and [2]',
    '[1, 1] and [1, 1] and [1]',
    '[2, 1, 2, 2, 3] and [2, 3] and [2]',
  ]
    .map((title): PrimitiveCase => ({
      title,
      shapes: shapesIn(title),
      build: ([x, weight, bias]) => graph.affine(x, weight, bias),
    }))
    .concat({
      title: 'one weight for two products',
      shapes: [[2, 3], [3, 3], [3]],
      build: ([x, w, b]) => graph.affine(graph.affine(x, w, b), w, b),
    }),

  reshape: [
    { title: 'to more axes', shapes: [[6]], build: ([x]) => graph.reshape(x, [1, 2, 3]) },
    { title: 'to one axis', shapes: [[2, 3, 2]], build: ([x]) => graph.reshape(x, [-1]) },
    { title: 'to a scalar', shapes: [[1, 1]], build: ([x]) => graph.reshape(x, []) },
    { title: 'from a scalar', shapes: [[]], build: ([x]) => graph.reshape(x, [1, 1, 1]) },
    { title: 'to rank 5', shapes: [[4, 6]], build: ([x]) => graph.reshape(x, [2, 2, 1, 3, -1]) },
    { title: 'of a reshape', shapes: [[2, 6]], build: ([x]) => graph.reshape(graph.reshape(x, [3, 4]), [4, 3]) },
  ],
  transpose: [
    { title: 'of a matrix', shapes: [[2, 3]], build: ([x]) => graph.transpose(x, [1, 0]) },
    { title: 'in a cycle', shapes: [[2, 3, 4]], build: ([x]) => graph.transpose(x, [2, 0, 1]) },
    { title: 'of rank 4', shapes: [[2, 1, 3, 2]], build: ([x]) => graph.transpose(x, [0, 2, 3, 1]) },
    { title: 'of rank 5', shapes: [[2, 1, 3, 2, 2]], build: ([x]) => graph.transpose(x, [3, 0, 4, 2, 1]) },
    { title: 'of rank 6', shapes: [[2, 1, 2, 2, 1, 3]], build: ([x]) => graph.transpose(x, [0, 1, 3, 2, 4, 5]) },
  ],
  broadcastTo: [
    { title: 'from a scalar', shapes: [[]], build: ([x]) => graph.broadcastTo(x, [2, 3]) },
    { title: 'to a new leading axis', shapes: [[3]], build: ([x]) => graph.broadcastTo(x, [2, 3]) },
    { title: 'of the last axis', shapes: [[2, 1]], build: ([x]) => graph.broadcastTo(x, [2, 3]) },
    { title: 'of rank 5', shapes: [[2, 1, 3, 1, 1]], build: ([x]) => graph.broadcastTo(x, [2, 2, 3, 1, 4]) },
    { title: 'to extents of 1', shapes: [[1]], build: ([x]) => graph.broadcastTo(x, [1, 1]) },
  ],
  slice: [
    { title: 'of an axis', shapes: [[5]], build: ([x]) => graph.slice(x, 0, 1, 4) },
    { title: 'from the start', shapes: [[3, 4]], build: ([x]) => graph.slice(x, 1, 0, 2) },
    { title: 'to the end', shapes: [[3, 4]], build: ([x]) => graph.slice(x, 0, 2, 3) },
    { title: 'of several axes', shapes: [[3, 2, 4]], build: ([x]) => graph.sliceAll(x, [1, 0, 1], [3, 2, 2]) },
    {
      title: 'of rank 5',
      shapes: [[2, 2, 1, 3, 2]],
      build: ([x]) => graph.sliceAll(x, [0, 1, 0, 1, 0], [2, 2, 1, 3, 1]),
    },
  ],
  pad: [
    { title: 'of one axis', shapes: [[3]], build: ([x]) => graph.pad(x, [2], [1]) },
    { title: 'at the end only', shapes: [[2, 2]], build: ([x]) => graph.pad(x, [0, 0], [1, 3]) },
    { title: 'of rank 4', shapes: [[1, 2, 2, 1]], build: ([x]) => graph.pad(x, [0, 1, 0, 2], [0, 0, 1, 0]) },
    { title: 'of rank 5', shapes: [[2, 1, 2, 1, 2]], build: ([x]) => graph.pad(x, [1, 0, 0, 1, 0], [0, 0, 2, 0, 1]) },
  ],
  concat: [
    { title: 'of two', shapes: [[2], [3]], build: (xs) => graph.concat(xs, 0) },
    {
      title: 'of three along the middle',
      shapes: [
        [2, 1, 2],
        [2, 3, 2],
        [2, 2, 2],
      ],
      build: (xs) => graph.concat(xs, 1),
    },
    {
      title: 'along the last axis of rank 5',
      shapes: [
        [1, 2, 1, 2, 1],
        [1, 2, 1, 2, 3],
      ],
      build: (xs) => graph.concat(xs, 4),
    },
    { title: 'of one input twice', shapes: [[2, 2]], build: ([x]) => graph.concat([x, x], 0) },
    {
      title: 'around a constant',
      shapes: [[2], [1]],
      build: ([a, b]) => graph.concat([a, constant(tensorData([1], [5])), b], 0),
    },
  ],

  reduceSum: [
    { title: 'over the last axis', shapes: [[2, 3]], build: ([x]) => graph.reduceSum(x, [1]) },
    { title: 'over the first axis', shapes: [[3, 2]], build: ([x]) => graph.reduceSum(x, [0]) },
    { title: 'over all axes', shapes: [[2, 3, 2]], build: ([x]) => graph.reduceSum(x, [0, 1, 2]) },
    { title: 'over axes in any order', shapes: [[2, 3, 2]], build: ([x]) => graph.reduceSum(x, [2, 0]) },
    { title: 'over an axis of extent 1', shapes: [[2, 1]], build: ([x]) => graph.reduceSum(x, [1]) },
    { title: 'of rank 5', shapes: [[2, 1, 3, 2, 2]], build: ([x]) => graph.reduceSum(x, [1, 2, 4]) },
  ],

  after: [
    { title: 'of a scalar', shapes: [[], []], build: (xs) => graph.after(xs[0], xs.slice(1)) },
    {
      title: 'after two of other shapes',
      shapes: [[2, 3], [], [2, 1, 2]],
      build: (xs) => graph.after(xs[0], xs.slice(1)),
    },
    { title: 'after itself', shapes: [[3]], build: ([x]) => graph.after(x, [x]) },
  ],
  softmax: unary(graph.softmax, { shapes: [[4], [1], [2, 3], [2, 1], [2, 1, 3, 4], [2, 1, 2, 1, 3]] }),
  layerNorm: [[4], [3, 4], [2, 1, 5], [2, 2, 1, 3], [1, 2, 1, 2, 4]].map((shape) => ({
    title: `[${shape.join(', ')}]`,
    shapes: [shape, shape.slice(-1), shape.slice(-1)],
    build: ([x, scale, bias]: readonly Tensor[]) => graph.layerNorm(x, scale, bias, 1e-2),
  })),
};
