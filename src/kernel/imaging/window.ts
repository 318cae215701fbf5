import type { ChosenWindow, RgbImage, Slice, Voxels, Window } from './types';

const bytes: Window = { low: 0, high: 255 };

/** More values than this are sampled: a percentile needs no more, and sorting them would be felt. */
const enough = 1 << 18;

/**
 * Display intensities of a slice: the whole range for 8-bit and RGB data, else percentiles 0.5 and 99.5, which a few hot
 * pixels cannot move. Values that are not finite do not count. `high` is always above `low`.
 */
export function autoWindow(slice: Slice): Window {
  if (slice.channels === 3 || slice.pixels instanceof Uint8Array) return bytes;
  const sorted = sortedSample(slice.pixels);
  if (sorted.length === 0) return bytes;
  const [low, high] = [percentile(sorted, 0.005), percentile(sorted, 0.995)];
  if (high > low) return { low, high };
  // A small bright thing on an even background: all of it lies beyond the percentiles.
  const [least, most] = [sorted[0], sorted[sorted.length - 1]];
  return most > least ? { low: least, high: most } : { low: least, high: least + 1 };
}

/** The window that a slice is seen through: the user's, else the file's own (DICOM), else the automatic one. */
export function chooseWindow(slice: Slice, given?: Window): ChosenWindow {
  if (given !== undefined) return { ...given, from: 'user' };
  if (slice.window !== undefined && slice.window.high > slice.window.low) return { ...slice.window, from: 'file' };
  const window = autoWindow(slice);
  return { ...window, from: window === bytes ? 'stored' : 'percentiles' };
}

/** One value of every `stride`, at a scrambled place in it: a fixed step would meet the same columns over and over. */
function sortedSample(pixels: Voxels): Float64Array {
  const stride = Math.ceil(pixels.length / enough);
  const sample = new Float64Array(Math.floor(pixels.length / stride));
  let count = 0;
  for (let block = 0; block < sample.length; block++) {
    const value = pixels[block * stride + ((Math.imul(block, 0x9e3779b1) >>> 16) % stride)];
    if (Number.isFinite(value)) sample[count++] = value;
  }
  return sample.subarray(0, count).sort();
}

/** Linear between the two nearest ranks. */
function percentile(sorted: Float64Array, fraction: number): number {
  const rank = fraction * (sorted.length - 1);
  const below = Math.floor(rank);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (rank - below) * (sorted[above] - sorted[below]);
}

/** The slice as the model and the eye see it; intensities outside the window become black or white. */
export function toRgb(slice: Slice, window: Window = chooseWindow(slice)): RgbImage {
  const { width, height, pixels, channels } = slice;
  const asStored = pixels instanceof Uint8Array && window.low === 0 && window.high === 255;
  if (asStored && channels === 3) return { width, height, rgb: Uint8Array.from(pixels) };
  const levels = asStored ? pixels : applyWindow(pixels, window);
  return { width, height, rgb: channels === 3 ? levels : greyToRgb(levels) };
}

function applyWindow(pixels: Voxels, { low, high }: Window): Uint8Array<ArrayBuffer> {
  const scale = 255 / (high - low);
  // Clamps and rounds half to even; NaN becomes 0.
  const levels = new Uint8ClampedArray(pixels.length);
  for (let index = 0; index < pixels.length; index++) levels[index] = (pixels[index] - low) * scale;
  return new Uint8Array(levels.buffer);
}

function greyToRgb(levels: Uint8Array): Uint8Array<ArrayBuffer> {
  const rgb = new Uint8Array(levels.length * 3);
  for (let index = 0, at = 0; index < levels.length; index++) {
    const level = levels[index];
    rgb[at++] = level;
    rgb[at++] = level;
    rgb[at++] = level;
  }
  return rgb;
}
