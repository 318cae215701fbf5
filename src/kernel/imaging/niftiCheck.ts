import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { UserError } from '../errors';
import { readFileBytes } from '../files';
import { niftiGeometry, type NiftiGeometry } from './niftiGeometry';

/**
 * Checks that a NIfTI file holds every voxel that its header promises. ITK does not: it fills what is missing of a
 * file cut short with zeros, or with whatever its memory held, and says nothing.
 * @returns its geometry; null where the header gives none.
 * @throws UserError when it is no NIfTI-1 file, is damaged, is or is cut short.
 */
export async function checkNifti(file: string): Promise<NiftiGeometry | null> {
  const stored = await readFileBytes(file);
  const bytes = stored[0] === 0x1f && stored[1] === 0x8b ? await inflate(file, stored) : stored;
  const header = parseHeader(bytes);
  if (header === null) throw new UserError(`${file} is not a NIfTI file: check where it comes from`, { file });
  if (header.version === 2) {
    throw new UserError(`${file} is of NIfTI version 2, which is not read: save it as version 1 (nibabel, SimpleITK)`, {
      file,
    });
  }
  const voxels = header.extents.reduce((product, extent) => product * extent, 1);
  const needed = header.dataOffset + Math.ceil((voxels * header.bitsPerVoxel) / 8);
  if (bytes.length < needed) {
    throw new UserError(
      `${file} is cut short: its header promises ${needed} bytes, it holds ${bytes.length}; get it again`,
      { file },
    );
  }
  return niftiGeometry(file, bytes, header.little);
}

const gunzipAsync = promisify(gunzip);

async function inflate(file: string, stored: Buffer): Promise<Buffer> {
  try {
    return await gunzipAsync(stored);
  } catch (cause) {
    throw new UserError(`${file} is damaged or cut short: its compressed data do not add up; get it again`, {
      file,
      cause,
    });
  }
}

interface NiftiHeader {
  readonly version: 1 | 2;
  readonly little: boolean;
  readonly extents: readonly number[];
  readonly bitsPerVoxel: number;
  readonly dataOffset: number;
}

/** NIfTI-1 (348 bytes) and NIfTI-2 (540 bytes), either byte order; null when it is neither. nifti1.h, nifti2.h. */
function parseHeader(bytes: Buffer): NiftiHeader | null {
  if (bytes.length < 348) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const little of [true, false]) {
    const size = view.getInt32(0, little);
    if (size === 348) {
      const extents = extentsOf((index) => view.getInt16(40 + 2 * index, little));
      const single = bytes.toString('latin1', 344, 347) === 'n+1';
      const dataOffset = single ? view.getFloat32(108, little) : 0;
      return extents && { version: 1, little, extents, bitsPerVoxel: view.getInt16(72, little), dataOffset };
    }
    if (size === 540 && bytes.length >= 540) {
      const extents = extentsOf((index) => Number(view.getBigInt64(16 + 8 * index, little)));
      const dataOffset = Number(view.getBigInt64(168, little));
      return extents && { version: 2, little, extents, bitsPerVoxel: view.getInt16(14, little), dataOffset };
    }
  }
  return null;
}

/** `dim(0)` counts the axes, `dim(1…7)` are their extents. */
function extentsOf(dim: (index: number) => number): number[] | null {
  const axes = dim(0);
  if (axes < 1 || axes > 7) return null;
  const extents = Array.from({ length: axes }, (_, axis) => dim(axis + 1));
  return extents.every((extent) => extent >= 1) ? extents : null;
}
