import { AsyncLocalStorage } from 'node:async_hooks';
import type { Image } from 'itk-wasm';
import { UserError } from '../errors';
import { extensionOf } from './formats';
import { checkNifti } from './niftiCheck';
import type { NiftiGeometry } from './niftiGeometry';
import { readPlainNifti } from './niftiVolume';
import type { MedicalImage, Voxels } from './types';

/**
 * Reads a NIfTI, NRRD or MetaImage file with its geometry (LPS, mm).
 * @throws UserError when the file is missing, damaged, cut short, or holds more than one volume.
 */
export async function readVolumeFile(file: string): Promise<MedicalImage> {
  if (extensionOf(file).startsWith('.nii')) {
    const plain = await readPlainNifti(file, readWhole);
    if (plain !== null) return plain;
  }
  return readWhole(file);
}

async function readWhole(file: string): Promise<MedicalImage> {
  const volumes = await readAxes(file, 3);
  if (volumes.length === 1) return volumes[0];
  const extents = [...volumes[0].size, volumes.length].join(' × ');
  throw new UserError(`${file} holds several volumes (${extents}): save one of them on its own`, { file });
}

/**
 * All volumes of a file of four axes, as of modalities or times; of most files, one.
 * @throws UserError when the file is missing, damaged, cut short, or has more axes.
 */
export const readVolumesFile = (file: string): Promise<MedicalImage[]> => readAxes(file, 4);

async function readAxes(file: string, axes: 3 | 4): Promise<MedicalImage[]> {
  const geometry = extensionOf(file).startsWith('.nii') ? await checkNifti(file, axes) : null;
  const images = toMedicalImages(file, await readWithItk(file));
  return images.map((image) => (geometry && !agrees(image, geometry) ? { ...image, ...geometry } : image));
}

/** Up to rounding, in which ITK's doubles are better than the header's floats put together again. */
function agrees(image: MedicalImage, geometry: NiftiGeometry): boolean {
  const close = (a: readonly number[], b: readonly number[], tolerance: number): boolean =>
    a.every((value, index) => Math.abs(value - b[index]) <= tolerance * Math.max(1, Math.abs(b[index])));
  return (
    close(image.spacing ?? [], geometry.spacing, 1e-4) &&
    close(image.origin, geometry.origin, 1e-4) &&
    close(image.direction, geometry.direction, 1e-4)
  );
}

let queue: Promise<unknown> = Promise.resolve();

/** One at a time: a read runs to its end on this thread anyway, and holds the volume twice while it does. */
function readWithItk(file: string): Promise<Image> {
  const next = queue.then(() => quietly(() => itkImage(file)));
  queue = next.catch(() => undefined);
  return next;
}

async function itkImage(file: string): Promise<Image> {
  // Loaded on first use: most sessions never open a volume, and this takes a tenth of a second.
  const { readImageNode } = await import('@itk-wasm/image-io');
  try {
    return await readImageNode(file);
  } catch (cause) {
    throw new UserError(
      `${file} could not be read${reasonOf(cause)}: it is damaged, cut short, or the data file it names is missing`,
      { file, cause },
    );
  }
}

/** The first line of what ITK printed, where it did; a C++ exception arrives as a bare number. */
function reasonOf(cause: unknown): string {
  const line = cause instanceof Error ? cause.message.trim().split('\n')[0].replace(/^\W+/, '') : '';
  return line === '' ? '' : ` (${line})`;
}

const insideItk = new AsyncLocalStorage<true>();

/** itk-wasm prints the trace of every failed read on the console; the error that is thrown says what matters. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const target = globalThis.console;
  const { log, error } = target;
  const muted =
    (print: (...parts: unknown[]) => void) =>
    (...parts: unknown[]): void => {
      if (!insideItk.getStore()) print(...parts);
    };
  target.log = muted(log);
  target.error = muted(error);
  try {
    return await insideItk.run(true, work);
  } finally {
    target.log = log;
    target.error = error;
  }
}

function toMedicalImages(file: string, image: Image): MedicalImage[] {
  const { dimension, components, pixelType } = image.imageType;
  const [width = 1, height = 1, slices = 1, count = 1, ...others] = image.size;
  if (others.some((extent) => extent > 1)) {
    throw new UserError(`${file} holds several volumes (${image.size.join(' × ')}): save one of them on its own`, {
      file,
    });
  }
  const channels = components;
  const colour = channels === 3 && image.imageType.componentType === 'uint8';
  if (image.data === null || (channels !== 1 && !colour)) {
    throw new UserError(
      `${file} holds ${components} values per voxel (${pixelType}, ${image.imageType.componentType}): save one of them, or RGB of 8 bits`,
      {
        file,
      },
    );
  }
  const along = (values: readonly number[], rest: number): [number, number, number] => [
    values[0] ?? rest,
    values[1] ?? rest,
    values[2] ?? rest,
  ];
  const voxels = own(image.data);
  const length = width * height * slices * channels;
  return Array.from({ length: count }, (_, index) => ({
    path: file,
    size: [width, height, slices],
    channels: colour ? 3 : 1,
    voxels: count === 1 ? voxels : voxels.slice(index * length, (index + 1) * length),
    spacing: along(image.spacing, 1),
    origin: along(image.origin, 0),
    direction: direction3(image.direction, dimension),
  }));
}

/** ITK's memory is shared and may hold 64-bit integers; ours is the reader's own and of numbers. */
function own(data: NonNullable<Image['data']>): Voxels {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float64Array.from(data, Number);
  return data instanceof Uint8ClampedArray ? new Uint8Array(data) : data.slice();
}

/** Row-major d×d → row-major 3×3; axes that the file does not have point along the patient's. */
function direction3(matrix: ArrayLike<number | bigint>, dimension: number): number[] {
  return Array.from({ length: 9 }, (_, index) => {
    const [row, column] = [Math.floor(index / 3), index % 3];
    if (row >= dimension || column >= dimension) return row === column ? 1 : 0;
    // + 0 turns −0 into 0.
    return Number(matrix[row * dimension + column]) + 0;
  });
}
