import { UserError } from '../../errors';
import { openFile } from '../../files';
import type { Voxels } from '../types';
import { mostInflated, openBytes } from './byteSource';
import { elementBytes, valuesOf, valuesOfText } from './elements';
import { badHeader, type DataFile, type VolumeLayout } from './layout';
import { afterLines } from './textHeader';

/** How many volumes a file holds, and how many values each of them has. */
export function countsOf({ extents, channels }: VolumeLayout): { volumes: number; values: number } {
  const product = (numbers: readonly number[]): number => numbers.reduce((all, extent) => all * extent, 1);
  return { volumes: product(extents.slice(3)), values: product(extents.slice(0, 3)) * channels };
}

/**
 * `count` volumes of a file, the first being number `first`, one after the other; x fastest, channels side by side.
 * @throws UserError when the file is damaged, cut short or too large for this machine
 */
export async function readVoxels(layout: VolumeLayout, first: number, count: number): Promise<Voxels> {
  const { volumes, values } = countsOf(layout);
  const all = volumes * values;
  if (!Number.isSafeInteger(all * 8)) throw badHeader(layout.file, `its header promises ${all} values; get it again`);
  const share = all / layout.data.length;
  if (!Number.isInteger(share)) {
    throw badHeader(layout.file, `its voxels do not fill ${layout.data.length} files evenly; save it again`);
  }
  // Where the values of a voxel are not side by side, nor are those of a volume.
  const apart = layout.channels > 1 && layout.channelAxis > 0;
  const [from, length] = apart ? [0, all] : [first * values, count * values];
  const stored = await storedValues(layout, share, from, length);
  const voxels = apart ? sideBySide(layout, stored).subarray(first * values, (first + count) * values) : stored;
  return scaled(voxels, layout.scale);
}

async function storedValues(layout: VolumeLayout, share: number, from: number, length: number): Promise<Voxels> {
  const { file, data, element, little } = layout;
  if (data[0].encoding === 'text') {
    const words: string[] = [];
    for (const part of data) words.push(...(await wordsOf(file, part, share)));
    return valuesOfText(words.slice(from, from + length), element);
  }
  const width = elementBytes(element);
  // Before memory is taken: a header may promise anything.
  for (const part of data) await checkLength(file, part, share * width);
  const bytes = allocate(file, length * width);
  for (const [index, part] of data.entries()) {
    const begin = index * share;
    const [low, high] = [Math.max(from, begin), Math.min(from + length, begin + share)];
    if (low >= high) continue;
    const target = new Uint8Array(bytes, (low - from) * width, (high - low) * width);
    await fill(file, part, { target, before: (low - begin) * width, promised: share * width });
  }
  return valuesOf(bytes, element, little);
}

function allocate(file: string, length: number): ArrayBuffer {
  try {
    return new ArrayBuffer(length);
  } catch (cause) {
    throw new UserError(
      `${file} holds ${Math.ceil(length / 2 ** 20)} MB of voxels, more than this machine gives: save a part of it`,
      { file, cause },
    );
  }
}

const cutShort = (file: string, part: DataFile, promised: number, held: number): UserError =>
  new UserError(
    `${part.file} is cut short: ${file === part.file ? 'its header' : file} promises ${promised} bytes, it holds ${held}; get it again`,
    { file },
  );

/** @throws UserError where the file cannot hold what its header promises, however well it is compressed */
async function checkLength(file: string, part: DataFile, promised: number): Promise<void> {
  const { handle, size } = await openFile(part.file);
  await handle.close();
  const from = part.from === 'end' ? 0 : part.from;
  const stored = Math.max(size - from, 0);
  const needed = part.skipBytes + promised;
  const most = { raw: stored, deflated: stored * mostInflated, hex: stored / 2, text: stored }[part.encoding];
  if (most >= needed) return;
  if (part.encoding === 'raw') throw cutShort(file, part, from + needed, size);
  throw new UserError(
    `${part.file} is damaged or cut short: ${needed} bytes cannot be in the ${stored} that it holds; get it again`,
    { file },
  );
}

interface Wanted {
  readonly target: Uint8Array;
  /** Bytes of the part's voxels that come before. */
  readonly before: number;
  /** Bytes of all of the part's voxels. */
  readonly promised: number;
}

async function fill(file: string, part: DataFile, { target, before, promised }: Wanted): Promise<void> {
  if (part.encoding === 'hex') return fillFromHex(file, part, { target, before, promised });
  const source = await openBytes(
    part.file,
    part.encoding === 'raw' ? 'none' : 'deflated',
    await beginOf(part, promised),
  );
  try {
    const skipped = await source.skip(part.skipBytes + before);
    const read = await source.into(target);
    const begin = part.from === 'end' ? 0 : part.from;
    if (read < target.length) throw cutShort(file, part, begin + part.skipBytes + promised, begin + skipped + read);
    await source.end();
  } finally {
    await source.close();
  }
}

async function beginOf(part: DataFile, promised: number): Promise<number> {
  if (part.from !== 'end') return part.skipLines > 0 ? afterLines(part.file, part.from, part.skipLines) : part.from;
  const { handle, size } = await openFile(part.file);
  await handle.close();
  return size - promised;
}

async function fillFromHex(file: string, part: DataFile, { target, before, promised }: Wanted): Promise<void> {
  const text = (await textOf(part)).replace(/\s+/g, '');
  const bytes = Buffer.from(text.slice(2 * before, 2 * (before + target.length)), 'hex');
  if (bytes.length < target.length) throw cutShort(file, part, promised, before + bytes.length);
  target.set(bytes);
}

async function wordsOf(file: string, part: DataFile, count: number): Promise<string[]> {
  const words = (await textOf(part)).split(/[\s,]+/).filter((word) => word !== '');
  if (words.length >= count) return words.slice(0, count);
  throw badHeader(file, `it promises ${count} numbers and holds ${words.length}; get it again`);
}

async function textOf(part: DataFile): Promise<string> {
  const { size, handle } = await openFile(part.file);
  await handle.close();
  const begin = await beginOf(part, 0);
  const source = await openBytes(part.file, 'none', begin + part.skipBytes);
  try {
    const bytes = Buffer.alloc(Math.max(size - begin - part.skipBytes, 0));
    return bytes.toString('latin1', 0, await source.into(bytes));
  } finally {
    await source.close();
  }
}

/** [before, channels, after] → [before, after] with the channels side by side. */
function sideBySide({ extents, channels, channelAxis }: VolumeLayout, stored: Voxels): Voxels {
  const before = extents.slice(0, channelAxis).reduce((all, extent) => all * extent, 1);
  const after = stored.length / before / channels;
  const voxels = stored.slice();
  for (let block = 0, to = 0; block < after; block++) {
    for (let at = 0; at < before; at++) {
      for (let channel = 0; channel < channels; channel++) {
        voxels[to++] = stored[(block * channels + channel) * before + at];
      }
    }
  }
  return voxels;
}

function scaled(voxels: Voxels, scale: VolumeLayout['scale']): Voxels {
  if (scale === null) return voxels;
  const { slope, intercept } = scale;
  const real = voxels instanceof Float64Array ? voxels : new Float32Array(voxels.length);
  for (let at = 0; at < voxels.length; at++) real[at] = voxels[at] * slope + intercept;
  return real;
}
