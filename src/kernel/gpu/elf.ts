import { open, type FileHandle } from 'node:fs/promises';
import { UserError } from '../errors';

/** What a shared library asks of the dynamic loader. */
export interface DynamicSection {
  /** Names of the libraries it cannot be loaded without. */
  readonly needed: readonly string[];
  /** Its own name, by which others ask for it. */
  readonly soname: string | null;
  /** Folders that its needs are looked for in. */
  readonly runpath: string | null;
}

const elf64LittleEndian = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
const headerSize = 64;
const segmentTypes = { load: 1, dynamic: 2 };
const tags = { needed: 1, stringTable: 5, soname: 14, rpath: 15, runpath: 29 };

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

/**
 * Reads a library's dynamic section, as `readelf -d` shows it: 64-bit, little-endian. (System V ABI, chapters 4 and 5.)
 * @throws UserError when it is no such library
 */
export async function readDynamicSection(file: string): Promise<DynamicSection> {
  const handle = await open(file, 'r');
  try {
    const segments = await readSegments(handle, file);
    const dynamic = segments.find(({ type }) => type === segmentTypes.dynamic);
    if (dynamic === undefined) throw notALibrary(file);
    const entries = entriesOf(await read(handle, file, dynamic.offset, dynamic.size));
    const stringsAt = entries.find(([tag]) => tag === tags.stringTable)?.[1];
    const home = segments.find(
      ({ type, address, size }) =>
        type === segmentTypes.load && stringsAt !== undefined && stringsAt >= address && stringsAt < address + size,
    );
    if (stringsAt === undefined || home === undefined) throw notALibrary(file);
    const within = stringsAt - home.address;
    const strings = await read(handle, file, home.offset + within, home.size - within);
    const texts = (wanted: number): string[] =>
      entries.filter(([tag]) => tag === wanted).map(([, value]) => textAt(strings, value));
    return {
      needed: texts(tags.needed),
      soname: texts(tags.soname).at(0) ?? null,
      runpath: texts(tags.runpath).at(0) ?? texts(tags.rpath).at(0) ?? null,
    };
  } finally {
    await handle.close();
  }
}

async function readSegments(handle: FileHandle, file: string): Promise<Segment[]> {
  const header = await read(handle, file, 0, headerSize);
  if (!header.subarray(0, elf64LittleEndian.length).equals(elf64LittleEndian)) throw notALibrary(file);
  const [offset, size, count] = [position(header, 32), header.readUInt16LE(54), header.readUInt16LE(56)];
  const table = await read(handle, file, offset, size * count);
  return Array.from({ length: count }, (_, index) => {
    const entry = table.subarray(index * size);
    return {
      type: entry.readUInt32LE(0),
      offset: position(entry, 8),
      address: position(entry, 16),
      size: position(entry, 32),
    };
  });
}

/** Tag and value of each entry, up to the one that ends the section. */
function entriesOf(section: Buffer): [tag: number, value: number][] {
  const entries: [number, number][] = [];
  for (let at = 0; at + 16 <= section.length; at += 16) {
    const tag = position(section, at);
    if (tag === 0) break;
    entries.push([tag, position(section, at + 8)]);
  }
  return entries;
}

const textAt = (strings: Buffer, at: number): string => strings.toString('latin1', at, strings.indexOf(0, at));

/** No file or address here comes near 2^53; flags that do are not asked for. */
const position = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64LE(at));

async function read(handle: FileHandle, file: string, at: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, at);
  if (bytesRead < length) throw notALibrary(file);
  return buffer;
}

const notALibrary = (file: string): UserError =>
  new UserError(`${file} is no shared library of a 64-bit system: get it again`, { file });
