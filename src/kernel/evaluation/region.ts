import type { Mask } from '../imaging/types';

/** A binary region of a picture or a volume. */
export interface Region {
  /** [width, height, slices] in voxels; a picture has one slice. */
  readonly size: readonly [number, number, number];
  /** 0 or 1; x fastest, then y, then slice. */
  readonly data: Uint8Array;
}

/** mm per voxel along x, y and slice. */
export type Spacing = readonly [number, number, number];

/** A mask as the region it is; its pixels are shared. */
export const regionOf = ({ width, height, data }: Mask): Region => ({ size: [width, height, 1], data });

/** @throws RangeError for regions of two sizes: they lie in different pictures. */
export function requireSameSize(a: Region, b: Region): void {
  if (a.size.every((extent, axis) => extent === b.size[axis])) return;
  throw new RangeError(`masks of ${extents(a)} and ${extents(b)} cannot be compared`);
}

const extents = ({ size: [width, height, slices] }: Region): string =>
  slices === 1 ? `${width}×${height}` : `${width}×${height}×${slices}`;

/** The smallest part of the grid that holds both regions, cut out of each; null where both are empty. */
export function commonCrop(a: Region, b: Region): readonly [Region, Region] | null {
  const low = [Infinity, Infinity, Infinity];
  const high = [-1, -1, -1];
  for (const region of [a, b]) extend(region, low, high);
  if (high[0] < 0) return null;
  return [crop(a, low, high), crop(b, low, high)];
}

/** Widens the box [low, high] until it holds the region. */
function extend({ size: [width, height, slices], data }: Region, low: number[], high: number[]): void {
  for (let z = 0; z < slices; z++) {
    for (let y = 0; y < height; y++) {
      const start = (z * height + y) * width;
      const row = data.subarray(start, start + width);
      const first = row.indexOf(1);
      if (first < 0) continue;
      const from = [first, y, z];
      const to = [row.lastIndexOf(1), y, z];
      for (let axis = 0; axis < 3; axis++) {
        low[axis] = Math.min(low[axis], from[axis]);
        high[axis] = Math.max(high[axis], to[axis]);
      }
    }
  }
}

/** The voxels from `low` to `high`, both inside. */
function crop({ size: [width, height], data }: Region, low: readonly number[], high: readonly number[]): Region {
  const size = [0, 1, 2].map((axis) => high[axis] - low[axis] + 1) as [number, number, number];
  const part = new Uint8Array(size[0] * size[1] * size[2]);
  for (let z = 0, at = 0; z < size[2]; z++) {
    for (let y = 0; y < size[1]; y++, at += size[0]) {
      const start = ((z + low[2]) * height + y + low[1]) * width + low[0];
      part.set(data.subarray(start, start + size[0]), at);
    }
  }
  return { size, data: part };
}
