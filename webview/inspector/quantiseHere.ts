import type { QuantisedMap } from '../../src/protocol/inspector';

/** A few numbers of the page's own as a map, over their whole range. */
export function quantiseHere(values: readonly number[], width: number, height: number): QuantisedMap {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const bytes = values.map((value) => (high > low ? Math.round((255 * (value - low)) / (high - low)) : 0));
  const data = btoa(String.fromCharCode(...bytes));
  return { width, height, data, low, high, min: low, max: high, signed: false };
}
