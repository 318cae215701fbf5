import type { QuantisedMap } from '../../protocol/inspector';

/** Values on a grid, row by row. */
export interface ValueMap {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** Part of the values that lies beyond a robust range, at each end. */
const clipped = 0.01;

/**
 * A map as it is sent: a byte a cell between the 1st and the 99th percentile, so that a few outliers do not flatten the
 * rest; around 0 where values have signs.
 */
export function quantise({ width, height, values }: ValueMap, signed: boolean): QuantisedMap {
  const sorted = Float32Array.from(signed ? values.map(Math.abs) : values).sort();
  const at = (part: number): number => sorted[Math.round(part * (sorted.length - 1))];
  const high = at(1 - clipped);
  const low = signed ? -high : at(clipped);
  const range = high - low;
  const bytes = Uint8Array.from(values, (value) =>
    range > 0 ? Math.round(255 * Math.min(1, Math.max(0, (value - low) / range))) : signed ? 128 : 0,
  );
  const [min, max] = values.reduce(
    ([least, most], v) => [Math.min(least, v), Math.max(most, v)],
    [Infinity, -Infinity],
  );
  return { width, height, data: Buffer.from(bytes).toString('base64'), low, high, min, max, signed };
}
