// DICOM objects byte by byte, from PS3.5 and not from our own writer.
import { deflateRawSync } from 'node:zlib';

export type Value = string | number[] | Uint8Array | Item[] | { fragments: Uint8Array[] };
/** Tag as 0xggggeeee → VR and value. */
export type Item = Readonly<Record<number, readonly [vr: string, value: Value]>>;

export interface Encoding {
  readonly explicit?: boolean;
  readonly little?: boolean;
  /** Sequences and items end with delimiters instead of stating their lengths. */
  readonly undefinedLengths?: boolean;
}

const long = new Set(['OB', 'OW', 'OF', 'OD', 'SQ', 'UN', 'UT']);

export function dataSet(item: Item, encoding: Encoding = {}): Buffer {
  const tags = Object.keys(item).map(Number);
  return Buffer.concat(tags.sort((a, b) => a - b).map((tag) => element(tag, item[tag][0], item[tag][1], encoding)));
}

function element(tag: number, vr: string, value: Value, encoding: Encoding): Buffer {
  const { explicit = true, little = true, undefinedLengths = false } = encoding;
  const endless = (vr === 'SQ' && undefinedLengths) || (typeof value === 'object' && 'fragments' in value);
  const content = contentOf(vr, value, encoding);
  const length = endless ? 0xffffffff : content.length;
  const header = Buffer.alloc(explicit && long.has(vr) ? 12 : 8);
  put16(header, 0, Math.floor(tag / 0x10000), little);
  put16(header, 2, tag % 0x10000, little);
  if (explicit) header.write(vr, 4, 'latin1');
  if (!explicit) put32(header, 4, length, little);
  else if (long.has(vr)) put32(header, 8, length, little);
  else put16(header, 6, length, little);
  return Buffer.concat([header, content]);
}

function contentOf(vr: string, value: Value, encoding: Encoding): Buffer {
  const { little = true, undefinedLengths = false } = encoding;
  if (typeof value === 'string') return padded(Buffer.from(value), vr === 'UI' ? 0 : 0x20);
  if (value instanceof Uint8Array) return padded(Buffer.from(value), 0);
  if ('fragments' in value) {
    const parts = value.fragments.flatMap((fragment) => [
      marker(0xe000, padded(Buffer.from(fragment), 0).length, little),
      padded(Buffer.from(fragment), 0),
    ]);
    return Buffer.concat([...parts, marker(0xe0dd, 0, little)]);
  }
  if (vr === 'SQ') {
    const items = (value as Item[]).flatMap((item) => {
      const bytes = dataSet(item, encoding);
      return undefinedLengths
        ? [marker(0xe000, 0xffffffff, little), bytes, marker(0xe00d, 0, little)]
        : [marker(0xe000, bytes.length, little), bytes];
    });
    return Buffer.concat(undefinedLengths ? [...items, marker(0xe0dd, 0, little)] : items);
  }
  const numbers = value as number[];
  const size = vr === 'FD' ? 8 : vr === 'UL' ? 4 : 2;
  const bytes = Buffer.alloc(numbers.length * size);
  numbers.forEach((number, index) => {
    if (size === 8) bytes[little ? 'writeDoubleLE' : 'writeDoubleBE'](number, 8 * index);
    else if (size === 4) put32(bytes, 4 * index, number, little);
    else put16(bytes, 2 * index, number & 0xffff, little);
  });
  return bytes;
}

function marker(element: number, length: number, little: boolean): Buffer {
  const bytes = Buffer.alloc(8);
  put16(bytes, 0, 0xfffe, little);
  put16(bytes, 2, element, little);
  put32(bytes, 4, length, little);
  return bytes;
}

const padded = (bytes: Buffer, by: number): Buffer =>
  bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.of(by)]);
const put16 = (bytes: Buffer, at: number, value: number, little: boolean): number =>
  little ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at);
const put32 = (bytes: Buffer, at: number, value: number, little: boolean): number =>
  little ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at);

export const syntaxes = {
  implicit: '1.2.840.10008.1.2',
  explicit: '1.2.840.10008.1.2.1',
  deflated: '1.2.840.10008.1.2.1.99',
  bigEndian: '1.2.840.10008.1.2.2',
  rle: '1.2.840.10008.1.2.5',
  jpegBaseline: '1.2.840.10008.1.2.4.50',
  jpegExtended: '1.2.840.10008.1.2.4.51',
  jpegLossless: '1.2.840.10008.1.2.4.70',
  jpegLs: '1.2.840.10008.1.2.4.80',
  jpeg2000: '1.2.840.10008.1.2.4.90',
  jpegXl: '1.2.840.10008.1.2.4.110',
  htj2k: '1.2.840.10008.1.2.4.201',
} as const;
export type SyntaxName = keyof typeof syntaxes;

/** A file with preamble and group 2. */
export function dicomFile(item: Item, syntax: SyntaxName = 'explicit', how: Encoding = {}): Buffer {
  const meta = dataSet({ 0x00020010: ['UI', syntaxes[syntax]] });
  const length = dataSet({ 0x00020000: ['UL', [meta.length]] });
  const body = dataSet(item, { ...how, explicit: syntax !== 'implicit', little: syntax !== 'bigEndian' });
  const content = syntax === 'deflated' ? deflateRawSync(body) : body;
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), length, meta, content]);
}

export interface Picture {
  readonly columns: number;
  readonly rows: number;
  readonly bits?: number;
  readonly stored?: number;
  readonly signed?: boolean;
  readonly photometric?: string;
  readonly samples?: number;
  readonly pixels: Value;
  readonly frames?: number;
}

/** The Image Pixel module of a picture. */
export const picture = (p: Picture): Item => ({
  0x00280002: ['US', [p.samples ?? 1]],
  0x00280004: ['CS', p.photometric ?? 'MONOCHROME2'],
  0x00280008: ['IS', String(p.frames ?? 1)],
  0x00280010: ['US', [p.rows]],
  0x00280011: ['US', [p.columns]],
  0x00280100: ['US', [p.bits ?? 16]],
  0x00280101: ['US', [p.stored ?? p.bits ?? 16]],
  0x00280102: ['US', [(p.stored ?? p.bits ?? 16) - 1]],
  0x00280103: ['US', [p.signed ? 1 : 0]],
  0x7fe00010: [(p.bits ?? 16) <= 8 ? 'OB' : 'OW', p.pixels],
});

export interface Place {
  readonly instance: string;
  readonly position: readonly [number, number, number];
  readonly series?: string;
  readonly seriesNumber?: number;
  readonly orientation?: readonly number[];
  readonly spacing?: readonly [number, number];
  readonly modality?: string;
}

/** What puts a slice into a series and into the patient. */
export const place = (p: Place): Item => ({
  0x00080016: ['UI', '1.2.840.10008.5.1.4.1.1.2'],
  0x00080018: ['UI', p.instance],
  0x00080060: ['CS', p.modality ?? 'CT'],
  0x00100020: ['LO', 'patient 1'],
  0x0020000d: ['UI', '1.2.3'],
  0x0020000e: ['UI', p.series ?? '1.2.3.4'],
  0x00200011: ['IS', String(p.seriesNumber ?? 4)],
  0x00200032: ['DS', p.position.join('\\')],
  0x00200037: ['DS', (p.orientation ?? [1, 0, 0, 0, 1, 0]).join('\\')],
  0x00200052: ['UI', '1.2.3.9'],
  0x00280030: ['DS', (p.spacing ?? [2, 3]).join('\\')],
});
