import * as graph from '../../../../src/kernel/graph';
import type { Primitive, Shape, Tensor } from '../../../../src/kernel/graph';
import type { Choices } from './choices';
import type { Draft, Step } from './draft';

type Moving = Extract<
  Primitive,
  'reshape' | 'transpose' | 'broadcastTo' | 'slice' | 'pad' | 'reduceSum' | 'inverseSize'
>;

/** Draws how to change a tensor, given its extents (null: depends on the batch). The change must fit at every batch. */
type Change = (
  shape: readonly (number | null)[],
  choices: Choices,
  hasBatch: boolean,
) => (x: Tensor, batch: number) => Tensor;

const changing =
  (change: Change) =>
  (draft: Draft, choices: Choices): Step | null => {
    const place = draft.pick(choices);
    if (place === null) return null;
    const apply = change(draft.shapeOf(place), choices, draft.hasBatch);
    return { operands: [place], build: ([x], batch) => apply(x, batch) };
  };

const someAxes = (shape: readonly unknown[], choices: Choices): number[] =>
  choices.shuffle([...shape.keys()].filter(() => choices.chance(0.5)));

/** Prime factors, smallest first. */
function factorsOf(extent: number): number[] {
  for (let factor = 2; factor * factor <= extent; factor++) {
    if (extent % factor === 0) return [factor, ...factorsOf(extent / factor)];
  }
  return extent > 1 ? [extent] : [];
}

/** Proposals for what moves, repeats, cuts or sums entries along axes. */
export const reshapes: { readonly [P in Moving]: (draft: Draft, choices: Choices) => Step | null } = {
  // All factors of all extents, those that depend on the batch whole, in any order and grouping, with an axis of 1.
  reshape: changing((shape, choices) => {
    type Factor = (given: Shape) => number;
    const factors = shape.flatMap((extent, axis): Factor[] =>
      extent === null ? [(given) => given[axis]] : factorsOf(extent).map((factor) => () => factor),
    );
    const groups: Factor[][] = [];
    for (const factor of choices.shuffle(factors)) {
      if (groups.length > 0 && choices.chance(0.4)) groups[groups.length - 1].push(factor);
      else groups.push([factor]);
    }
    if (choices.chance(0.5)) groups.splice(choices.integer(groups.length + 1), 0, []);
    return (x) =>
      graph.reshape(
        x,
        groups.map((group) => group.reduce((product, factor) => product * factor(x.shape), 1)),
      );
  }),

  transpose: changing((shape, choices) => {
    const permutation = choices.shuffle([...shape.keys()]);
    return (x) => graph.transpose(x, permutation);
  }),

  broadcastTo: changing((shape, choices, hasBatch) => {
    const extent = (): ((batch: number) => number) => {
      const known = 1 + choices.integer(3);
      const isBatch = choices.chance(0.4);
      return (batch) => (hasBatch && isBatch ? batch : known);
    };
    const wanted = shape.map((known) => (known === 1 ? extent() : null));
    const lead = choices.chance(0.5) ? [extent()] : [];
    return (x, batch) =>
      graph.broadcastTo(x, [
        ...lead.map((count) => count(batch)),
        ...x.shape.map((count, axis) => wanted[axis]?.(batch) ?? count),
      ]);
  }),

  // Of an axis of unknown extent, which may be 1: all of it, its first or its last entry.
  slice: changing((shape, choices) => {
    const cuts = shape.map((extent): ((n: number) => readonly [number, number]) => {
      if (extent === null) {
        const which = choices.integer(3);
        return (n) => [which === 2 ? n - 1 : 0, which === 1 ? 1 : n];
      }
      const start = choices.integer(extent);
      const end = start + 1 + choices.integer(extent - start);
      return () => [start, end];
    });
    return (x) => {
      const ranges = x.shape.map((n, axis) => cuts[axis](n));
      return graph.sliceAll(
        x,
        ranges.map(([start]) => start),
        ranges.map(([, end]) => end),
      );
    };
  }),

  pad: changing((shape, choices) => {
    const counts = (): ((given: Shape) => number[]) => {
      const drawn = shape.map((extent) => ({
        count: choices.integer(2),
        asMany: extent === null && choices.chance(0.3),
      }));
      return (given) => drawn.map(({ count, asMany }, axis) => (asMany ? given[axis] : count));
    };
    const [before, after] = [counts(), counts()];
    return (x) => graph.pad(x, before(x.shape), after(x.shape));
  }),

  reduceSum: changing((shape, choices) => {
    const axes = someAxes(shape, choices);
    return (x) => graph.reduceSum(x, axes);
  }),

  // As graphs have it: in a mean.
  inverseSize: changing((shape, choices) => {
    const axes = someAxes(shape, choices);
    return (x) => graph.reduceMean(x, axes);
  }),
};
