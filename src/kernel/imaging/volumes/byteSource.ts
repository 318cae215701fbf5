import type fs from 'node:fs/promises';
import { createUnzip } from 'node:zlib';
import { UserError } from '../../errors';
import { openFile } from '../../files';

/** The content of a file from some byte on, inflated where it is compressed, read from its beginning to its end. */
export interface ByteSource {
  /** @returns how many bytes of `target` were filled: fewer than it has where the content ends. */
  into(target: Uint8Array): Promise<number>;
  /** @returns how many bytes there were to skip. */
  skip(length: number): Promise<number>;
  /** Reads on, in reason, to where compressed content says whether it is whole. */
  end(): Promise<void>;
  close(): Promise<void>;
}

/** gzip and zlib, which tell themselves apart. */
export type Packing = 'none' | 'deflated';

/** No stored byte becomes more than this many (RFC 1951: 258 bytes of two bits). */
export const mostInflated = 1032;

const pieceBytes = 1 << 20;
/** What is read past the last byte that is needed, to find the checksum. */
const mostAfter = 16 * pieceBytes;

/** @throws UserError when the file is missing or may not be read; while reading, when it is damaged. */
export async function openBytes(file: string, packing: Packing, from = 0): Promise<ByteSource> {
  const { handle } = await openFile(file);
  return packing === 'none' ? plain(handle, from) : inflating(file, handle, from);
}

/** The first bytes of a file, as many as it has up to `most`. */
export async function firstBytes(file: string, packing: Packing, most: number): Promise<Buffer> {
  const source = await openBytes(file, packing);
  try {
    const bytes = Buffer.alloc(most);
    return bytes.subarray(0, await source.into(bytes));
  } finally {
    await source.close();
  }
}

/** Whether a file begins as gzip does, whatever it is called. */
export async function packingOf(file: string): Promise<Packing> {
  const [first, second] = await firstBytes(file, 'none', 2);
  return first === 0x1f && second === 0x8b ? 'deflated' : 'none';
}

/** Pages of a new array are made as they are written, by the thread that writes: two threads make them faster. */
const readers = 2;
const partBytes = 1 << 23;

function plain(handle: fs.FileHandle, from: number): ByteSource {
  let position = from;
  const part = async (target: Uint8Array, begin: number): Promise<number> => {
    let done = 0;
    while (done < target.length) {
      const { bytesRead } = await handle.read(target, done, target.length - done, begin + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  };
  return {
    async into(target) {
      let next = 0;
      let end = target.length;
      const work = async (): Promise<void> => {
        while (next < end) {
          const begin = next;
          const piece = target.subarray(begin, Math.min(begin + partBytes, target.length));
          next = begin + piece.length;
          const read = await part(piece, position + begin);
          if (read < piece.length) end = Math.min(end, begin + read);
        }
      };
      await Promise.all(Array.from({ length: readers }, work));
      position += end;
      return end;
    },
    async skip(length) {
      const { size } = await handle.stat();
      const skipped = Math.max(Math.min(length, size - position), 0);
      position += skipped;
      return skipped;
    },
    end: async () => undefined,
    close: () => handle.close(),
  };
}

function inflating(file: string, handle: fs.FileHandle, from: number): ByteSource {
  const source = handle.createReadStream({ start: from, highWaterMark: pieceBytes });
  const inflate = createUnzip({ chunkSize: pieceBytes });
  source.on('error', (error) => inflate.destroy(error));
  const pieces = source.pipe(inflate)[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Buffer = Buffer.alloc(0);
  /** Gives up to `length` bytes, in pieces. */
  const each = async (length: number, use: (piece: Buffer, at: number) => void): Promise<number> => {
    let done = 0;
    while (done < length) {
      if (rest.length === 0) {
        const next = await nextPiece(file, pieces);
        if (next === null) break;
        rest = next;
      }
      const piece = rest.subarray(0, length - done);
      use(piece, done);
      done += piece.length;
      rest = rest.subarray(piece.length);
    }
    return done;
  };
  return {
    into: (target) => each(target.length, (piece, at) => target.set(piece, at)),
    skip: (length) => each(length, () => undefined),
    end: async () => void (await each(mostAfter, () => undefined)),
    async close() {
      inflate.destroy();
      source.destroy();
      await handle.close().catch(() => undefined);
    },
  };
}

async function nextPiece(file: string, pieces: AsyncIterator<Buffer>): Promise<Buffer | null> {
  try {
    const { value, done } = await pieces.next();
    return done ? null : value;
  } catch (cause) {
    throw new UserError(`${file} is damaged or cut short: its compressed data do not add up; get it again`, {
      file,
      cause,
    });
  }
}
