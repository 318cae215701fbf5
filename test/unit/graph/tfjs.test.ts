import { expect, it } from 'vitest';
import { constant, input, mul, sumAll, tensorData } from '../../../src/kernel/graph';
import { gradientsWithTfjs, runWithTfjs } from '../../../src/kernel/graph/tfjs/execute';
import { tf } from '../../support/tfjs';

const x = input('x', [2]);
const feeds = { x: tensorData([2], [3, 4]) };

it('refuses a missing feed and one of another shape, by name', () => {
  expect(() => runWithTfjs(tf, { x }, {})).toThrow('the input x [2] has no feed');
  const wrong = { x: tensorData([2, 1], [3, 4]) };
  expect(() => gradientsWithTfjs(tf, sumAll(x), [x], wrong)).toThrow('the input x has the shape [2], not [2, 1]');
});

it('refuses gradients of what is not a scalar', () => {
  expect(() => gradientsWithTfjs(tf, x, [x], feeds)).toThrow('only a scalar has gradients here, not [2]');
});

it('differentiates a scalar that is itself an input, and one that depends on none', () => {
  const scalar = input('s', []);
  expect(gradientsWithTfjs(tf, scalar, [scalar], { s: tensorData([], [5]) })).toEqual([tensorData([], [1])]);
  expect(gradientsWithTfjs(tf, constant(2), [x], {})).toEqual([tensorData([2], [0, 0])]);
});

it('returns copies and keeps no tensor, whether it succeeds or not', () => {
  const before = tf.memory().numTensors;
  const { same } = runWithTfjs(tf, { same: x }, feeds);
  same.data[0] = -1;
  gradientsWithTfjs(tf, sumAll(mul(x, x)), [x], feeds);
  expect(() => runWithTfjs(tf, { y: mul(x, input('missing', [])) }, feeds)).toThrow('no feed');
  expect(feeds.x.data[0]).toBe(3);
  expect(tf.memory().numTensors).toBe(before);
});
