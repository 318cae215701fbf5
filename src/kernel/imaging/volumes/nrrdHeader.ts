import type { Element } from './elements';
import { badHeader, type DataFile, geometryOf, type VolumeGeometry, type VolumeLayout } from './layout';
import { headerText, namedFiles } from './textHeader';

/** The names that the format knows for each type (teem, "NRRD: definition of file format"). */
const typeNames: Readonly<Record<Element, readonly string[]>> = {
  int8: ['signed char', 'int8', 'int8_t'],
  uint8: ['uchar', 'unsigned char', 'uint8', 'uint8_t'],
  int16: ['short', 'short int', 'signed short', 'signed short int', 'int16', 'int16_t'],
  uint16: ['ushort', 'unsigned short', 'unsigned short int', 'uint16', 'uint16_t'],
  int32: ['int', 'signed int', 'int32', 'int32_t'],
  uint32: ['uint', 'unsigned int', 'uint32', 'uint32_t'],
  int64: ['longlong', 'long long', 'long long int', 'signed long long', 'signed long long int', 'int64', 'int64_t'],
  uint64: ['ulonglong', 'unsigned long long', 'unsigned long long int', 'uint64', 'uint64_t'],
  float32: ['float'],
  float64: ['double'],
};

const encodings: Readonly<Record<string, DataFile['encoding']>> = {
  raw: 'raw',
  gzip: 'deflated',
  gz: 'deflated',
  ascii: 'text',
  text: 'text',
  txt: 'text',
  hex: 'hex',
};

/** Which of the world's axes run against the patient's left, back and head; all others are taken as they are. */
const spaces: Readonly<Record<string, { readonly axes: number; readonly signs: readonly number[] }>> = {
  'left-posterior-superior': { axes: 3, signs: [1, 1, 1] },
  'right-anterior-superior': { axes: 3, signs: [-1, -1, 1] },
  'left-anterior-superior': { axes: 3, signs: [1, -1, 1] },
  'scanner-xyz': { axes: 3, signs: [1, 1, 1] },
  '3d-right-handed': { axes: 3, signs: [1, 1, 1] },
  '3d-left-handed': { axes: 3, signs: [1, 1, 1] },
};
const shortSpaces: Readonly<Record<string, string>> = {
  lps: 'left-posterior-superior',
  ras: 'right-anterior-superior',
  las: 'left-anterior-superior',
};

/** Kinds of axes along which voxels lie; along all others lie the values of one voxel. */
const domains = new Set(['domain', 'space', 'time', '???', 'none', '']);

/** A header's fields by name, in lower case and without spaces (some are written both ways). */
type Fields = ReadonlyMap<string, string>;

/**
 * Reads the header of an NRRD file, or of a detached one (`.nhdr`).
 * @throws UserError when it is none, or cannot be followed
 */
export async function nrrdLayout(file: string): Promise<VolumeLayout> {
  const { lines, end } = await headerText(file, (line) => line === '', false);
  if (!/^NRRD\d/.test(lines[0] ?? ''))
    throw badHeader(file, 'it does not begin as NRRD does; check where it comes from');
  const { fields, following } = fieldsOf(file, lines.slice(1));
  const extents = sizesOf(file, fields);
  const kinds = wordsOf(fields.get('kinds')).map((kind) => kind.toLowerCase());
  const axes = extents.map((extent, axis) => ({ extent, axis, kind: kinds[axis] ?? '' }));
  const vectors = vectorsOf(file, fields, axes.length);
  const lastPlaced = vectors?.findLastIndex((vector) => vector !== null) ?? axes.length;
  // An axis without a place in space counts volumes where it comes last, and values of a voxel where it comes first.
  const isDomain = ({ axis, kind }: (typeof axes)[number]): boolean =>
    domains.has(kind) && (vectors === null || vectors[axis] !== null || axis > lastPlaced);
  const [domain, range] = [axes.filter(isDomain), axes.filter((axis) => !isDomain(axis))];
  if (range.length > 1)
    throw badHeader(file, `${range.length} of its axes hold values of one voxel; save it as one volume`);
  if (domain.length === 0) throw badHeader(file, 'none of its axes lies in space; save it as one volume');
  const element = elementOf(file, fields);
  const data = dataOf(file, fields, following, end);
  return {
    file,
    extents: domain.map(({ extent }) => extent),
    element,
    little: isLittle(file, fields, element, data[0].encoding),
    channels: range[0]?.extent ?? 1,
    channelAxis: range[0]?.axis ?? 0,
    geometry: placeOf(
      file,
      fields,
      domain.map(({ axis }) => axis),
      vectors,
    ),
    scale: null,
    data,
  };
}

