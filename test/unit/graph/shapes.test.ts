import { describe, expect, it } from 'vitest';
import {
  add,
  broadcastTo,
  concat,
  input,
  layerNorm,
  matMul,
  matrixTranspose,
  pad,
  reduceMean,
  reduceSum,
  reshape,
  ShapeError,
  slice,
  sliceAll,
  softmax,
  tensorData,
  transpose,
  type Shape,
  type Tensor,
} from '../../../src/kernel/graph';

const of = (...shape: Shape): Tensor => input('x', shape);

describe('a shape that does not fit is refused, with the shapes in the message', () => {
  it.each<[string, () => unknown, string]>([
    ['add', () => add(of(2, 3), of(4)), 'shapes [2, 3] and [4] do not broadcast'],
    ['matMul', () => matMul(of(2, 3), of(2, 3)), 'matMul of [2, 3] and [2, 3]: the inner extents differ'],
    ['matMul of a vector', () => matMul(of(3), of(3, 2)), 'matMul of [3] and [3, 2]'],
    ['matMul of batches', () => matMul(of(2, 2, 3), of(3, 3, 2)), 'shapes [2] and [3] do not broadcast'],
    ['reshape', () => reshape(of(2, 3), [4]), 'reshape of [2, 3] to [4]: the sizes differ'],
    ['reshape that leaves a fraction', () => reshape(of(5), [-1, 2]), 'reshape of [5] to [2.5, 2]'],
    ['reshape to negative extents', () => reshape(of(6), [-2, -3]), 'reshape of [6] to [-2, -3]'],
    ['transpose', () => transpose(of(2, 3), [0, 0]), '[0, 0] is no permutation of the axes of [2, 3]'],
    ['transpose of fewer axes', () => transpose(of(2, 3), [0]), '[0] is no permutation of the axes of [2, 3]'],
    ['matrixTranspose', () => matrixTranspose(of(3)), '[3] is no matrix'],
    ['broadcastTo', () => broadcastTo(of(2), [3]), 'shapes [2] and [3] do not broadcast'],
    ['broadcastTo of more', () => broadcastTo(of(2, 3), [1, 3]), '[2, 3] does not broadcast to [1, 3]'],
    ['slice', () => slice(of(4), 0, 1, 5), 'slice [1]:[5] leaves [4]'],
    ['an empty slice', () => slice(of(4), 0, 2, 2), 'slice [2]:[2] leaves [4]'],
    ['slice of a missing axis', () => slice(of(4, 2), -1, 0, 1), '-1 is no axis of [4, 2]'],
    ['slice of fewer axes', () => sliceAll(of(4, 2), [0], [2]), 'slice [0]:[2] leaves [4, 2]'],
    ['pad', () => pad(of(2, 2), [0], [0]), 'padding [0], [0] does not fit [2, 2]'],
    ['pad by less than nothing', () => pad(of(2), [-1], [1]), 'padding [-1], [1] does not fit [2]'],
    ['concat', () => concat([of(2, 3), of(2, 4)], 0), 'concat of [2, 3], [2, 4] along 0'],
    ['concat along a missing axis', () => concat([of(2), of(2)], 1), 'concat of [2], [2] along 1'],
    ['concat of nothing', () => concat([], 0), 'concat of no tensors'],
    ['reduceSum', () => reduceSum(of(2, 3), [2]), 'axes [2] are not different axes of [2, 3]'],
    ['reduceSum twice over an axis', () => reduceSum(of(2, 3), [1, 1]), 'axes [1, 1] are not different axes'],
    ['reduceMean', () => reduceMean(of(2, 3), [-1]), 'axes [-1] are not different axes of [2, 3]'],
    ['softmax', () => softmax(of()), 'softmax needs at least one axis'],
    ['layerNorm', () => layerNorm(of(2, 3), of(2), of(3), 1e-6), 'layerNorm of [2, 3] with scale [2] and bias [3]'],
  ])('%s', (_, build, message) => {
    expect(build).toThrow(ShapeError);
    expect(build).toThrow(message);
  });

  it('tensor data of another size', () => {
    expect(() => tensorData([2, 2], [1, 2, 3])).toThrow('a tensor of shape [2, 2] holds 4 values, not 3');
  });
});

describe('an operation that changes nothing adds no node', () => {
  const x = of(2, 3);
  it.each<[string, () => Tensor]>([
    ['x + 0', () => add(x, 0)],
    ['0 + x', () => add(0, x)],
    ['reshape', () => reshape(x, [-1, 3])],
    ['transpose', () => transpose(x, [0, 1])],
    ['broadcastTo', () => broadcastTo(x, [2, 3])],
    ['slice', () => slice(x, 1, 0, 3)],
    ['pad', () => pad(x, [0, 0], [0, 0])],
    ['concat', () => concat([x], 0)],
    ['reduceSum', () => reduceSum(x, [])],
  ])('%s', (_, build) => expect(build()).toBe(x));

  it('but what broadcasts does', () => {
    expect(add(of(), add(broadcastTo(of(1), [2]), 0)).shape).toEqual([2]);
    expect(add(broadcastTo(of(1), [1, 1]), 0).shape).toEqual([1, 1]);
  });
});
