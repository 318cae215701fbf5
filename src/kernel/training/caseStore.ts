import { isPicture, loadCase, type Case } from '../datasets';
import { CancelledError } from '../errors';
import { slicedCase, type PixelReader, type SlicedCase, type SlicingOptions } from '../inference/slicedCase';
import { SpillFile } from './spillFile';

export interface CaseStoreOptions {
  /** Pixels that may stay in memory, bytes; default 1 GiB. */
  readonly maxBytes?: number;
  /** Pixels that may go to the disk then, bytes; default 64 GiB. What is left is read again when it is asked for. */
  readonly maxSpilled?: number;
  /** Longest side that slices are kept with, for a picture and for a slice of a volume; by default their own. */
  readonly longestSide?: { readonly picture: number; readonly volume: number };
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** What is known of a case without its pixels. */
export interface CaseOutline {
  readonly slices: number;
  /** Slices that show each class. */
  readonly visible: ReadonlyMap<string, readonly number[]>;
}

/** Cases that have all been read once and found in order. */
export interface CaseStore {
  readonly outlines: readonly CaseOutline[];
  readonly length: number;
  /** Case `index`, from memory or the disk where it fits. */
  get(index: number): Promise<SlicedCase>;
}

/** Pictures read at the same time: decoding one hides the reading of another. Of volumes, one is in memory. */
const concurrency = 4;

/**
 * Reads every case once, so that a wrong file shows before any work begins, and keeps it in 8 bits: in memory, then on the disk.
 * @throws UserError as `loadCase`, for the first case that is wrong; CancelledError when the signal is raised.
 */
export async function openCases(cases: readonly Case[], options: CaseStoreOptions = {}): Promise<CaseStore> {
  const { maxBytes = 2 ** 30, maxSpilled = 2 ** 36, longestSide, onProgress, signal } = options;
  const kept = new Map<number, SlicedCase>();
  const outlines: CaseOutline[] = [];
  const spilled = new SpillFile(maxSpilled);
  let bytes = 0;
  const read = async (index: number, keep?: SlicingOptions['keep']): Promise<SlicedCase> => {
    const loaded = await loadCase(cases[index]);
    const most = loaded.image.size[2] === 1 ? longestSide?.picture : longestSide?.volume;
    return slicedCase(cases[index].id, loaded, { longestSide: most, keep });
  };
  const readFirst = async (index: number): Promise<SlicedCase> => {
    let remains = true;
    const item = await read(index, (pixels) => {
      const inMemory: PixelReader = (from, to) => pixels.subarray(from, to);
      if (bytes + pixels.length <= maxBytes) {
        bytes += pixels.length;
        return inMemory;
      }
      const onDisk = spilled.append(pixels);
      remains = onDisk !== null;
      return onDisk ?? inMemory;
    });
    if (remains) kept.set(index, item);
    return item;
  };
  for (let start = 0; start < cases.length; start = outlines.length) {
    if (signal?.aborted) throw new CancelledError();
    const some = cases.slice(start, start + (isPicture(cases[start]) ? concurrency : 1));
    const loaded = await Promise.all(some.map((_, offset) => readFirst(start + offset)));
    for (const item of loaded) {
      const visible = new Map(item.classes.map((name) => [name, item.visible(name)]));
      outlines.push({ slices: item.slices, visible });
    }
    onProgress?.(start + loaded.length, cases.length);
  }
  return {
    outlines,
    length: cases.length,
    get: async (index) => kept.get(index) ?? read(index),
  };
}
