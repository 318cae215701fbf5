import { UserError } from '../errors';
import type { Colour } from './picture';
import type { Mask, MedicalImage } from './types';

/** An object that was outlined on slices of an image. */
export interface LabelledObject {
  readonly label: string;
  readonly colour: Colour;
  /** In label maps; a whole number from 1 to 65535. */
  readonly value: number;
  /** Slice → mask, of the slice's size. Slices without a mask are left out. */
  readonly masks: ReadonlyMap<number, Mask>;
}

/** Slices on which any object has a pixel, ascending. */
export function annotatedSlices(objects: readonly LabelledObject[]): number[] {
  const slices = new Set<number>();
  for (const { masks } of objects) {
    for (const [slice, mask] of masks) if (mask.data.includes(1)) slices.add(slice);
  }
  return [...slices].sort((a, b) => a - b);
}

/**
 * Where objects overlap, the later one is on top.
 * @returns the object's value per voxel, 0 elsewhere; 16 bits where a value needs them.
 */
export function labelVolume(image: MedicalImage, objects: readonly LabelledObject[]): MedicalImage {
  const [width, height, slices] = image.size;
  const wide = objects.some(({ value }) => value > 0xff);
  const voxels = wide ? new Uint16Array(width * height * slices) : new Uint8Array(width * height * slices);
  for (const { masks, value } of objects) {
    for (const [slice, { data }] of masks) {
      const first = slice * width * height;
      for (let pixel = 0; pixel < data.length; pixel++) if (data[pixel] === 1) voxels[first + pixel] = value;
    }
  }
  const { path, size, spacing, origin, direction } = image;
  return { path, size, channels: 1, voxels, spacing, origin, direction };
}

/** @throws UserError when nothing is outlined; RangeError when masks or values do not fit the image. */
export function checkObjects(image: MedicalImage, objects: readonly LabelledObject[]): void {
  const [width, height, slices] = image.size;
  for (const { label, value, masks } of objects) {
    if (!Number.isInteger(value) || value < 1 || value > 0xffff)
      throw new RangeError(`${label} has the value ${value}`);
    for (const [slice, mask] of masks) {
      if (slice >= 0 && slice < slices && mask.width === width && mask.height === height) continue;
      throw new RangeError(`a mask of ${label}, ${mask.width} × ${mask.height} on slice ${slice}, is not of the image`);
    }
  }
  if (annotatedSlices(objects).length === 0) {
    throw new UserError(`nothing is outlined on ${image.path}: there is nothing to export`, { file: image.path });
  }
}