function fieldsOf(file: string, lines: readonly string[]): { fields: Fields; following: readonly string[] } {
  const fields = new Map<string, string>();
  for (const [index, line] of lines.entries()) {
    const parts = /^([^:#]+):(?!=)([^]*)$/.exec(line);
    // Trimmed afterwards: a pattern would try a line of a million spaces a million times.
    const match = parts && [parts[0], parts[1], parts[2].trim()];
    if (match === null) continue; // a comment, or a key with a value of the user's
    const name = match[1].toLowerCase().replaceAll(' ', '');
    if (fields.has(name)) throw badHeader(file, `its header says twice what its "${match[1]}" is; save it again`);
    fields.set(name, match[2]);
    // The names of a list end the header.
    if (name === 'datafile' && /^LIST/i.test(match[2])) return { fields, following: lines.slice(index + 1) };
  }
  return { fields, following: [] };
}

const wordsOf = (text = ''): string[] => text.split(/\s+/).filter((word) => word !== '');

function sizesOf(file: string, fields: Fields): number[] {
  const dimension = Number(fields.get('dimension'));
  const sizes = wordsOf(fields.get('sizes')).map(Number);
  const counted = Number.isInteger(dimension) && dimension >= 1 && dimension <= 16 && sizes.length === dimension;
  if (counted && sizes.every((size) => Number.isSafeInteger(size) && size >= 1)) return sizes;
  throw badHeader(
    file,
    `its header gives ${fields.get('dimension') ?? 'no'} axes the sizes ${sizes.join(' ')}; get it again`,
  );
}

function elementOf(file: string, fields: Fields): Element {
  const name = (fields.get('type') ?? '').toLowerCase().replace(/\s+/g, ' ');
  for (const [element, names] of Object.entries(typeNames)) {
    if (names.includes(name)) return element as Element;
  }
  throw badHeader(file, `its values are of the type "${name}", which is not read; save it with another`);
}

function isLittle(file: string, fields: Fields, element: Element, encoding: DataFile['encoding']): boolean {
  const endian = fields.get('endian')?.toLowerCase();
  if (endian === 'little' || endian === 'big') return endian === 'little';
  if (endian === undefined && (encoding === 'text' || /8$/.test(element))) return true;
  throw badHeader(file, 'its header does not say which of the bytes of a value comes first (endian); save it again');
}

function dataOf(file: string, fields: Fields, following: readonly string[], end: number): DataFile[] {
  const name = (fields.get('encoding') ?? '').toLowerCase();
  if (!Object.hasOwn(encodings, name)) {
    throw badHeader(file, `its encoding is "${name}", which is not read; save it as raw or gzip`);
  }
  const encoding = encodings[name];
  const skipLines = Number(fields.get('lineskip') ?? 0);
  const skipBytes = Number(fields.get('byteskip') ?? 0);
  const fromEnd = skipBytes === -1 && encoding === 'raw';
  if (
    !Number.isSafeInteger(skipLines) ||
    skipLines < 0 ||
    (!fromEnd && !(Number.isSafeInteger(skipBytes) && skipBytes >= 0))
  ) {
    throw badHeader(file, 'its header skips a number of lines or bytes that is none; save it again');
  }
  const rest = { encoding, skipLines, skipBytes: fromEnd ? 0 : skipBytes };
  const detached = fields.get('datafile');
  if (detached === undefined) return [{ ...rest, file, from: fromEnd ? 'end' : end }];
  return namedFiles(file, detached, following).map((each) => ({ ...rest, file: each, from: fromEnd ? 'end' : 0 }));
}

/** Where a step along each axis leads; null for an axis without a place, and where the header places none. */
function vectorsOf(file: string, fields: Fields, axes: number): (readonly number[] | null)[] | null {
  const text = fields.get('spacedirections');
  if (text === undefined) return null;
  const vectors = [...text.matchAll(/\(([^)]*)\)|none/gi)].map(([, inside]) => inside?.split(',').map(Number) ?? null);
  if (vectors.length === axes) return vectors;
  throw badHeader(file, `its header gives ${axes} axes ${vectors.length} directions; save it again`);
}

function placeOf(
  file: string,
  fields: Fields,
  domain: readonly number[],
  vectors: (readonly number[] | null)[] | null,
): VolumeGeometry {
  if (vectors === null) return unplaced(file, fields, domain);
  const { axes, signs } = spaceOf(file, fields);
  const origin =
    /\(([^)]*)\)/
      .exec(fields.get('spaceorigin') ?? '')?.[1]
      .split(',')
      .map(Number) ?? Array<number>(axes).fill(0);
  const vectorsInSpace = domain.flatMap((axis) => (vectors[axis] ? [vectors[axis]] : []));
  const placed = vectorsInSpace.length;
  const fits = origin.length === axes && vectorsInSpace.every((vector) => vector.length === axes);
  if (!fits || placed < Math.min(axes, 3) - 1 || placed > axes) {
    throw badHeader(file, `its header places ${placed} axes in a space of ${axes}; save it again`);
  }
  const flip = (vector: readonly number[]): number[] => vector.map((value, index) => value * (signs[index] ?? 1));
  const spacing = vectorsInSpace.map((vector) => Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0)));
  // Times the inverse, as teem has it, to the last bit.
  const unit = vectorsInSpace.map((vector, index) => flip(vector.map((value) => value * (1 / spacing[index]))));
  if (unit.length === 2 && axes === 3) {
    unit.push(unitOf(cross(unit[0], unit[1])));
    spacing.push(1);
  }
  return geometryOf(file, spacing, flip(origin), unit);
}

