/** NIfTI-1 datatype codes with their bits. */
const datatypes = {
  uint8: [2, 8],
  int16: [4, 16],
  float32: [16, 32],
  rgb24: [128, 24],
  int64: [1024, 64],
} as const;

export interface NiftiOptions {
  readonly type: keyof typeof datatypes;
  readonly extents: readonly number[];
  readonly spacing?: readonly [number, number, number];
  /** Rows of the affine that takes voxel indices to patient coordinates (RAS, mm). */
  readonly affine?: readonly (readonly [number, number, number, number])[];
  readonly slope?: number;
  readonly intercept?: number;
}

/** A NIfTI-1 file in memory, written from the definition of its header (nifti1.h). */
export function nifti(options: NiftiOptions, voxels: ArrayBufferView<ArrayBuffer>): Buffer {
  const header = Buffer.alloc(352);
  const [code, bits] = datatypes[options.type];
  const spacing = options.spacing ?? [1, 1, 1];
  header.writeInt32LE(348, 0);
  header.writeInt16LE(options.extents.length, 40);
  options.extents.forEach((extent, axis) => header.writeInt16LE(extent, 42 + 2 * axis));
  header.writeInt16LE(code, 70);
  header.writeInt16LE(bits, 72);
  header.writeFloatLE(1, 76);
  spacing.forEach((mm, axis) => header.writeFloatLE(mm, 80 + 4 * axis));
  header.writeFloatLE(352, 108);
  header.writeFloatLE(options.slope ?? 1, 112);
  header.writeFloatLE(options.intercept ?? 0, 116);
  header.writeInt8(2, 123); // millimetres
  header.writeInt16LE(options.affine ? 1 : 0, 254);
  options.affine?.forEach((row, r) => row.forEach((value, c) => header.writeFloatLE(value, 280 + 16 * r + 4 * c)));
  header.write('n+1\0', 344, 'latin1');
  return Buffer.concat([header, Buffer.from(voxels.buffer, voxels.byteOffset, voxels.byteLength)]);
}

/** A MetaImage file in memory: 16-bit voxels behind a text header. */
export function metaImage(
  extents: readonly number[],
  spacing: readonly number[],
  voxels: Int16Array<ArrayBuffer>,
): Buffer {
  const header = [
    'ObjectType = Image',
    `NDims = ${extents.length}`,
    'BinaryData = True',
    'BinaryDataByteOrderMSB = False',
    'CompressedData = False',
    `Offset = ${extents.map((_, axis) => 10 * axis).join(' ')}`,
    `ElementSpacing = ${spacing.join(' ')}`,
    `DimSize = ${extents.join(' ')}`,
    'ElementType = MET_SHORT',
    'ElementDataFile = LOCAL',
    '',
  ].join('\n');
  return Buffer.concat([Buffer.from(header), Buffer.from(voxels.buffer)]);
}

/** An NRRD file in memory: 16-bit voxels behind a text header. */
export function nrrd(extents: readonly number[], voxels: Int16Array<ArrayBuffer>): Buffer {
  const header = [
    'NRRD0004',
    'type: int16',
    `dimension: ${extents.length}`,
    'space: left-posterior-superior',
    `sizes: ${extents.join(' ')}`,
    'space directions: (2,0,0) (0,3,0) (0,0,4)',
    'kinds: domain domain domain',
    'endian: little',
    'encoding: raw',
    'space origin: (5,6,7)',
    '',
    '',
  ].join('\n');
  return Buffer.concat([Buffer.from(header), Buffer.from(voxels.buffer)]);
}
