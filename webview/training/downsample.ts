import type { AlignedData } from 'uplot';
import type { Points } from './points';

/** Steps that are shown, both included. */
export interface StepRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Points of a curve worth drawing: of each of `columns` equal stretches of the range the lowest and the highest, beside
 * them the curve's neighbours outside of the range, so that lines run to the edge. At most 2 · columns + 2.
 */
export function pointsToDraw(points: Points, { from, to }: StepRange, columns: number): number[] {
  const begin = points.indexAfter(from - 0.5);
  const end = points.indexAfter(to);
  const kept: number[] = begin > 0 ? [begin - 1] : [];
  if (end - begin <= 2 * columns) {
    for (let index = begin; index < end; index++) kept.push(index);
  } else {
    const width = Math.max((to - from) / columns, Number.MIN_VALUE);
    for (let start = begin; start < end;) {
      const column = Math.min(columns - 1, Math.floor((points.step(start) - from) / width));
      const next = column === columns - 1 ? end : Math.max(start + 1, points.indexAfter(from + (column + 1) * width));
      const [first, second] = points.extremes(start, Math.min(next, end));
      kept.push(first);
      if (second !== first) kept.push(second);
      start = next;
    }
  }
  if (end < points.length) kept.push(end);
  return kept;
}

/** Chosen points of several curves over the steps of all: null where a curve has none. Not above 0: null, if so asked. */
export function aligned(
  curves: readonly { readonly points: Points; readonly indices: readonly number[] }[],
  positiveOnly: boolean,
): AlignedData {
  const all = curves.flatMap(({ points, indices }) => indices.map((index) => points.step(index)));
  const steps = [...new Set(all)].sort((a, b) => a - b);
  const rows = curves.map(({ points, indices }) => {
    const row = new Array<number | null>(steps.length).fill(null);
    let at = 0;
    for (const index of indices) {
      const step = points.step(index);
      while (steps[at] < step) at++;
      const value = points.value(index);
      if (!positiveOnly || value > 0) row[at] = value;
    }
    return row;
  });
  return [steps, ...rows];
}
