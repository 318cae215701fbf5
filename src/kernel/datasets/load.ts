import { CancelledError, UserError } from '../errors';
import { resizeMask, resizeRgb, type Mask, type RgbImage } from '../imaging';
import { caseSlice } from './caseImage';
import { isPicture, openCase, type OpenCase } from './cases';
import { classNamesOf, emptyMask, fileOf } from './labels';
import { packSample, unpackSample, type PackedSample } from './packedSample';
import type { Case, LoadedSample, Sample } from './types';

/**
 * Reads one sample: its slice of the image, through the window of the whole case, with the mask of its class.
 * @throws UserError when a file cannot be read, image and mask differ in size (it names both), or the mask is empty.
 */
export async function loadSample(sample: Sample): Promise<LoadedSample> {
  return samplesFrom(await openCase(sample.case))(sample);
}

/** Samples of an opened case, brought down to the longest side; a slice that is asked for again in a row is kept. */
function samplesFrom(opened: OpenCase, longestSide = Infinity): (sample: Sample) => LoadedSample {
  const [width, height] = opened.image.size;
  const small = smallerSize(width, height, longestSide);
  const { spacing } = opened.image;
  const scaled = spacing && ([(spacing[0] * width) / small.width, (spacing[1] * height) / small.height] as const);
  let last: { readonly slice: number; readonly image: RgbImage } | null = null;
  return ({ case: item, className, slice }) => {
    const mask = maskOf(opened, { case: item, className, slice });
    if (last?.slice !== slice) {
      const image = caseSlice(opened, slice);
      last = { slice, image: small.width === width ? image : resizeRgb(image, small.width, small.height) };
    }
    return {
      image: last.image,
      mask: small.width === width ? mask : shrunkMask(mask, small.width, small.height),
      spacing: scaled,
      className,
      caseId: item.id,
      slice,
    };
  };
}

function maskOf({ image, classes }: OpenCase, { case: item, className, slice }: Sample): Mask {
  const file = fileOf(item.labels.find((source) => classNamesOf(source).includes(className)) ?? item.labels[0]);
  const found = classes.find(({ name }) => name === className);
  if (!found) throw new UserError(`${file} has no class ${className}: name one that the data have`, { file });
  const mask: Mask = { width: image.size[0], height: image.size[1], data: found.slice(slice) };
  if (mask.data.includes(1)) return mask;
  if (image.size[2] === 1) throw emptyMask(file);
  throw new UserError(`${file} has nothing of ${className} on slice ${slice}: open the data again`, { file });
}

function smallerSize(width: number, height: number, longestSide: number): { width: number; height: number } {
  const factor = longestSide / Math.max(width, height);
  if (factor >= 1) return { width, height };
  return { width: Math.max(1, Math.round(width * factor)), height: Math.max(1, Math.round(height * factor)) };
}

export interface LoadOptions {
  /** What may stay in memory; the rest is read again when it is asked for. Default 1 GiB. */
  readonly maxBytes?: number;
  /** Larger images are brought down to this longest side, their masks with them: a model of 256 px sees no more. */
  readonly longestSide?: number;
  /** Samples read so far, of all. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Samples that have all been read once and found in order. */
export interface LoadedSamples {
  readonly length: number;
  /** What sample `index` stands for, without reading anything. */
  readonly samples: readonly Sample[];
  /** Sample `index`, from memory where it fits. */
  get(index: number): Promise<LoadedSample>;
}

/** Pictures read at the same time: decoding one hides the reading of another. Of volumes, one is in memory. */
const concurrency = 4;

/**
 * Reads every sample once, so that a wrong file shows before any work begins, and keeps what fits into memory: grey
 * levels and masks packed, each slice once however many classes it has. A volume is opened once for all its slices.
 * @throws UserError as `loadSample`, for the first sample that is wrong; CancelledError when the signal is raised.
 */
export async function loadAll(samples: readonly Sample[], options: LoadOptions = {}): Promise<LoadedSamples> {
  const { maxBytes = 2 ** 30, longestSide = Infinity, onProgress, signal } = options;
  const kept = new Map<number, PackedSample>();
  const planes = new Map<string, PackedSample['plane']>();
  let [bytes, done] = [0, 0];
  const keep = (index: number, loaded: LoadedSample): void => {
    const key = `${loaded.caseId}\n${loaded.slice}`;
    const packed = packSample(loaded, planes.get(key));
    const size = packed.bits.length + (planes.has(key) ? 0 : packed.plane.levels.length);
    if (bytes + size > maxBytes) return;
    bytes += size;
    planes.set(key, packed.plane);
    kept.set(index, packed);
  };
  for (const group of readingOrder(samples)) {
    await Promise.all(
      group.map(async ({ item, indices }) => {
        if (signal?.aborted) throw new CancelledError();
        const read = samplesFrom(await openCase(item), longestSide);
        for (const index of indices) keep(index, read(samples[index]));
        done += indices.length;
      }),
    );
    onProgress?.(done, samples.length);
  }
  const reader = new CaseReader(longestSide);
  return {
    length: samples.length,
    samples,
    get: async (index) => {
      const packed = kept.get(index);
      if (packed) return unpackSample(packed);
      return (await reader.open(samples[index].case))(samples[index]);
    },
  };
}

interface CaseIndices {
  readonly item: Case;
  readonly indices: readonly number[];
}

/** Each case with its samples; cases that may be read at the same time stand together. */
function readingOrder(samples: readonly Sample[]): CaseIndices[][] {
  const byCase = new Map<Case, number[]>();
  for (const [index, { case: item }] of samples.entries()) byCase.set(item, [...(byCase.get(item) ?? []), index]);
  const groups: CaseIndices[][] = [];
  for (const [item, indices] of byCase) {
    const last = groups.at(-1);
    const together = last !== undefined && last.length < concurrency && isPicture(item) && isPicture(last[0].item);
    if (together) last.push({ item, indices });
    else groups.push([{ item, indices }]);
  }
  return groups;
}

/** Keeps the case it read last: slices of a volume are mostly asked for one after another. */
class CaseReader {
  private last: { readonly item: Case; readonly read: Promise<(sample: Sample) => LoadedSample> } | null = null;

  constructor(private readonly longestSide: number) {}

  open(item: Case): Promise<(sample: Sample) => LoadedSample> {
    if (this.last?.item !== item) {
      const read = openCase(item).then((opened) => samplesFrom(opened, this.longestSide));
      this.last = { item, read };
      read.catch(() => (this.last = null));
    }
    return this.last.read;
  }
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
