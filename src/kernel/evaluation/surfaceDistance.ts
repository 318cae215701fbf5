import { squaredDistances } from './distanceField';
import { percentile } from './percentile';
import { commonCrop, requireSameSize, type Region, type Spacing } from './region';

const pixels: Spacing = [1, 1, 1];

/**
 * Distance of every surface voxel of each region to the other's surface: first `a`'s, then `b`'s. A surface is what an
 * erosion takes away (4 neighbours in the plane, 6 in space): a region's voxels that touch its background or the border.
 * In mm, or in pixels without a spacing. null where exactly one region is empty; nothing for two empty ones.
 * @throws RangeError for regions of two sizes.
 */
export function surfaceDistances(a: Region, b: Region, spacing: Spacing | null): Float64Array | null {
  requireSameSize(a, b);
  // Surfaces lie within the crop, and so do the straight lines between them; outside of it is background.
  const cropped = commonCrop(a, b);
  if (cropped === null) return new Float64Array(0);
  // A picture has no neighbours above and below, a volume's crop to one slice has.
  const flat = a.size[2] === 1;
  const [surfaceA, surfaceB] = cropped.map((region) => surfaceOf(region, flat));
  const [countA, countB] = [count(surfaceA), count(surfaceB)];
  if (countA === 0 || countB === 0) return null;
  const distances = new Float64Array(countA + countB);
  collect(surfaceA, surfaceB, spacing ?? pixels, distances.subarray(0, countA));
  collect(surfaceB, surfaceA, spacing ?? pixels, distances.subarray(countA));
  return distances;
}

/**
 * The 95th percentile of the surface distances of both directions together, as MedPy's `hd95` computes it: the Hausdorff
 * distance without the few worst voxels. In mm, or in pixels without a spacing. Symmetric. 0 for two empty regions; null
 * where exactly one is empty: no distance leads to a surface that is not there.
 * @throws RangeError for regions of two sizes.
 */
export function hd95(a: Region, b: Region, spacing: Spacing | null): number | null {
  const distances = surfaceDistances(a, b, spacing);
  if (distances === null) return null;
  return distances.length === 0 ? 0 : percentile(distances.sort(), 0.95);
}

/** The region without its erosion. */
function surfaceOf({ size, data }: Region, flat: boolean): Region {
  const [width, height, slices] = size;
  const plane = width * height;
  const surface = new Uint8Array(data.length);
  for (let z = 0, at = 0; z < slices; z++) {
    const outerSlice = !flat && (z === 0 || z === slices - 1);
    for (let y = 0; y < height; y++) {
      const outerRow = outerSlice || y === 0 || y === height - 1;
      for (let x = 0; x < width; x++, at++) {
        if (data[at] === 0) continue;
        const inside =
          !outerRow &&
          x > 0 &&
          x < width - 1 &&
          (data[at - 1] & data[at + 1] & data[at - width] & data[at + width]) === 1 &&
          (flat || (data[at - plane] & data[at + plane]) === 1);
        if (!inside) surface[at] = 1;
      }
    }
  }
  return { size, data: surface };
}

function count({ data }: Region): number {
  let sum = 0;
  for (const value of data) sum += value;
  return sum;
}

/** Writes the distance of each voxel of `from` to the nearest of `to`. */
function collect(from: Region, to: Region, spacing: Spacing, into: Float64Array): void {
  const squared = squaredDistances(to, from, spacing);
  for (let i = 0, at = 0; i < squared.length; i++) if (from.data[i] === 1) into[at++] = Math.sqrt(squared[i]);
}
