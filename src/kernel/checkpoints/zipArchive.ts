import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { promisify } from 'node:util';
import { createInflateRaw, inflateRaw } from 'node:zlib';
import { UserError } from '../errors';
import { readExactly } from './fileRange';

const inflateRawAsync = promisify(inflateRaw);

interface ZipEntry {
  readonly method: number;
  readonly encrypted: boolean;
  readonly compressedSize: number;
  readonly size: number;
  /** Position of its local header. */
  readonly offset: number;
  /** Whether it stands for a symbolic link, whose target is its content. */
  readonly link: boolean;
}

const signatures = {
  local: 0x04034b50,
  central: 0x02014b50,
  end: 0x06054b50,
  end64: 0x06064b50,
  locator64: 0x07064b50,
};
const lengths = { local: 30, central: 46, end: 22, end64: 56, locator64: 20, longestComment: 0xffff };
const in64 = 0xffffffff;
/** Of the mode that archives made on Unix keep: which kind of file an entry is, and that of links. */
const modes = { kind: 0o170000, link: 0o120000 };
/** Of `stream`, in bytes. */
const pieceLength = 1 << 20;

/**
 * Entries of a zip archive, read on demand from an open file: checkpoints may be larger than a buffer can be.
 * Stored and deflated entries, zip64. (APPNOTE.TXT 6.3, sections 4.3 and 4.5.3.)
 */
export class ZipArchive {
  private constructor(
    private readonly handle: FileHandle,
    private readonly file: string,
    private readonly fileSize: number,
    private readonly entries: ReadonlyMap<string, ZipEntry>,
  ) {}

  /** Reads the archive's directory. @throws UserError when it is cut short or damaged. */
  static async open(handle: FileHandle, file: string, fileSize: number): Promise<ZipArchive> {
    const tailLength = Math.min(fileSize, lengths.end + lengths.locator64 + lengths.longestComment);
    const tail = await readExactly(handle, file, fileSize - tailLength, tailLength);
    const directory = await locateDirectory(handle, file, fileSize, tail);
    if (directory === null || directory.offset + directory.size > fileSize) throw damaged(file, 'its end is missing');
    const bytes = await readExactly(handle, file, directory.offset, directory.size);
    return new ZipArchive(handle, file, fileSize, parseDirectory(file, bytes));
  }

  get names(): string[] {
    return [...this.entries.keys()];
  }

  /**
   * Content of one entry, in memory of its own. `expected`: the size that it must have, checked before it is read.
   * Its CRC is not compared: PyTorch can be told to leave a meaningless one (`set_crc32_options`).
   * @throws UserError when it is not there, of another size, or damaged.
   */
  async read(name: string, expected?: number): Promise<Uint8Array<ArrayBuffer>> {
    const { entry, start } = await this.place(name, expected);
    const stored = await readExactly(this.handle, this.file, start, entry.compressedSize);
    return entry.method === 0 ? stored : await this.inflate(name, stored, entry.size);
  }

  /**
   * Where the content of a stored entry of `expected` bytes lies in the file; null for one that is packed.
   * @throws UserError as `read` does.
   */
  async locate(name: string, expected: number): Promise<number | null> {
    const { entry, start } = await this.place(name, expected);
    return entry.method === 0 ? start : null;
  }

  /** Unpacked size of an entry, in bytes. @throws UserError when it is not there */
  sizeOf(name: string): number {
    return this.entry(name).size;
  }

  /** Whether an entry stands for a symbolic link. @throws UserError when it is not there */
  isLink(name: string): boolean {
    return this.entry(name).link;
  }

  /** Content of one entry piece by piece, for those that memory should not hold. The stream fails as `read` does. */
  async stream(name: string): Promise<AsyncIterable<Uint8Array>> {
    const { entry, start } = await this.place(name);
    return this.pieces(name, entry, start);
  }

  private async *pieces(name: string, entry: ZipEntry, start: number): AsyncGenerator<Uint8Array> {
    const stored = this.storedPieces(start, entry.compressedSize);
    const content = entry.method === 0 ? stored : pipeline(stored, createInflateRaw(), () => undefined);
    let size = 0;
    try {
      for await (const piece of content as AsyncIterable<Uint8Array>) {
        size += piece.length;
        yield piece;
      }
    } catch (error) {
      throw error instanceof UserError ? error : damaged(this.file, `${name} does not unpack`);
    }
    if (size !== entry.size) throw damaged(this.file, `${name} is shorter than it should be`);
  }

  /** Not a stream of the handle's: that would close it. */
  private async *storedPieces(start: number, length: number): AsyncGenerator<Uint8Array> {
    for (let done = 0; done < length; done += pieceLength) {
      yield await readExactly(this.handle, this.file, start + done, Math.min(pieceLength, length - done));
    }
  }

  private entry(name: string): ZipEntry {
    const entry = this.entries.get(name);
    if (entry === undefined) throw damaged(this.file, `${name} is missing`);
    return entry;
  }

