import { expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets/random';
import { topologicalOrder, type Tensor } from '../../../src/kernel/graph';
import { expectAgreement } from '../../support/executors';
import { primitiveCases } from './primitiveCases';
import { drawGraph } from './randomGraph';

const seeds = Array.from({ length: 40 }, (_, seed) => seed);

/** Errors grow along a deep graph; a wrong rule or lowering is off by its whole value. */
const tolerances = { float32: 1e-4, float64: 1e-5 };

it.each(seeds)('the random graph of seed %d has one value and one gradient on all executors', async (seed) => {
  const { outputs, scalar, inputs, feeds } = drawGraph(new Random(seed));
  await expectAgreement(outputs, scalar, inputs, feeds, tolerances).catch((error: unknown) => {
    throw new Error(`seed ${seed}: ${String(error)}\n${listing(scalar)}`);
  });
});

it('the random graphs cover every primitive, and more than one use of a tensor', () => {
  const graphs = seeds.map((seed) => topologicalOrder([drawGraph(new Random(seed)).scalar]));
  expect(new Set(graphs.flat().map(({ primitive }) => primitive))).toEqual(new Set(Object.keys(primitiveCases)));
  for (const order of graphs) {
    expect(order.length).toBeGreaterThan(20);
    const uses = order.flatMap(({ inputs }) => inputs);
    expect(uses.length).toBeGreaterThan(new Set(uses).size);
  }
});

/** One line per node, to find the culprit with. */
function listing(scalar: Tensor): string {
  const order = topologicalOrder([scalar]);
  const place = new Map(order.map((tensor, index) => [tensor, `%${index}`]));
  return order
    .map((tensor) => {
      const operands = tensor.inputs.map((source) => place.get(source)).join(' ');
      return `${place.get(tensor)} [${tensor.shape.join(', ')}] = ${tensor.primitive} ${operands}`;
    })
    .join('\n');
}
