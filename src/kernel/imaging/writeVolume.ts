import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import type { Image } from 'itk-wasm';
import { UserError } from '../errors';
import { extensionOf } from './formats';
import type { MedicalImage } from './types';

const componentTypes = new Map<unknown, Image['imageType']['componentType']>([
  [Uint8Array, 'uint8'],
  [Int8Array, 'int8'],
  [Uint16Array, 'uint16'],
  [Int16Array, 'int16'],
  [Uint32Array, 'uint32'],
  [Int32Array, 'int32'],
  [Float32Array, 'float32'],
  [Float64Array, 'float64'],
]);

/** Formats that hold a volume in one file. */
const volumeExtensions = ['.nii', '.nii.gz', '.nrrd', '.mha'];

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
 * Writes an image with its geometry, in the format that the extension names, at once or not at all.
 * @throws UserError when the folder is missing or cannot be written.
 */
export async function writeVolume(file: string, volume: MedicalImage): Promise<void> {
  const componentType = componentTypes.get(volume.voxels.constructor);
  if (!componentType) throw new TypeError(`voxels of ${volume.voxels.constructor.name} are not written`);
  await checkVolumePath(file);
  const image: Image = {
    imageType: {
      dimension: 3,
      componentType,
      pixelType: volume.channels === 1 ? 'Scalar' : 'RGB',
      components: volume.channels,
    },
    name: 'image',
    size: [...volume.size],
    spacing: [...(volume.spacing ?? [1, 1, 1])],
    origin: [...volume.origin],
    direction: Float64Array.from(volume.direction),
    metadata: new Map(),
    data: volume.voxels,
  };
  // Loaded on use: pictures do without it.
  const { writeImageNode } = await import('@itk-wasm/image-io');
  // The extension stays last: it names the format.
  const temporary = path.join(path.dirname(file), `.${randomBytes(6).toString('hex')}.partial${extensionOf(file)}`);
  try {
    await writeImageNode(image, temporary, { useCompression: true });
    await fs.rename(temporary, file);
  } catch (cause) {
    await fs.rm(temporary, { force: true });
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(`${file} could not be written (${reason}): check its folder and the space on the disk`, {
      file,
      cause,
    });
  }
}
