import type { Slice } from './types';

type Pixels = Omit<Slice, 'spacing'>;

/**
 * A slice of about 1/factor of the width and height, rounded up: every pixel the mean of factor × factor of them (fewer at
 * the right and lower edge), rounded where intensities are whole numbers.
 */
export function shrinkSlice(slice: Pixels, factor: number): Pixels {
  if (factor === 1) return slice;
  const { width, height, channels } = slice;
  const [columns, rows] = [Math.ceil(width / factor), Math.ceil(height / factor)];
  const Kind = slice.pixels.constructor as new (length: number) => typeof slice.pixels;
  const pixels = new Kind(columns * rows * channels);
  const whole = !(pixels instanceof Float32Array || pixels instanceof Float64Array);
  const sums = new Float64Array(columns * channels);
  for (let row = 0; row < rows; row++) {
    const [top, bottom] = [row * factor, Math.min((row + 1) * factor, height)];
    sums.fill(0);
    for (let y = top; y < bottom; y++) addRow(slice, y, factor, sums);
    for (let at = 0; at < sums.length; at++) {
      const left = Math.floor(at / channels) * factor;
      const mean = sums[at] / ((bottom - top) * (Math.min(left + factor, width) - left));
      pixels[row * sums.length + at] = whole ? Math.round(mean) : mean;
    }
  }
  return { width: columns, height: rows, channels, pixels };
}

/** Adds row `y` to the sums of its blocks, one for each channel. */
function addRow({ width, channels, pixels }: Pixels, y: number, factor: number, sums: Float64Array): void {
  for (let left = 0, block = 0, at = y * width * channels; left < width; left += factor, block += channels) {
    const right = Math.min(left + factor, width);
    for (let x = left; x < right; x++) {
      for (let channel = 0; channel < channels; channel++) sums[block + channel] += pixels[at++];
    }
  }
}
