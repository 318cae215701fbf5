import type { Element } from './elements';
import { badHeader, type DataFile, geometryOf, type VolumeLayout } from './layout';
import { headerText, namedFiles } from './textHeader';

const elements: Readonly<Record<string, Element>> = {
  CHAR: 'int8',
  ASCII_CHAR: 'int8',
  UCHAR: 'uint8',
  SHORT: 'int16',
  USHORT: 'uint16',
  INT: 'int32',
  UINT: 'uint32',
  // Of four bytes in a file, whatever a `long` is on the machine that wrote it.
  LONG: 'int32',
  ULONG: 'uint32',
  LONG_LONG: 'int64',
  ULONG_LONG: 'uint64',
  FLOAT: 'float32',
  DOUBLE: 'float64',
};

/** A header's values by key, in lower case. */
type Fields = ReadonlyMap<string, string>;

/** The key that ends every header. */
const last = /^\s*ElementDataFile\s*[=:]/i;

/**
 * Reads the header of a MetaImage, with its voxels behind it (`.mha`) or in files of their own (`.mhd`).
 * @throws UserError when it is none, or cannot be followed
 */
export async function metaLayout(file: string): Promise<VolumeLayout> {
  const { lines, end } = await headerText(file, (line) => last.test(line), true);
  const fields = fieldsOf(lines);
  const place = fields.get('elementdatafile');
  if (place === undefined || !fields.has('ndims')) {
    throw badHeader(file, 'it has no header of a MetaImage; check where it comes from');
  }
  const axes = countOf(file, fields);
  const extents = numbersOf(file, fields, ['dimsize'], axes) ?? [];
  if (extents.length !== axes || !extents.every((extent) => Number.isSafeInteger(extent) && extent >= 1)) {
    throw badHeader(file, `its header gives ${axes} axes the sizes ${fields.get('dimsize') ?? 'none'}; get it again`);
  }
  const spacing = numbersOf(file, fields, ['elementspacing', 'elementsize'], axes) ?? [];
  const origin = numbersOf(file, fields, ['offset', 'origin', 'position'], axes) ?? [];
  const matrix = numbersOf(file, fields, ['transformmatrix', 'rotation', 'orientation'], axes * axes);
  // A row of the matrix is where an axis points to.
  const rows = matrix && Array.from({ length: axes }, (_, axis) => matrix.slice(axis * axes, (axis + 1) * axes));
  const channels = Number(fields.get('elementnumberofchannels') ?? 1);
  if (!Number.isSafeInteger(channels) || channels < 1) {
    throw badHeader(file, `its header gives a voxel ${fields.get('elementnumberofchannels')} values; get it again`);
  }
  return {
    file,
    extents,
    element: elementOf(file, fields),
    little: !(isTrue(fields, 'binarydatabyteordermsb') || isTrue(fields, 'elementbyteordermsb')),
    channels,
    channelAxis: 0,
    geometry: geometryOf(file, spacing, origin, rows ?? []),
    scale: null,
    data: await dataOf(file, fields, place, end),
  };
}

function fieldsOf(lines: readonly string[]): Fields {
  const fields = new Map<string, string>();
  for (const line of lines) {
    // Trimmed afterwards: a pattern would try a line of a million spaces a million times.
    const match = /^\s*(\w+)\s*[=:]([^]*)$/.exec(line);
    if (match) fields.set(match[1].toLowerCase(), match[2].trim());
  }
  return fields;
}

/** As MetaIO reads it: by the first letter. */
const isTrue = (fields: Fields, key: string): boolean => /^[t1]/i.test(fields.get(key) ?? '');

function countOf(file: string, fields: Fields): number {
  const axes = Number(fields.get('ndims'));
  if (Number.isInteger(axes) && axes >= 1 && axes <= 10) return axes;
  throw badHeader(file, `its header gives it ${fields.get('ndims')} axes; get it again`);
}

/** The numbers under the first of these keys that is there; null where none is. */
function numbersOf(file: string, fields: Fields, keys: readonly string[], count: number): number[] | null {
  const key = keys.find((each) => fields.has(each));
  if (key === undefined) return null;
  const words = (fields.get(key) ?? '').split(/\s+/).slice(0, count);
  const numbers = words.map((word) => (word === '' ? NaN : Number(word)));
  if (numbers.length === count && numbers.every(Number.isFinite)) return numbers;
  throw badHeader(file, `its header has not ${count} numbers for ${key} (${fields.get(key)}); get it again`);
}

function elementOf(file: string, fields: Fields): Element {
  const name = fields.get('elementtype') ?? '';
  const key = name
    .replace(/^MET_/i, '')
    .replace(/_ARRAY$/i, '')
    .toUpperCase();
  if (Object.hasOwn(elements, key)) return elements[key];
  throw badHeader(file, `its values are of the type "${name}", which is not read; save it with another`);
}

async function dataOf(file: string, fields: Fields, place: string, end: number): Promise<DataFile[]> {
  const binary = !fields.has('binarydata') || isTrue(fields, 'binarydata');
  const encoding = !binary ? 'text' : isTrue(fields, 'compresseddata') ? 'deflated' : 'raw';
  const skipped = Number(fields.get('headersize') ?? 0);
  const fromEnd = skipped === -1 && encoding === 'raw';
  if (!fromEnd && !(Number.isSafeInteger(skipped) && skipped >= 0)) {
    throw badHeader(file, `its header skips ${fields.get('headersize')} bytes; save it again`);
  }
  const rest = { encoding, skipLines: 0, skipBytes: 0 } as const;
  if (/^LOCAL$/i.test(place)) return [{ ...rest, file, from: fromEnd ? 'end' : Math.max(end, skipped) }];
  const names = /^LIST\b/i.test(place) ? (await headerText(file, () => false, true)).lines : [];
  const following = names.slice(names.findIndex((line) => last.test(line)) + 1);
  return namedFiles(file, place, following).map((each) => ({ ...rest, file: each, from: fromEnd ? 'end' : skipped }));
}
