import type { RgbImage } from './types';

// Fixed point with 22 fractional bits, rounded to 8 bits between the passes: the arithmetic of Pillow's resampler, so
// that the model sees the very pixels that the reference implementation would have shown it.
const fractionBits = 22;
const half = 1 << (fractionBits - 1);

/** For each output position: the first input position it draws on, how many, and their weights (`reach` apart). */
interface Taps {
  readonly reach: number;
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly weights: Int32Array;
}

/**
 * Antialiased bilinear: a triangle filter whose support grows with the reduction (Pillow's BILINEAR, which SAM uses).
 * Separable, horizontal pass first; results are rounded to 0..255.
 */
export function resizeRgb(image: RgbImage, width: number, height: number): RgbImage {
  if (width < 1 || height < 1) throw new RangeError(`an image cannot be resized to ${width} × ${height}`);
  const wide = width === image.width ? image.rgb : resizeRows(image, width);
  if (height === image.height) return { width, height, rgb: wide === image.rgb ? image.rgb.slice() : wide };
  return { width, height, rgb: resizeColumns({ width, height: image.height, rgb: wide }, height) };
}

function triangleTaps(from: number, to: number): Taps {
  const scale = from / to;
  const support = Math.max(scale, 1);
  const reach = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(to);
  const count = new Int32Array(to);
  const weights = new Int32Array(to * reach);
  for (let out = 0; out < to; out++) {
    const centre = (out + 0.5) * scale;
    const start = Math.max(0, Math.floor(centre - support + 0.5));
    const end = Math.min(from, Math.floor(centre + support + 0.5));
    const triangle = Array.from({ length: end - start }, (_, tap) =>
      Math.max(0, 1 - Math.abs((start + tap - centre + 0.5) / support)),
    );
    const total = triangle.reduce((sum, weight) => sum + weight, 0);
    first[out] = start;
    count[out] = triangle.length;
    triangle.forEach((weight, tap) => {
      weights[out * reach + tap] = Math.floor(0.5 + (weight / total) * (1 << fractionBits));
    });
  }
  return { reach, first, count, weights };
}

/** Weights sum to one, so a sum of levels stays below 2³⁰ and its rounded top bits within 0..255. */
function resizeRows({ width, height, rgb }: RgbImage, to: number): Uint8Array {
  const { reach, first, count, weights } = triangleTaps(width, to);
  const result = new Uint8Array(to * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let out = 0; out < to; out++) {
      let [red, green, blue] = [half, half, half];
      let from = (y * width + first[out]) * 3;
      for (let tap = out * reach, end = tap + count[out]; tap < end; tap++) {
        const weight = weights[tap];
        red += rgb[from++] * weight;
        green += rgb[from++] * weight;
        blue += rgb[from++] * weight;
      }
      result[at++] = red >> fractionBits;
      result[at++] = green >> fractionBits;
      result[at++] = blue >> fractionBits;
    }
  }
  return result;
}

function resizeColumns({ width, height, rgb }: RgbImage, to: number): Uint8Array {
  const { reach, first, count, weights } = triangleTaps(height, to);
  const rowLength = width * 3;
  const result = new Uint8Array(rowLength * to);
  const sums = new Int32Array(rowLength);
  for (let out = 0; out < to; out++) {
    sums.fill(half);
    // Row by row rather than column by column: memory is read in the order in which it lies.
    for (let tap = 0; tap < count[out]; tap++) {
      const weight = weights[out * reach + tap];
      const from = (first[out] + tap) * rowLength;
      for (let index = 0; index < rowLength; index++) sums[index] += rgb[from + index] * weight;
    }
    for (let index = 0; index < rowLength; index++) result[out * rowLength + index] = sums[index] >> fractionBits;
  }
  return result;
}
