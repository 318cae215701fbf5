import { isPicture, loadCase, type Case } from '../datasets';
import { CancelledError } from '../errors';
import { slicedCase, type SlicedCase } from '../inference/slicedCase';

export interface CaseStoreOptions {
  /** What may stay in memory; the rest is read again when it is asked for. Default 1 GiB. */
  readonly maxBytes?: number;
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
  /** Case `index`, from memory where it fits. */
  get(index: number): Promise<SlicedCase>;
}

/** Pictures read at the same time: decoding one hides the reading of another. Of volumes, one is in memory. */
const concurrency = 4;

/**
 * Reads every case once, so that a wrong file shows before any work begins, and keeps what fits into memory, in 8 bits.
 * @throws UserError as `loadCase`, for the first case that is wrong; CancelledError when the signal is raised.
 */
export async function openCases(cases: readonly Case[], options: CaseStoreOptions = {}): Promise<CaseStore> {
  const { maxBytes = 2 ** 30, longestSide, onProgress, signal } = options;
  const kept = new Map<number, SlicedCase>();
  const outlines: CaseOutline[] = [];
  let bytes = 0;
  const read = async (index: number): Promise<SlicedCase> => {
    const loaded = await loadCase(cases[index]);
    const most = loaded.image.size[2] === 1 ? longestSide?.picture : longestSide?.volume;
    return slicedCase(cases[index].id, loaded, { longestSide: most });
  };
  for (let start = 0; start < cases.length; start = outlines.length) {
    if (signal?.aborted) throw new CancelledError();
    const some = cases.slice(start, start + (isPicture(cases[start]) ? concurrency : 1));
    const loaded = await Promise.all(some.map((_, offset) => read(start + offset)));
    loaded.forEach((item, offset) => {
      const visible = new Map(item.classes.map((name) => [name, item.visible(name)]));
      outlines.push({ slices: item.slices, visible });
      if (bytes + item.bytes > maxBytes) return;
      bytes += item.bytes;
      kept.set(start + offset, item);
    });
    onProgress?.(start + loaded.length, cases.length);
  }
  return {
    outlines,
    length: cases.length,
    get: async (index) => kept.get(index) ?? read(index),
  };
}
