import { UserError } from '../errors';
import type { MedicalImage, Slice } from './types';

/** Slice `k` of an image, counted from 0; its pixels are a view of the volume's. @throws UserError out of range. */
export function sliceOf(image: MedicalImage, k: number): Slice {
  const [width, height, slices] = image.size;
  if (!Number.isInteger(k) || k < 0 || k >= slices) {
    const range = slices === 1 ? 'it has slice 0 only' : `choose one from 0 to ${slices - 1}`;
    throw new UserError(`${image.path} has no slice ${k}: ${range}`, { file: image.path });
  }
  const length = width * height * image.channels;
  return {
    width,
    height,
    channels: image.channels,
    pixels: image.voxels.subarray(k * length, (k + 1) * length),
    spacing: image.spacing && [image.spacing[0], image.spacing[1]],
    ...(image.window && { window: image.window }),
  };
}

/** The slice that a volume opens with; 0 for a 2D image. */
export const middleSlice = (image: MedicalImage): number => Math.floor(image.size[2] / 2);
