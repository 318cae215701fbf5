import fs from 'node:fs/promises';
import { readProblem } from '../files';
import { readImage } from '../imaging';

/** What a mask file holds, and where, without its voxels. */
export interface ValueIndex {
  readonly size: readonly [number, number, number];
  /** Slices with anything but zero. */
  readonly nonZero: readonly number[];
  /** Whole number → the slices it occurs on, from the lowest number up; 0 is not among them. */
  readonly values: ReadonlyMap<number, readonly number[]>;
  /** Null, or why the file is no label map: what it holds besides whole numbers, or how many of them. */
  readonly oddity: string | null;
}

/** More values than any anatomy has parts: the file is a picture, not a map of labels. */
const mostValues = 1024;

/** Indexes are small and files large: what has been read once is remembered for as long as the file does not change. */
const remembered = new Map<string, { readonly stamp: string; readonly index: Promise<ValueIndex> }>();
const mostRemembered = 20_000;

/** @throws UserError when the file cannot be read. */
export async function valueIndex(file: string): Promise<ValueIndex> {
  const stat = await fs.stat(file).catch((cause: unknown) => {
    throw readProblem(file, cause);
  });
  const stamp = `${stat.size} ${stat.mtimeMs}`;
  const known = remembered.get(file);
  if (known?.stamp === stamp) return known.index;
  const index = read(file);
  remembered.set(file, { stamp, index });
  for (const oldest of remembered.keys()) {
    if (remembered.size <= mostRemembered) break;
    remembered.delete(oldest);
  }
  index.catch(() => remembered.delete(file));
  return index;
}

async function read(file: string): Promise<ValueIndex> {
  const { size, channels, voxels } = await readImage(file);
  const length = size[0] * size[1] * channels;
  const nonZero: number[] = [];
  const values = new Map<number, number[]>();
  let oddity: string | null = null;
  for (let slice = 0; slice < size[2]; slice++) {
    const found = new Set<number>();
    let last = 0;
    for (let i = slice * length; i < (slice + 1) * length; i++) {
      const value = voxels[i];
      if (value === last || !(Math.abs(value) > 0)) continue;
      last = value;
      found.add(value);
      if (found.size > mostValues) break;
    }
    if (found.size > 0) nonZero.push(slice);
    for (const value of found) {
      if (!Number.isInteger(value)) oddity ??= `${value}`;
      else if (!values.has(value) && values.size >= mostValues) oddity ??= `more than ${mostValues} values`;
      else values.set(value, [...(values.get(value) ?? []), slice]);
    }
  }
  return { size, nonZero, values: new Map([...values].sort(([a], [b]) => a - b)), oddity };
}
