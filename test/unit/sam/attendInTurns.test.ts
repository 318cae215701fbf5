import { expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets/random';
import { gradients, input, keep, Segments, sumAll, square, topologicalOrder } from '../../../src/kernel/graph';
import { planBuffers } from '../../../src/kernel/runtime/bufferPlan';
import { attend, attendAtOnce } from '../../../src/kernel/sam/layers';
import { runWithOrt } from '../../support/ort';
import { expectClose, randomTensor } from '../../support/tensors';

const ports = (shape: readonly number[]) => ['q', 'k', 'v'].map((name) => input(name, shape));

/** Logits of a head that fill a turn, 64 MB. */
const turn = [4096, 4096] as const;

it.each([1, 2, 4])('of %i images holds the logits of one turn, forward and backward', (batch) => {
  const [q, k, v] = ports([batch, 4, turn[0], 8]);
  const segments = new Segments();
  const mixed = attend(q, k, v, segments.run);
  expect([...segments]).toHaveLength(4 * batch);
  const backward = gradients(sumAll(square(mixed)), [q, k, v], segments);
  // Each of the turns' gradients padded to the size of all would grow with the square of the batch.
  expect(topologicalOrder(backward).filter(({ primitive }) => primitive === 'pad')).toEqual([]);
  const logits = 4 * turn[0] * turn[1];
  const { peakBytes } = planBuffers(Object.fromEntries(backward.map((dx, index) => [`d${index}`, dx])));
  expect(peakBytes).toBeLessThan(5 * logits + batch * 0.2 * logits);
});

it('in turns of queries, where a head alone is too much, is the same as at once', async () => {
  const random = new Random(3);
  const shapes = { q: [1, 2, 5000, 4], k: [1, 2, 6000, 4], v: [1, 2, 6000, 4] };
  const [q, k, v] = Object.entries(shapes).map(([name, shape]) => input(name, shape));
  const feeds = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, randomTensor(random, shape)]));
  const segments = new Segments();
  const inTurns = attend(q, k, v, segments.run);
  expect([...segments].length).toBe(4);
  const { some, all } = await runWithOrt({ some: inTurns, all: attendAtOnce(q, k, v) }, feeds);
  expectClose(some, all, 1e-6, 'attention');
  expect(attend(...(ports([1, 2, 64, 4]) as [never, never, never]), keep).primitive).toBe('matMul');
});
