import { promisify } from 'node:util';
import { inflateRaw } from 'node:zlib';
import { UserError } from '../../errors';
import { DataSet, type Element } from './dataSet';
import { sequenceTags, tags } from './tags';
import { transferSyntaxOf, type TransferSyntax } from './transferSyntax';

export interface DicomFile {
  readonly path: string;
  readonly syntax: TransferSyntax;
  readonly data: DataSet;
}

/** Real objects nest four or five deep; a damaged or hostile one shall not exhaust the stack. */
const deepest = 32;
/** Attributes of one object, all its items together: the largest multi-frame objects hold some hundred thousand. */
const mostElements = 1_000_000;
/** Bytes that a deflated object may hold. */
const mostInflated = 2 ** 30;

const itemTag = 0xfffee000;
const itemEnd = 0xfffee00d;
const sequenceEnd = 0xfffee0dd;
const undefinedLength = 0xffffffff;
const longLength = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);

/** Whether bytes (the first 132 are enough) begin as a DICOM file does: with the prefix, or with a group 2 or 8. */
export function looksLikeDicom(bytes: Uint8Array): boolean {
  if (hasPrefix(bytes)) return true;
  const element = bytes[2] | (bytes[3] << 8);
  return bytes.length >= 8 && bytes[1] === 0 && (bytes[0] === 2 || bytes[0] === 8) && element <= 0x18;
}

const hasPrefix = (bytes: Uint8Array): boolean =>
  bytes.length >= 132 && Buffer.from(bytes.subarray(128, 132)).toString('latin1') === 'DICM';

/**
 * Parses a DICOM file (PS3.10, PS3.5 chapter 7): implicit and explicit VR, either byte order, deflated; also without
 * preamble. `before` ends the reading at the first attribute from that tag on. Elements are views of `bytes`.
 * @throws UserError when it is no DICOM file, is damaged, or ends within an attribute other than its pixels.
 */
export async function parseDicom(file: string, bytes: Uint8Array, before = Infinity): Promise<DicomFile> {
  if (!looksLikeDicom(bytes)) throw new UserError(`${file} is not a DICOM file: check where it comes from`, { file });
  const start = hasPrefix(bytes) ? 132 : 0;
  const meta = new Parser(file, bytes.subarray(0, metaEnd(bytes, start)), explicitLittle).top(start, 0x00030000);
  const uid = meta.data.text(tags.TransferSyntaxUID);
  const syntax = uid === undefined ? guessSyntax(bytes, meta.end) : transferSyntaxOf(file, uid);
  const [body, at] = syntax.deflated ? [await inflate(file, bytes.subarray(meta.end)), 0] : [bytes, meta.end];
  return { path: file, syntax, data: new Parser(file, body, syntax).top(at, before).data };
}

const explicitLittle = { explicit: true, little: true };

/** Where group 2 ends as its first attribute says; what follows may be deflated and look like more of it. */
function metaEnd(bytes: Uint8Array, start: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stated = start + 12 <= bytes.length && view.getUint32(start, true) === 0x00000002;
  return stated ? Math.min(bytes.length, start + 12 + view.getUint32(start + 8, true)) : bytes.length;
}

/** Little-endian; explicit where the first attribute is followed by a VR. */
function guessSyntax(bytes: Uint8Array, at: number): TransferSyntax {
  const explicit = isVr(bytes, at + 4);
  return transferSyntaxOf('', explicit ? '1.2.840.10008.1.2.1' : '1.2.840.10008.1.2');
}

const isCapital = (code: number): boolean => code >= 0x41 && code <= 0x5a;
const isVr = (bytes: Uint8Array, at: number): boolean => isCapital(bytes[at]) && isCapital(bytes[at + 1]);

async function inflate(file: string, bytes: Uint8Array): Promise<Uint8Array> {
  try {
    return await promisify(inflateRaw)(bytes, { maxOutputLength: mostInflated });
  } catch (cause) {
    throw new UserError(`${file} is damaged or cut short: its deflated data do not add up; get it again`, {
      file,
      cause,
    });
  }
}

interface Encoding {
  readonly explicit: boolean;
  readonly little: boolean;
}

interface Header {
  readonly tag: number;
  readonly length: number;
  /** Where the value starts. */
  readonly at: number;
  readonly isSequence: boolean;
  /** UN: its content, where it is a sequence, is in implicit VR, little-endian (PS3.5 6.2.2). */
  readonly unknown: boolean;
}

class Parser {
  readonly #view: DataView;
  #count = 0;

