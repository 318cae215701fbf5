import { UserError } from '../errors';
import {
  chooseWindow,
  readImage,
  readVolumesFile,
  sliceOf,
  toRgb,
  type MedicalImage,
  type RgbImage,
  type Window,
} from '../imaging';
import { formatFamily, hasKnownExtension } from '../imaging/formats';
import type { Case, CaseImage } from './types';

/**
 * Reads the image of a case; several files become the channels of one, as do the volumes of one file of four axes.
 * @throws UserError when a file cannot be read, or modalities differ in size or are no grey images.
 */
export async function readCaseImage({ images }: Case): Promise<{ image: CaseImage; windows: Window[] }> {
  const first = await readModalities(images[0]);
  const count = first.length === 1 ? images.length : first.length;
  const [image] = first;
  if (count === 1) return { image, windows: [wholeWindow(image)] };
  if (first.length > 1 && images.length > 1) {
    throw new UserError(`${images[0]} holds several volumes: a file of each modality holds one`, { file: images[0] });
  }
  const windows: Window[] = [];
  const voxelCount = image.size[0] * image.size[1] * image.size[2];
  const voxels = new Float32Array(voxelCount * count);
  for (let channel = 0; channel < count; channel++) {
    const modality = first[channel] ?? (await readImage(images[channel]));
    if (modality.channels !== 1) {
      const { path } = modality;
      throw new UserError(`${path} is in colour: modalities of one case are grey images; convert it`, { file: path });
    }
    requireSize(modality, image, 'a modality');
    for (let i = 0, at = channel; i < voxelCount; i++, at += count) voxels[at] = modality.voxels[i];
    windows.push(wholeWindow(modality));
  }
  return { image: { ...image, channels: count, voxels, window: undefined }, windows };
}

const readModalities = async (file: string): Promise<MedicalImage[]> =>
  hasKnownExtension(file) && formatFamily(file) === 'volume' ? readVolumesFile(file) : [await readImage(file)];

/** @throws UserError naming both files and sizes unless `other` has the size of the image. */
export function requireSize(
  other: Pick<MedicalImage, 'path' | 'size'>,
  image: Pick<MedicalImage, 'path' | 'size'>,
  what: 'a mask' | 'a modality',
): void {
  if (image.size.every((extent, axis) => extent === other.size[axis])) return;
  throw new UserError(
    `${other.path} is ${extents(other.size)} but its image ${image.path} is ${extents(image.size)}: ` +
      `${what} has the size of its image; make it again or correct the pair`,
    { file: other.path },
  );
}

function extents([width, height, slices]: readonly [number, number, number]): string {
  return slices === 1 ? `${width}×${height}` : `${width}×${height}×${slices}`;
}

/** One window for all slices, so that the same tissue looks the same on each of them. */
function wholeWindow(image: MedicalImage): Window {
  const { low, high } = chooseWindow({
    width: image.size[0],
    height: image.size[1] * image.size[2],
    channels: image.channels,
    pixels: image.voxels,
    spacing: null,
    ...(image.window && { window: image.window }),
  });
  return { low, high };
}

/**
 * Slice `k` as the model sees it. The first three modalities are red, green and blue; of two, the second is blue too.
 * @throws UserError when there is no such slice.
 */
export function caseSlice(
  { image, windows }: { readonly image: CaseImage; readonly windows: readonly Window[] },
  k: number,
): RgbImage {
  const { channels, voxels } = image;
  if (windows.length === 1 && isMedicalImage(image)) return toRgb(sliceOf(image, k), windows[0]);
  const [width, height, slices] = image.size;
  const pixels = width * height;
  const rgb = new Uint8Array(pixels * 3);
  const levels = new Float32Array(pixels);
  for (let colour = 0; colour < 3; colour++) {
    const channel = Math.min(colour, channels - 1);
    const { pixels: all } = sliceOf({ ...image, channels: 1, size: [width * channels, height, slices], voxels }, k);
    for (let i = 0; i < pixels; i++) levels[i] = all[i * channels + channel];
    const grey = toRgb({ width, height, channels: 1, pixels: levels, spacing: null }, windows[channel]).rgb;
    for (let i = colour; i < rgb.length; i += 3) rgb[i] = grey[i];
  }
  return { width, height, rgb };
}

export const isMedicalImage = (image: CaseImage): image is MedicalImage => image.channels === 1 || image.channels === 3;
