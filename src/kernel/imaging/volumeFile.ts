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
 * `part` names one of several volumes, from 0.
 * @throws UserError when the file is missing, damaged, cut short, or holds several volumes and none of them is named.
 */
export async function readVolumeFile(file: string, part: string | null = null): Promise<MedicalImage> {
  const plain =
    part === null && isNifti(file) ? await readPlainNifti(file, (small) => readThroughItk(small, null)) : null;
  return plain ?? readThroughItk(file, part);
}

const isNifti = (file: string): boolean => extensionOf(file).startsWith('.nii');

async function readThroughItk(file: string, part: string | null): Promise<MedicalImage> {
  const geometry = isNifti(file) ? await checkNifti(file) : null;
  const image = toMedicalImage(file, await readWithItk(file), part);
  return geometry && !agrees(image, geometry) ? { ...image, ...geometry } : image;
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

function toMedicalImage(file: string, image: Image, part: string | null): MedicalImage {
  const { dimension, components, pixelType } = image.imageType;
  const [width = 1, height = 1, slices = 1, ...others] = image.size;
  const volume = chooseVolume(file, image.size, others, part);
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
  const length = width * height * slices * channels;
  return {
    path: part === null ? file : `${file}#${part}`,
    size: [width, height, slices],
    channels: colour ? 3 : 1,
    voxels: own(image.data.subarray(volume * length, (volume + 1) * length)),
    spacing: along(image.spacing, 1),
    origin: along(image.origin, 0),
    direction: direction3(image.direction, dimension),
  };
}

/** Which of a file's volumes is meant, from 0. @throws UserError when it holds several and none of them is named. */
function chooseVolume(file: string, size: readonly number[], others: readonly number[], part: string | null): number {
  const count = others.reduce((product, extent) => product * extent, 1);
  if (part === null && count === 1) return 0;
  if (part !== null && /^\d+$/.test(part) && Number(part) < count) return Number(part);
  const held = count === 1 ? 'holds one volume' : `holds ${count} volumes (${size.join(' × ')})`;
  const range = count === 1 ? 'leave out the #' : `add the one you mean to the path: #0 to #${count - 1}`;
  throw new UserError(`${file} ${held}${part === null ? '' : `, and no volume ${part}`}: ${range}`, { file });
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