const cross = (a: readonly number[], b: readonly number[]): number[] => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

const unitOf = (vector: readonly number[]): number[] => vector.map((value) => value / Math.hypot(...vector));

function spaceOf(file: string, fields: Fields): { readonly axes: number; readonly signs: readonly number[] } {
  const given = fields.get('space')?.toLowerCase();
  if (given === undefined) {
    const axes = Number(fields.get('spacedimension'));
    if (Number.isInteger(axes) && axes >= 1 && axes <= 8) return { axes, signs: [] };
    throw badHeader(file, 'its header gives directions and no space for them; save it again');
  }
  const timed = given.endsWith('-time') || /^(lps|ras|las)t$/.test(given);
  const name = timed ? given.replace(/-time$|t$/, '') : given;
  const space = spaces[shortSpaces[name] ?? name];
  if (space === undefined) throw badHeader(file, `its space is "${given}", which is not known; save it in LPS or RAS`);
  return timed ? { ...space, axes: space.axes + 1 } : space;
}

/** Without a space: how far apart voxels lie, and what the first position along each axis is. */
function unplaced(file: string, fields: Fields, domain: readonly number[]): VolumeGeometry {
  const numbers = (name: string): number[] => {
    const all = wordsOf(fields.get(name)).map(Number);
    return domain.map((axis) => all[axis] ?? NaN);
  };
  const [spacings, low, high] = [numbers('spacings'), numbers('axismins'), numbers('axismaxs')];
  const centers = wordsOf(fields.get('centers') ?? fields.get('centerings'));
  const sizes = wordsOf(fields.get('sizes')).map(Number);
  const origin = domain.map((axis, index) => {
    const node = centers[axis]?.toLowerCase() === 'node';
    const between = (high[index] - low[index]) / (sizes[axis] - (node ? 1 : 0));
    const step = Number.isNaN(spacings[index]) ? between : spacings[index];
    // The first voxel of a cell lies half a step inside.
    return low[index] + (node ? 0 : step / 2);
  });
  const spacing = spacings.map((mm) => (Number.isNaN(mm) ? 1 : mm));
  return geometryOf(file, spacing, origin.every(Number.isFinite) ? origin : [], []);
}
