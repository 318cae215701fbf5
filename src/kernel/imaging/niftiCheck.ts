import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { UserError } from '../errors';
import { readFileBytes } from '../files';

/**
 * Checks that a NIfTI file holds every voxel that its header promises. ITK does not: it fills what is missing of a
 * file cut short with zeros, or with whatever its memory held, and says nothing.
 * @throws UserError when it is no NIfTI file, is damaged, is cut short, or has more than `axes` axes.
 */
export async function checkNifti(file: string, axes: 3 | 4 = 3): Promise<void> {
  const stored = await readFileBytes(file);
  const bytes = stored[0] === 0x1f && stored[1] === 0x8b ? await inflate(file, stored) : stored;
  const header = parseHeader(bytes);
  if (header === null) throw new UserError(`${file} is not a NIfTI file: check where it comes from`, { file });
  const beyond = header.extents.slice(axes).reduce((product, extent) => product * extent, 1);
  if (beyond > 1) {
    throw new UserError(
      `${file} holds ${beyond} ${axes === 3 ? 'volumes' : 'series of volumes'} (${header.extents.join(' × ')}): save one of them on its own`,
      {
        file,
      },
    );
  }
  const voxels = header.extents.reduce((product, extent) => product * extent, 1);
  const needed = header.dataOffset + Math.ceil((voxels * header.bitsPerVoxel) / 8);
  if (bytes.length < needed) {
    throw new UserError(
      `${file} is cut short: its header promises ${needed} bytes, it holds ${bytes.length}; get it again`,
      { file },
    );
  }
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
      return extents && { extents, bitsPerVoxel: view.getInt16(72, little), dataOffset };
    }
    if (size === 540 && bytes.length >= 540) {
      const extents = extentsOf((index) => Number(view.getBigInt64(16 + 8 * index, little)));
      const dataOffset = Number(view.getBigInt64(168, little));
      return extents && { extents, bitsPerVoxel: view.getInt16(14, little), dataOffset };
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
