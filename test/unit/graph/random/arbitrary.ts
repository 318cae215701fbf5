import fc from 'fast-check';
import { topologicalOrder, type Tensor } from '../../../../src/kernel/graph';
import { choiceRange, Choices } from './choices';
import { Draft } from './draft';
import { proposals } from './proposals';

/** How many graphs a property is tried on, and from where they are drawn: more, or others, by the environment. */
export const graphRuns = (fallback: number): { readonly numRuns: number; readonly seed: number } => ({
  numRuns: Number(process.env.GRAPH_RUNS ?? fallback),
  seed: Number(process.env.GRAPH_SEED ?? 1),
});

const primitives = Object.keys(proposals) as (keyof typeof proposals)[];

/** An operation and the numbers that decide what it is applied to. */
const instruction = fc.tuple(
  fc.constantFrom(...primitives),
  fc.array(fc.noBias(fc.nat({ max: choiceRange - 1 })), { minLength: 16, maxLength: 16 }),
);

/**
 * Graphs of up to 60 operations, of any shapes and sharing that the primitives allow; they shrink to few operations on
 * small tensors. With more than one batch, their first input has the batch as an axis, and others may.
 */
export const graphs = (batches: readonly number[]): fc.Arbitrary<Draft> =>
  fc
    .record({
      seed: fc.nat(),
      shapes: fc.tuple(
        fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
        fc.array(fc.constantFrom(1, 2, 1, 3, batches.length > 1 ? 0 : 2), { maxLength: 5 }),
      ),
      instructions: fc.array(instruction, { minLength: 1, maxLength: 60, size: 'max' }),
    })
    .map(({ seed, shapes: [first, second], instructions }) => {
      const draft = new Draft(batches, seed);
      draft.leaf((_, batch) => (draft.hasBatch ? [batch, ...first] : first));
      draft.leaf((_, batch) => second.map((extent) => (extent === 0 ? batch : extent)));
      for (const [primitive, numbers] of instructions) {
        const step = proposals[primitive](draft, new Choices(numbers));
        if (step !== null) draft.accept(step);
      }
      return Object.assign(draft, { [fc.toStringMethod]: () => `\n${listing(draft.at(batches[0]).scalar)}\n` });
    });

/** One line per node, to find the culprit with. */
export function listing(scalar: Tensor): string {
  const order = topologicalOrder([scalar]);
  const place = new Map(order.map((tensor, index) => [tensor, `%${index}`]));
  return order
    .map((tensor) => {
      const { value: _, ...attributes } = tensor.attributes as Readonly<Record<string, unknown>>;
      const operands = tensor.inputs.map((source) => place.get(source)).join(' ');
      return `${place.get(tensor)} [${tensor.shape.join(', ')}] = ${tensor.primitive} ${operands} ${JSON.stringify(attributes)}`;
    })
    .join('\n');
}
