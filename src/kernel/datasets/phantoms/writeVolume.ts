import type { Image } from 'itk-wasm';
import type { MedicalImage } from '../../imaging/types';

const componentTypes = new Map<unknown, Image['imageType']['componentType']>([
  [Uint8Array, 'uint8'],
  [Int16Array, 'int16'],
]);

/**
 * Writes a grey volume of Uint8 or Int16 voxels with its geometry, in the format that the extension names.
 * The file must not be read by others before this is done: it grows in place.
 */
export async function writeVolume(file: string, volume: MedicalImage): Promise<void> {
  const componentType = componentTypes.get(volume.voxels.constructor);
  if (!componentType || volume.channels !== 1) throw new TypeError('only grey volumes of uint8 or int16 are written');
  const image: Image = {
    imageType: { dimension: 3, componentType, pixelType: 'Scalar', components: 1 },
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
  await writeImageNode(image, file, { useCompression: true });
}
