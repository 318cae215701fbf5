import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createGunzip } from 'node:zlib';
import { UserError } from '../errors';
import { openFile } from '../files';
import type { MedicalImage, Voxels } from './types';

/** NIfTI-1, one file: header, four bytes that name extensions, voxels. nifti1.h */
const headerBytes = 352;

/** By NIfTI's data type. */
const kinds: Readonly<Record<number, new (buffer: ArrayBuffer) => Voxels>> = {
  2: Uint8Array,
  4: Int16Array,
  8: Int32Array,
  16: Float32Array,
  64: Float64Array,
  256: Int8Array,
  512: Uint16Array,
  768: Uint32Array,
};

const chunkBytes = 1 << 20;

interface Layout {
  readonly Kind: new (buffer: ArrayBuffer) => Voxels;
  readonly size: readonly [number, number, number];
  readonly offset: number;
  /** Bytes of the voxels. */
  readonly length: number;
  readonly scale: { readonly slope: number; readonly intercept: number } | null;
}

/**
 * Reads the NIfTI files that people have (NIfTI-1, one file, little-endian, grey) straight into the array of their
 * voxels: a volume of 300 MB is there in a fraction of the time that ITK takes, and once in memory. Where it lies in the
 * patient is asked of ITK, by a file of the same header and eight voxels, so that there is one reading of it.
 * @returns null for any other NIfTI file, which ITK reads
 * @throws UserError when the file is damaged or cut short
 */
export async function readPlainNifti(
  file: string,
  readSmall: (file: string) => Promise<MedicalImage>,
): Promise<MedicalImage | null> {
  const chunks = await openChunks(file);
  try {
    const begin = await chunks.take(headerBytes);
    const layout = begin === null ? null : layoutOf(begin);
    if (begin === null || layout === null) return null;
    await skip(chunks, layout.offset - headerBytes);
    const geometry = await geometryOf(file, begin, layout, readSmall);
    const bytes = new Uint8Array(new ArrayBuffer(layout.length));
    const read = await chunks.into(bytes);
    if (read < layout.length) {
      throw new UserError(
        `${file} is cut short: its header promises ${layout.offset + layout.length} bytes, it holds ${layout.offset + read}; get it again`,
        { file },
      );
    }
    await chunks.end();
    const { spacing, origin, direction } = geometry;
    const voxels = scaled(new layout.Kind(bytes.buffer), layout.scale);
    return { path: file, size: layout.size, channels: 1, voxels, spacing, origin, direction };
  } finally {
    await chunks.close();
  }
}

function layoutOf(header: Buffer): Layout | null {
  if (header.readInt32LE(0) !== 348 || header.toString('latin1', 344, 347) !== 'n+1') return null;
  const axes = header.readInt16LE(40);
  const extents = Array.from({ length: 7 }, (_, axis) => (axis < axes ? header.readInt16LE(42 + 2 * axis) : 1));
  const Kind = kinds[header.readInt16LE(70)];
  const offset = header.readFloatLE(108);
  const plain = axes >= 1 && axes <= 7 && extents.every((extent) => extent >= 1) && Number.isInteger(offset);
  if (!plain || Kind === undefined || offset < headerBytes || extents.slice(3).some((extent) => extent > 1))
    return null;
  const [width, height, slices] = extents;
  const [slope, intercept] = [header.readFloatLE(112), header.readFloatLE(116)];
  const scales =
    Number.isFinite(slope) && Number.isFinite(intercept) && slope !== 0 && (slope !== 1 || intercept !== 0);
  const length = (width * height * slices * header.readInt16LE(72)) / 8;
  return { Kind, size: [width, height, slices], offset, length, scale: scales ? { slope, intercept } : null };
}

function scaled(voxels: Voxels, scale: Layout['scale']): Voxels {
  if (scale === null) return voxels;
  const { slope, intercept } = scale;
  const real = voxels instanceof Float64Array ? voxels : new Float32Array(voxels.length);
  for (let at = 0; at < voxels.length; at++) real[at] = voxels[at] * slope + intercept;
  return real;
}

