import { boundingBox, cropMask } from './mask';
import type { Mask } from './types';

/**
 * Exact Euclidean distance, in pixels, of every foreground pixel to the nearest background pixel; 0 in the background.
 * Outside of the image is background. [height · width], row-major.
 * Felzenszwalb & Huttenlocher, "Distance Transforms of Sampled Functions" (2012): columns first, then the lower envelope
 * of one parabola per column along each row.
 */
export function distanceTransform({ width, height, data }: Mask): Float32Array {
  const toColumnEdge = columnDistances(width, height, data);
  const distances = new Float32Array(width * height);
  const padded = width + 2;
  const squared = new Float64Array(padded);
  const apex = new Int32Array(padded);
  const from = new Float64Array(padded + 1);
  for (let y = 0; y < height; y++) {
    // The image's outside stands on both ends of the row: distance 0 there.
    squared[0] = squared[padded - 1] = 0;
    for (let x = 0; x < width; x++) squared[x + 1] = toColumnEdge[y * width + x] ** 2;
    lowerEnvelope(squared, apex, from);
    for (let x = 1, parabola = 0; x <= width; x++) {
      while (from[parabola + 1] < x) parabola++;
      const column = apex[parabola];
      distances[y * width + x - 1] = Math.sqrt((x - column) ** 2 + squared[column]);
    }
  }
  return distances;
}

/** The pixel farthest from the background, the first of several; null for an empty mask. */
export function mostInterior(mask: Mask): { readonly x: number; readonly y: number } | null {
  const box = boundingBox(mask);
  if (box === null) return null;
  const part = cropMask(mask, box);
  const distances = distanceTransform(part);
  let deepest = 0;
  distances.forEach((distance, index) => {
    if (distance > distances[deepest]) deepest = index;
  });
  return { x: box[0] + (deepest % part.width), y: box[1] + Math.floor(deepest / part.width) };
}

/** Distance of each pixel to the nearest background pixel of its own column. */
function columnDistances(width: number, height: number, data: Uint8Array): Int32Array {
  const distances = new Int32Array(width * height);
  for (let x = 0; x < width; x++) {
    for (let y = 0, run = 0; y < height; y++) {
      run = data[y * width + x] === 0 ? 0 : run + 1;
      distances[y * width + x] = run;
    }
    for (let y = height - 1, run = 0; y >= 0; y--) {
      run = data[y * width + x] === 0 ? 0 : run + 1;
      if (run < distances[y * width + x]) distances[y * width + x] = run;
    }
  }
  return distances;
}

/** Parabola k has its apex at column `apex[k]` and is the lowest from `from[k]` to `from[k + 1]`. */
function lowerEnvelope(squared: Float64Array, apex: Int32Array, from: Float64Array): void {
  let last = 0;
  apex[0] = 0;
  from[0] = -Infinity;
  from[1] = Infinity;
  for (let column = 1; column < squared.length; column++) {
    let meet = intersection(squared, apex[last], column);
    while (meet <= from[last]) meet = intersection(squared, apex[--last], column);
    apex[++last] = column;
    from[last] = meet;
    from[last + 1] = Infinity;
  }
}

const intersection = (squared: Float64Array, left: number, right: number): number =>
  (squared[right] + right * right - squared[left] - left * left) / (2 * (right - left));
