import { describe, expect, it } from 'vitest';
import { compileSymbolic, input, mul, reshape, sizeOf, tensorData, type TensorData } from '../../../src/kernel/graph';
import { FeedError } from '../../../src/kernel/runtime/errors';
import { checkFeeds } from '../../../src/kernel/runtime/feeds';
import { testExecutor } from '../../support/executor';

const program = compileSymbolic('decoder', ['batch', 'tokens'], ({ batch, tokens }) => ({
  scaled: mul(input('points', [batch, tokens, 2]), 2),
  tripled: mul(input('pairs', [2 * batch, 3]), 3),
  rows: reshape(mul(input('labels', [batch, tokens]), 4), [batch * tokens]),
}));

const counting = (...shape: number[]): TensorData =>
  tensorData(
    shape,
    Array.from({ length: sizeOf(shape) }, (_, index) => index),
  );

describe('feeds of a program with symbolic sizes', () => {
  it('tell what its symbols stand for', () => {
    const feeds = { points: counting(3, 5, 2), pairs: counting(6, 3), labels: counting(3, 5) };
    expect(checkFeeds(program, feeds)).toEqual({ batch: 3, tokens: 5 });
  });

  it.each<[string, Record<string, TensorData>, string]>([
    [
      'one symbol with two sizes',
      { points: counting(3, 5, 2), pairs: counting(6, 3), labels: counting(3, 4) },
      'its input "labels" has the shape [batch, tokens], not [3, 4]: batch is 3 in "points", tokens is 5 in "points"',
    ],
    [
      'an extent that does not follow',
      { points: counting(3, 5, 2), pairs: counting(5, 3), labels: counting(3, 5) },
      'its input "pairs" has the shape [2*batch, 3], not [5, 3]: batch is 3 in "points"',
    ],
    [
      'another extent where the size is known',
      { points: counting(3, 5, 3), pairs: counting(6, 3), labels: counting(3, 5) },
      'its input "points" has the shape [batch, tokens, 2], not [3, 5, 3]',
    ],
    [
      'fewer axes',
      { points: counting(3, 2), pairs: counting(6, 3), labels: counting(3, 5) },
      'its input "points" has the shape [batch, tokens, 2], not [3, 2]',
    ],
    [
      'nothing at all',
      { points: counting(0, 5, 2), pairs: counting(0, 3), labels: counting(0, 5) },
      'its input "points" has the shape [batch, tokens, 2], not [0, 5, 2]',
    ],
    ['no feed', { points: counting(3, 5, 2), labels: counting(3, 5) }, 'its input "pairs" [2*batch, 3] is missing'],
  ])('refuses %s', (_, feeds, message) => {
    expect(() => checkFeeds(program, feeds)).toThrow(FeedError);
    expect(() => checkFeeds(program, feeds)).toThrow(message);
  });

  it('run in one session at any size', async () => {
    const executor = await testExecutor();
    const loaded = await executor.load(program);
    for (const [batch, tokens] of [
      [1, 1],
      [2, 3],
      [5, 1],
    ]) {
      const feeds = {
        points: counting(batch, tokens, 2),
        pairs: counting(2 * batch, 3),
        labels: counting(batch, tokens),
      };
      const { scaled, tripled, rows } = await executor.run(loaded, feeds);
      expect(scaled).toEqual(
        tensorData(
          [batch, tokens, 2],
          feeds.points.data.map((x) => 2 * x),
        ),
      );
      expect(tripled.shape).toEqual([2 * batch, 3]);
      expect(rows).toEqual(
        tensorData(
          [batch * tokens],
          feeds.labels.data.map((x) => 4 * x),
        ),
      );
    }
  });
});