async function geometryOf(
  file: string,
  header: Buffer,
  { size }: Layout,
  readSmall: (file: string) => Promise<MedicalImage>,
): Promise<MedicalImage> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'med-sa-nifti-'));
  try {
    const small = Buffer.from(header);
    size.forEach((extent, axis) => small.writeInt16LE(Math.min(extent, 2), 42 + 2 * axis));
    small.writeFloatLE(headerBytes, 108);
    small.fill(0, 348);
    const name = path.join(folder, 'small.nii');
    await fs.writeFile(name, Buffer.concat([small, Buffer.alloc(8 * 8)]));
    return await readSmall(name).catch((cause: unknown) => {
      // What is wrong with the header is wrong with the file that it is of.
      if (!(cause instanceof UserError)) throw cause;
      throw new UserError(cause.message.replaceAll(name, file), { file, cause });
    });
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}

/** A file's content from its beginning, inflated where it is compressed. */
interface Chunks {
  /** null where the file ends before. */
  take(length: number): Promise<Buffer | null>;
  /** @returns how many bytes there were. */
  into(target: Uint8Array): Promise<number>;
  /** Reads to the end, where a compressed file says whether it is whole. */
  end(): Promise<void>;
  close(): Promise<void>;
}

async function skip(chunks: Chunks, length: number): Promise<void> {
  if (length > 0) await chunks.take(length);
}

async function openChunks(file: string): Promise<Chunks> {
  const { handle } = await openFile(file);
  const magic = Buffer.alloc(2);
  await handle.read(magic, 0, 2, 0);
  return magic[0] === 0x1f && magic[1] === 0x8b ? inflating(file, handle) : plain(handle);
}

function plain(handle: fs.FileHandle): Chunks {
  let position = 0;
  const into = async (target: Uint8Array): Promise<number> => {
    let done = 0;
    while (done < target.length) {
      const { bytesRead } = await handle.read(target, done, Math.min(target.length - done, 2 ** 30), position);
      if (bytesRead === 0) break;
      done += bytesRead;
      position += bytesRead;
    }
    return done;
  };
  const take = async (length: number) => {
    const bytes = Buffer.alloc(length);
    return (await into(bytes)) === length ? bytes : null;
  };
  return { take, into, end: async () => undefined, close: () => handle.close() };
}

function inflating(file: string, handle: fs.FileHandle): Chunks {
  const source = handle.createReadStream({ start: 0, highWaterMark: chunkBytes });
  const inflate = createGunzip({ chunkSize: chunkBytes });
  source.on('error', (error) => inflate.destroy(error));
  const chunks = source.pipe(inflate)[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Buffer = Buffer.alloc(0);
  const into = async (target: Uint8Array): Promise<number> => {
    let done = 0;
    while (done < target.length) {
      if (rest.length === 0) {
        const next = await nextChunk(file, chunks);
        if (next === null) break;
        rest = next;
      }
      const part = rest.subarray(0, target.length - done);
      target.set(part, done);
      done += part.length;
      rest = rest.subarray(part.length);
    }
    return done;
  };
  const take = async (length: number) => {
    const bytes = Buffer.alloc(length);
    return (await into(bytes)) === length ? bytes : null;
  };
  const end = async () => {
    while ((await nextChunk(file, chunks)) !== null);
  };
  const close = async () => {
    inflate.destroy();
    source.destroy();
    await handle.close().catch(() => undefined);
  };
  return { take, into, end, close };
}

async function nextChunk(file: string, chunks: AsyncIterator<Buffer>): Promise<Buffer | null> {
  try {
    const { value, done } = await chunks.next();
    return done ? null : value;
  } catch (cause) {
    throw new UserError(`${file} is damaged or cut short: its compressed data do not add up; get it again`, {
      file,
      cause,
    });
  }
}
