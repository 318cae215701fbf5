import fs from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { deflate, gzip } from 'node:zlib';
import { UserError } from '../../errors';
import { writeFileAtomically } from '../../files';
import { extensionOf } from '../formats';
import type { MedicalImage, Voxels } from '../types';
import type { Element } from './elements';
import { niftiHeader } from './niftiWriter';

const [deflateAsync, gzipAsync] = [promisify(deflate), promisify(gzip)];

/** Formats that hold a volume in one file. */
const volumeExtensions = ['.nii', '.nii.gz', '.nrrd', '.mha'];

const elements = new Map<unknown, Element>([
  [Uint8Array, 'uint8'],
  [Int8Array, 'int8'],
  [Uint16Array, 'uint16'],
  [Int16Array, 'int16'],
  [Uint32Array, 'uint32'],
  [Int32Array, 'int32'],
  [Float32Array, 'float32'],
  [Float64Array, 'float64'],
]);

/** The names that MetaImage and NRRD have for them. */
const names: Readonly<Partial<Record<Element, readonly [meta: string, nrrd: string]>>> = {
  uint8: ['MET_UCHAR', 'uint8'],
  int8: ['MET_CHAR', 'int8'],
  uint16: ['MET_USHORT', 'uint16'],
  int16: ['MET_SHORT', 'int16'],
  uint32: ['MET_UINT', 'uint32'],
  int32: ['MET_INT', 'int32'],
  float32: ['MET_FLOAT', 'float'],
  float64: ['MET_DOUBLE', 'double'],
};

/** @throws UserError when a volume could not be written under this name at the end of long work. */
export async function checkVolumePath(file: string): Promise<void> {
  if (!volumeExtensions.includes(extensionOf(file))) {
    throw new UserError(`${file} does not end in ${volumeExtensions.join(', ')}: change the name`, { file });
  }
  const folder = path.dirname(path.resolve(file));
  const stat = await fs.stat(folder).catch(() => null);
  if (stat?.isDirectory()) return;
  throw new UserError(`${file} could not be written: the folder ${folder} does not exist; create it first`, { file });
}

/**
 * Writes an image with its geometry, in the format that the extension names, at once or not at all; compressed, but `.nii`.
 * @throws UserError when the folder is missing or cannot be written, or the format does not hold such an image.
 */
export async function writeVolume(file: string, volume: MedicalImage): Promise<void> {
  const element = elements.get(volume.voxels.constructor);
  if (element === undefined) throw new TypeError(`voxels of ${volume.voxels.constructor.name} are not written`);
  await checkVolumePath(file);
  await writeFileAtomically(file, await contentOf(file, volume, element));
}

async function contentOf(file: string, volume: MedicalImage, element: Element): Promise<Uint8Array[]> {
  const bytes = bytesOf(volume.voxels);
  const extension = extensionOf(file);
  if (extension === '.nrrd') return [nrrdHeader(volume, element), await gzipAsync(bytes)];
  if (extension === '.mha') {
    const packed = await deflateAsync(bytes);
    return [metaHeader(volume, element, packed.length), packed];
  }
  const parts = [niftiHeader(file, volume, element), bytes];
  return extension === '.nii' ? parts : [await gzipAsync(Buffer.concat(parts))];
}

/** All processors that Node runs on here have the lowest byte first. */
const bytesOf = ({ buffer, byteOffset, byteLength }: Voxels): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

const spacingOf = ({ spacing }: MedicalImage): readonly number[] => spacing ?? [1, 1, 1];

/** Where each axis points to: the columns of the direction. */
const axesOf = ({ direction }: MedicalImage): number[][] =>
  [0, 1, 2].map((column) => [0, 3, 6].map((row) => direction[row + column]));

function nrrdHeader(volume: MedicalImage, element: Element): Buffer {
  const colour = volume.channels === 3;
  const spacing = spacingOf(volume);
  const vector = (values: readonly number[]): string => `(${values.join(',')})`;
  const steps = axesOf(volume).map((axis, index) => vector(axis.map((value) => value * spacing[index])));
  const lines = [
    'NRRD0004',
    `type: ${names[element]?.[1]}`,
    `dimension: ${colour ? 4 : 3}`,
    'space: left-posterior-superior',
    `sizes: ${[...(colour ? [3] : []), ...volume.size].join(' ')}`,
    `space directions: ${[...(colour ? ['none'] : []), ...steps].join(' ')}`,
    `kinds: ${colour ? 'RGB-color ' : ''}domain domain domain`,
    'endian: little',
    'encoding: gzip',
    `space origin: ${vector(volume.origin)}`,
  ];
  return Buffer.from(`${lines.join('\n')}\n\n`);
}

function metaHeader(volume: MedicalImage, element: Element, packedBytes: number): Buffer {
  const lines = [
    'ObjectType = Image',
    'NDims = 3',
    'BinaryData = True',
    'BinaryDataByteOrderMSB = False',
    'CompressedData = True',
    `CompressedDataSize = ${packedBytes}`,
    `TransformMatrix = ${axesOf(volume).flat().join(' ')}`,
    `Offset = ${volume.origin.join(' ')}`,
    'CenterOfRotation = 0 0 0',
    'AnatomicalOrientation = RAI',
    `ElementSpacing = ${spacingOf(volume).join(' ')}`,
    `DimSize = ${volume.size.join(' ')}`,
    ...(volume.channels === 3 ? ['ElementNumberOfChannels = 3'] : []),
    `ElementType = ${names[element]?.[0]}`,
    'ElementDataFile = LOCAL',
  ];
  return Buffer.from(`${lines.join('\n')}\n`);
}
