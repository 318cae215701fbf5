import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { compileSymbolic, gradients, topologicalOrder, valueOf, type Tensor } from '../../../src/kernel/graph';
import { expectAgreement } from '../../support/executors';
import { openOrt, runWithOrt } from '../../support/ort';
import { expectClose } from '../../support/tensors';
import { primitiveCases } from './primitiveCases';
import { graphRuns, graphs, listing } from './random/arbitrary';
import type { Draft } from './random/draft';

// Some seconds beside nothing else; GRAPH_RUNS=2000 takes as long as it takes.
vi.setConfig({ testTimeout: 3_600_000 });

/** Errors grow along a deep graph; a wrong rule or lowering is off by its whole value. */
const tolerances = { float32: 1e-4, float64: 1e-5 };

const fixed = graphs([1]);
const [batches, others] = [
  [1, 2, 3],
  [4, 7, 30],
];
const symbolic = graphs(batches);

it('a random graph has one value and one gradient on all executors', async () => {
  const property = fc.asyncProperty(fixed, async (draft) => {
    const { outputs, scalar, inputs } = draft.at(1);
    await expectAgreement(outputs, scalar, inputs, draft.feedsAt(1), tolerances);
  });
  await fc.assert(property, graphRuns(40));
});

/** Values and gradients under names of their own. */
function withGradients(draft: Draft, batch: number): Record<string, Tensor> {
  const { outputs, scalar, inputs } = draft.at(batch);
  const slopes = gradients(scalar, inputs);
  return { ...outputs, ...Object.fromEntries(slopes.map((slope, index) => [`slope${index}`, slope])) };
}

it('a random graph compiled once for any batch computes what the graph of each batch does', async () => {
  const property = fc.asyncProperty(symbolic, async (draft) => {
    const program = compileSymbolic('test', ['batch'], ({ batch }) => withGradients(draft, batch));
    const session = await openOrt(program);
    try {
      for (const batch of batches) {
        const feeds = draft.feedsAt(batch);
        const [once, anew] = [await session.run(feeds), await runWithOrt(withGradients(draft, batch), feeds)];
        for (const { name, shape } of program.outputs) {
          expectClose(once[name], anew[name], tolerances.float32, `${name} at batch ${batch}`);
          expect(shape.map((extent) => valueOf(extent, { batch }))).toEqual(anew[name].shape);
        }
      }
    } finally {
      await session.release();
    }
  });
  await fc.assert(property, graphRuns(40));
});

it('the shapes of its inputs and outputs hold at batches that it was not found from', () => {
  const property = fc.property(symbolic, (draft) => {
    const program = compileSymbolic('test', ['batch'], ({ batch }) => withGradients(draft, batch));
    for (const batch of others) {
      const built = withGradients(draft, batch);
      const fed = topologicalOrder(Object.values(built)).filter(({ primitive }) => primitive === 'input');
      const at = ({ shape }: (typeof program.inputs)[number]) => shape.map((extent) => valueOf(extent, { batch }));
      expect(program.inputs.map(at)).toEqual(fed.map(({ shape }) => shape));
      expect(program.outputs.map(at)).toEqual(Object.values(built).map(({ shape }) => shape));
    }
  });
  fc.assert(property, graphRuns(100));
});

it('the random graphs cover every primitive, every rank, more than one use of a tensor, and shapes of any batch', () => {
  const orders = [...fc.sample(fixed, graphRuns(40)), ...fc.sample(symbolic, graphRuns(40))].map((draft) =>
    topologicalOrder([draft.at(3).scalar]),
  );
  const nodes = orders.flat();
  expect(new Set(nodes.map(({ primitive }) => primitive))).toEqual(new Set(Object.keys(primitiveCases)));
  expect(new Set(nodes.map(({ shape }) => shape.length))).toEqual(new Set([0, 1, 2, 3, 4, 5]));
  expect(nodes.length / orders.length).toBeGreaterThan(20);
  const shared = orders.filter((order) => {
    const uses = order.flatMap(({ inputs }) => inputs);
    return uses.length > new Set(uses).size;
  });
  expect(shared.length).toBeGreaterThan(0.8 * orders.length);
});

it('what fails shrinks to a small graph, and is listed node by node', () => {
  const hasMatMul = (draft: Draft): boolean => listing(draft.at(1).scalar).includes('= matMul');
  const result = fc.check(
    fc.property(fixed, (draft) => !hasMatMul(draft)),
    { numRuns: 200, seed: 1 },
  );
  expect(result.failed).toBe(true);
  const report = fc.defaultReportMessage(result);
  expect(report).toMatch(/%\d+ \[1, 1\] = matMul %\d+ %\d+/);
  const [draft] = result.counterexample!;
  expect(topologicalOrder([draft.at(1).scalar]).length).toBeLessThan(16);
});
