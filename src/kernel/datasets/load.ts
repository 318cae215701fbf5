import { CancelledError, UserError } from '../errors';
import { maskOf, readImage, resizeMask, resizeRgb, sliceOf, toRgb, type Mask, type RgbImage } from '../imaging';
import { emptyMask } from './open';
import type { Sample } from './types';

export interface LoadedSample {
  readonly image: RgbImage;
  /** Of the image's size, never empty. */
  readonly mask: Mask;
  /** mm per pixel along x and y; null where the file does not tell. */
  readonly spacing: readonly [number, number] | null;
}

/**
 * Reads one image with its mask.
 * @throws UserError when a file cannot be read, the two differ in size (it names both), or the mask is empty.
 */
export async function loadSample(sample: Sample): Promise<LoadedSample> {
  const image = await readImage(sample.image);
  const labels = await readImage(sample.mask);
  if (image.size.some((extent, axis) => extent !== labels.size[axis])) {
    throw new UserError(
      `${sample.mask} is ${extents(labels.size)} but its image ${sample.image} is ${extents(image.size)}: ` +
        'a mask has the size of its image; make it again or correct the pair',
      { file: sample.mask },
    );
  }
  const mask = maskOf(sliceOf(labels, sample.slice));
  if (!mask.data.includes(1)) throw emptyMask(sample.mask);
  const slice = sliceOf(image, sample.slice);
  return { image: toRgb(slice), mask, spacing: slice.spacing ?? null };
}

function extents([width, height, slices]: readonly [number, number, number]): string {
  return slices === 1 ? `${width}×${height}` : `${width}×${height}×${slices}`;
}

export interface LoadOptions {
  /** What may stay in memory; the rest is read again when it is asked for. Default 1 GiB. */
  readonly maxBytes?: number;
  /** Larger images are brought down to this longest side, their masks with them: a model of 256 px sees no more. */
  readonly longestSide?: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Samples that have all been read once and found in order. */
export interface LoadedSamples {
  readonly length: number;
  /** Sample `index`, from memory where it fits. */
  get(index: number): Promise<LoadedSample>;
}

/** Files read at the same time: decoding one hides the reading of another. */
const concurrency = 4;

/**
 * Reads every sample once, so that a wrong file shows before any work begins, and keeps what fits into memory.
 * @throws UserError as `loadSample`, for the first sample that is wrong; CancelledError when the signal is raised.
 */
export async function loadAll(samples: readonly Sample[], options: LoadOptions = {}): Promise<LoadedSamples> {
  const { maxBytes = 2 ** 30, longestSide = Infinity, onProgress, signal } = options;
  const kept = new Map<number, LoadedSample>();
  let bytes = 0;
  const load = async (index: number) => shrunk(await loadSample(samples[index]), longestSide);
  for (let start = 0; start < samples.length; start += concurrency) {
    if (signal?.aborted) throw new CancelledError();
    const some = samples.slice(start, start + concurrency);
    const loaded = await Promise.all(some.map((_, offset) => load(start + offset)));
    loaded.forEach((sample, offset) => {
      const size = sample.image.rgb.length + sample.mask.data.length;
      if (bytes + size > maxBytes) return;
      bytes += size;
      kept.set(start + offset, sample);
    });
    onProgress?.(start + loaded.length, samples.length);
  }
  return {
    length: samples.length,
    get: async (index) => kept.get(index) ?? load(index),
  };
}

function shrunk({ image, mask, spacing }: LoadedSample, longestSide: number): LoadedSample {
  const factor = longestSide / Math.max(image.width, image.height);
  if (factor >= 1) return { image, mask, spacing };
  const width = Math.max(1, Math.round(image.width * factor));
  const height = Math.max(1, Math.round(image.height * factor));
  return {
    image: resizeRgb(image, width, height),
    mask: shrunkMask(mask, width, height),
    spacing: spacing && [(spacing[0] * image.width) / width, (spacing[1] * image.height) / height],
  };
}

/** Nearest neighbour; a target too small to be met by it keeps every pixel that it touches. */
function shrunkMask(mask: Mask, width: number, height: number): Mask {
  const small = resizeMask(mask, width, height);
  if (small.data.includes(1)) return small;
  for (let i = mask.data.indexOf(1); i >= 0; i = mask.data.indexOf(1, i + 1)) {
    const x = Math.floor(((i % mask.width) * width) / mask.width);
    const y = Math.floor((Math.floor(i / mask.width) * height) / mask.height);
    small.data[y * width + x] = 1;
  }
  return small;
}