  constructor(
    private readonly file: string,
    private readonly bytes: Uint8Array,
    private readonly encoding: Encoding,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The attributes from `at` to the first one whose tag is `before` or higher. */
  top(at: number, before: number): { data: DataSet; end: number } {
    const elements = new Map<number, Element>();
    const data = new DataSet(elements, this.encoding.little);
    const end = this.#elements(elements, data, at, this.bytes.length, this.encoding, 0, before);
    return { data, end };
  }

  /** Fills `into` from `at` to `end`, to an item's end marker, or to the tag `before`; answers where it stopped. */
  #elements(
    into: Map<number, Element>,
    owner: DataSet,
    at: number,
    end: number,
    encoding: Encoding,
    depth: number,
    before = Infinity,
  ): number {
    while (at + 8 <= end) {
      const header = this.#header(at, encoding);
      if (header.tag === itemEnd) return header.at;
      if (header.tag >= before) return at;
      if (++this.#count > mostElements) throw this.#damaged('it holds too many attributes');
      const inner = header.unknown ? { explicit: false, little: true } : encoding;
      if (header.tag === tags.PixelData && header.length === undefinedLength) {
        const { fragments, next } = this.#fragments(header.at, encoding);
        into.set(header.tag, { bytes: new Uint8Array(0), fragments });
        at = next;
      } else if (header.isSequence || header.length === undefinedLength) {
        const { items, next } = this.#items(header, owner, end, inner, depth + 1);
        into.set(header.tag, { bytes: new Uint8Array(0), items });
        at = next;
      } else {
        at = header.at + header.length;
        if (at > end && header.tag < tags.FloatPixelData) throw this.#cutShort();
        into.set(header.tag, { bytes: this.bytes.subarray(header.at, Math.min(at, end)) });
      }
    }
    return Math.min(at, end);
  }

  #header(at: number, { explicit, little }: Encoding): Header {
    const tag = this.#view.getUint16(at, little) * 0x10000 + this.#view.getUint16(at + 2, little);
    const delimiter = tag >= itemTag && tag <= sequenceEnd;
    // Some writers forget the VR of single attributes: what is no VR is part of a length.
    if (delimiter || !explicit || !isVr(this.bytes, at + 4)) {
      const length = this.#view.getUint32(at + 4, little);
      return { tag, length, at: at + 8, isSequence: sequenceTags.has(tag) && !delimiter, unknown: false };
    }
    const vr = String.fromCharCode(this.bytes[at + 4], this.bytes[at + 5]);
    const unknown = vr === 'UN';
    const isSequence = vr === 'SQ' || (unknown && sequenceTags.has(tag));
    if (!longLength.has(vr))
      return { tag, length: this.#view.getUint16(at + 6, little), at: at + 8, isSequence, unknown };
    if (at + 12 > this.bytes.length) throw this.#cutShort();
    return { tag, length: this.#view.getUint32(at + 8, little), at: at + 12, isSequence, unknown };
  }

  #items(
    { at, length }: Header,
    owner: DataSet,
    outer: number,
    encoding: Encoding,
    depth: number,
  ): { items: DataSet[]; next: number } {
    if (depth > deepest) throw this.#damaged(`its sequences are nested more than ${deepest} deep`);
    const end = length === undefinedLength ? outer : at + length;
    if (end > outer) throw this.#cutShort();
    const items: DataSet[] = [];
    while (at + 8 <= end) {
      const item = this.#header(at, encoding);
      if (item.tag === sequenceEnd) return { items, next: item.at };
      if (item.tag !== itemTag) throw this.#damaged('a sequence holds something else than items');
      const itemLimit = item.length === undefinedLength ? end : item.at + item.length;
      if (itemLimit > end) throw this.#cutShort();
      const elements = new Map<number, Element>();
      const data = new DataSet(elements, encoding.little, owner);
      at = this.#elements(elements, data, item.at, itemLimit, encoding, depth);
      if (item.length !== undefinedLength) at = itemLimit;
      items.push(data);
    }
    if (length === undefinedLength) throw this.#cutShort();
    return { items, next: end };
  }

  /** PS3.5 annex A.4: an offset table, then fragments, as items. */
  #fragments(at: number, encoding: Encoding): { fragments: Uint8Array[]; next: number } {
    const fragments: Uint8Array[] = [];
    while (at + 8 <= this.bytes.length) {
      const item = this.#header(at, encoding);
      if (item.tag === sequenceEnd) return { fragments, next: item.at };
      if (item.tag !== itemTag || item.length === undefinedLength) {
        throw this.#damaged('its compressed pixels are not in fragments');
      }
      at = item.at + item.length;
      // Decoders make a picture of what is left of a stream, and do not say that some is missing.
      if (at > this.bytes.length) throw this.#cutShort();
      fragments.push(this.bytes.subarray(item.at, at));
    }
    return { fragments, next: this.bytes.length };
  }

  #cutShort(): UserError {
    return new UserError(`${this.file} is damaged or cut short: it ends too early; get it again`, {
      file: this.file,
    });
  }

  #damaged(why: string): UserError {
    return new UserError(`${this.file} is damaged: ${why}; get it again`, { file: this.file });
  }
}
