import { describe, expect, it } from 'vitest';
import {
  abs,
  add,
  constant,
  gradients,
  input,
  matMul,
  mul,
  relu,
  reshape,
  sigmoid,
  sin,
  step,
  sumAll,
  tensorData,
  topologicalOrder,
  type Tensor,
} from '../../../src/kernel/graph';
import { gradientsWithTfjs } from '../../../src/kernel/graph/tfjs/execute';
import { evaluate64, toFloat64 } from '../../support/float64';
import { runWithOrt } from '../../support/ort';
import { tf } from '../../support/tfjs';

const x = input('x', [3]);
const feeds = { x: tensorData([3], [-1, 0, 2]) };
const valuesOf = (tensor: Tensor): number[] => [
  ...evaluate64([tensor], Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, toFloat64(feed)])))[0]
    .data,
];

describe('gradients', () => {
  it('refuses what is not a scalar', () => {
    expect(() => gradients(mul(x, x), [x])).toThrow('only a scalar has gradients here, not [3]');
  });

  it('of a scalar with respect to itself is 1', () => {
    const scalar = sumAll(x);
    expect(valuesOf(gradients(scalar, [scalar])[0])).toEqual([1]);
  });

  it('is zero for a tensor that the scalar does not depend on', async () => {
    const other = input('other', [2, 2]);
    const [ours] = gradients(sumAll(x), [other]);
    expect(ours.shape).toEqual([2, 2]);
    expect((await runWithOrt({ ours }, {})).ours.data).toEqual(new Float32Array(4));
    expect(gradientsWithTfjs(tf, sumAll(x), [other], feeds)[0]).toEqual(tensorData([2, 2], [0, 0, 0, 0]));
  });

  it('is zero behind a step, and for a user of the scalar', () => {
    expect(valuesOf(gradients(sumAll(step(x)), [x])[0])).toEqual([0, 0, 0]);
    const scalar = sumAll(x);
    expect(valuesOf(gradients(scalar, [sin(scalar)])[0])).toEqual([0]);
  });

  it('takes the slope 0 at the kinks of relu and abs', () => {
    expect(valuesOf(gradients(sumAll(relu(x)), [x])[0])).toEqual([0, 0, 1]);
    expect(valuesOf(gradients(sumAll(abs(x)), [x])[0])).toEqual([-1, 0, 1]);
  });

  it('sums over all uses of a tensor, and answers each place of a repeated one', () => {
    const scalar = add(sumAll(mul(x, x)), sumAll(mul(x, 3)));
    const [first, second] = gradients(scalar, [x, x]);
    expect(valuesOf(first)).toEqual([1, 3, 7]);
    expect(second).toBe(first);
  });

  it('reaches a tensor inside the graph, one that is reshaped twice included', () => {
    const inner = reshape(x, [3, 1]);
    const scalar = sumAll(mul(reshape(inner, [1, 3]), 5));
    const [byInner, byInput] = gradients(scalar, [inner, x]);
    expect(byInner.shape).toEqual([3, 1]);
    expect(valuesOf(byInner)).toEqual([5, 5, 5]);
    expect(valuesOf(byInput)).toEqual([5, 5, 5]);
  });

  it('builds no gradient of frozen weights', () => {
    const [batch, weight] = [input('batch', [4, 2, 3]), constant(tensorData([3, 3], Array(9).fill(1)), 'weight')];
    const scalar = sumAll(matMul(batch, weight));
    const products = topologicalOrder(gradients(scalar, [batch])).filter(({ primitive }) => primitive === 'matMul');
    expect(products).toHaveLength(1);
  });

  it('multiplies the gradient of a matrix shared by all batches out in one product', () => {
    const [batch, weight] = [input('batch', [4, 2, 3]), input('weight', [3, 5])];
    const [gradient] = gradients(sumAll(matMul(batch, weight)), [weight]);
    expect(gradient.primitive).toBe('matMul');
    expect(gradient.inputs.map(({ shape }) => shape)).toEqual([
      [3, 8],
      [8, 5],
    ]);
  });

  it('differentiates twice', () => {
    const [first] = gradients(sumAll(mul(mul(x, x), x)), [x]);
    expect(valuesOf(gradients(sumAll(first), [x])[0])).toEqual([-6, 0, 12]);
  });

  it('goes through a chain of 20,000 nodes', () => {
    let y: Tensor = x;
    for (let depth = 0; depth < 20_000; depth++) y = depth % 2 === 0 ? sigmoid(y) : mul(y, 4);
    const [gradient] = gradients(sumAll(y), [x]);
    expect(topologicalOrder([gradient]).length).toBeGreaterThan(40_000);
    expect(valuesOf(gradient).every(Number.isFinite)).toBe(true);
  });
});

describe('topologicalOrder', () => {
  it('lists each node once, after all of its inputs', () => {
    const shared = sin(x);
    const outputs = [mul(shared, shared), add(shared, x)];
    const order = topologicalOrder(outputs);
    expect(order).toHaveLength(4);
    for (const tensor of order) {
      for (const source of tensor.inputs) expect(order.indexOf(source)).toBeLessThan(order.indexOf(tensor));
    }
  });

  it('takes a graph with exponentially many paths in linear time', () => {
    let y: Tensor = x;
    for (let level = 0; level < 200; level++) y = add(y, y);
    expect(topologicalOrder([y])).toHaveLength(201);
  });
});