  /** An entry and the position of its content. `expected`: the size that it must have. */
  private async place(name: string, expected?: number): Promise<{ entry: ZipEntry; start: number }> {
    const entry = this.entry(name);
    if (expected !== undefined && entry.size !== expected) {
      throw damaged(this.file, `${name} holds ${entry.size} bytes instead of ${expected}`);
    }
    if (entry.encrypted || (entry.method !== 0 && entry.method !== 8)) {
      throw damaged(this.file, `${name} is encrypted or packed in an unusual way`);
    }
    const local = view(await readExactly(this.handle, this.file, entry.offset, lengths.local));
    if (local.getUint32(0, true) !== signatures.local) throw damaged(this.file, `${name} is not where it should be`);
    const start = entry.offset + lengths.local + local.getUint16(26, true) + local.getUint16(28, true);
    if (start + entry.compressedSize > this.fileSize) throw damaged(this.file, `${name} reaches beyond its end`);
    if (entry.method === 0 && entry.compressedSize !== entry.size) {
      throw damaged(this.file, `${name} is shorter than it should be`);
    }
    return { entry, start };
  }

  private async inflate(name: string, packed: Uint8Array, size: number): Promise<Uint8Array<ArrayBuffer>> {
    let content: Uint8Array;
    try {
      content = await inflateRawAsync(packed, { maxOutputLength: Math.max(1, size) });
    } catch {
      throw damaged(this.file, `${name} does not unpack`);
    }
    if (content.length !== size) throw damaged(this.file, `${name} is shorter than it should be`);
    return new Uint8Array(content);
  }
}

interface DirectoryPlace {
  readonly offset: number;
  readonly size: number;
}

async function locateDirectory(
  handle: FileHandle,
  file: string,
  fileSize: number,
  tail: Uint8Array<ArrayBuffer>,
): Promise<DirectoryPlace | null> {
  const bytes = view(tail);
  for (let at = tail.length - lengths.end; at >= 0; at--) {
    if (bytes.getUint32(at, true) !== signatures.end) continue;
    const place = { size: bytes.getUint32(at + 12, true), offset: bytes.getUint32(at + 16, true) };
    const locator = at - lengths.locator64;
    if (locator < 0 || bytes.getUint32(locator, true) !== signatures.locator64) return place;
    const position = Number(bytes.getBigUint64(locator + 8, true));
    if (position + lengths.end64 > fileSize) return null;
    const end64 = view(await readExactly(handle, file, position, lengths.end64));
    if (end64.getUint32(0, true) !== signatures.end64) return null;
    return { size: Number(end64.getBigUint64(40, true)), offset: Number(end64.getBigUint64(48, true)) };
  }
  return null;
}

function parseDirectory(file: string, directory: Uint8Array<ArrayBuffer>): Map<string, ZipEntry> {
  const bytes = view(directory);
  const entries = new Map<string, ZipEntry>();
  for (let at = 0; at < directory.length;) {
    if (at + lengths.central > directory.length || bytes.getUint32(at, true) !== signatures.central) {
      throw damaged(file, 'its directory is broken');
    }
    const nameEnd = at + lengths.central + bytes.getUint16(at + 28, true);
    const extraEnd = nameEnd + bytes.getUint16(at + 30, true);
    if (extraEnd > directory.length) throw damaged(file, 'its directory is broken');
    const name = Buffer.from(directory.buffer, at + lengths.central, nameEnd - at - lengths.central).toString('utf8');
    // Sizes that do not fit 32 bits stand in the zip64 extra field, in this order and only where needed.
    const wide = zip64Values(bytes, nameEnd, extraEnd);
    const field = (position: number): number => {
      const value = bytes.getUint32(position, true);
      return value === in64 ? (wide.shift() ?? value) : value;
    };
    const size = field(at + 24);
    const compressedSize = field(at + 20);
    const offset = field(at + 42);
    const encrypted = (bytes.getUint16(at + 8, true) & 1) === 1;
    const link = ((bytes.getUint32(at + 38, true) >>> 16) & modes.kind) === modes.link;
    entries.set(name, { method: bytes.getUint16(at + 10, true), encrypted, compressedSize, size, offset, link });
    at = extraEnd + bytes.getUint16(at + 32, true);
  }
  return entries;
}

function zip64Values(bytes: DataView, start: number, end: number): number[] {
  for (let at = start; at + 4 <= end; at += 4 + bytes.getUint16(at + 2, true)) {
    if (bytes.getUint16(at, true) !== 1) continue;
    const count = Math.floor(Math.min(bytes.getUint16(at + 2, true), end - at - 4, 24) / 8);
    return Array.from({ length: count }, (_, index) => Number(bytes.getBigUint64(at + 4 + 8 * index, true)));
  }
  return [];
}

const view = (bytes: Uint8Array<ArrayBuffer>): DataView => new DataView(bytes.buffer);

function damaged(file: string, why: string): UserError {
  return new UserError(`${file} is damaged or cut short (${why}): get it again`, { file });
}
