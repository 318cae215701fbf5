import fs from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { writeFileAtomically } from '../files';
import { annotatedSlices, labelVolume, type LabelledObject } from './labels';
import { overlaysPng } from './picture';
import { sliceOf } from './slices';
import type { MedicalImage, Slice, Window } from './types';
import { toRgb } from './window';

/** One grey PNG per annotated slice: a pixel is the value of the object on it; 16 bits where a value needs them. */
export function writeLabelPngs(
  target: string,
  image: MedicalImage,
  objects: readonly LabelledObject[],
): Promise<string[]> {
  const labels = labelVolume(image, objects);
  return writeSlices(target, image, objects, (slice) => labelPng(sliceOf(labels, slice)));
}

/** One PNG per annotated slice: the image as it is seen through the window, the objects over it. */
export function writeOverlayPngs(
  target: string,
  image: MedicalImage,
  objects: readonly LabelledObject[],
  window?: Window,
): Promise<string[]> {
  return writeSlices(target, image, objects, (slice) => {
    const over = objects.flatMap(({ masks, colour }) => {
      const mask = masks.get(slice);
      return mask ? [{ mask, colour }] : [];
    });
    return overlaysPng(toRgb(sliceOf(image, slice), window), over);
  });
}

function labelPng({ width, height, pixels }: Slice): Promise<Buffer> {
  const wide = pixels instanceof Uint16Array;
  const levels = wide ? Uint16Array.from(pixels) : Uint8Array.from(pixels);
  return sharp(levels, { raw: { width, height, channels: 1 } })
    .toColourspace(wide ? 'grey16' : 'b-w')
    .png()
    .toBuffer();
}

/** `target` is the file of a picture; of a volume, the folder of its slices (`slice-007.png`), made where it is missing. */
async function writeSlices(
  target: string,
  image: MedicalImage,
  objects: readonly LabelledObject[],
  encode: (slice: number) => Promise<Buffer>,
): Promise<string[]> {
  if (image.size[2] === 1) {
    await writeFileAtomically(target, [await encode(0)]);
    return [target];
  }
  await fs.mkdir(target, { recursive: true });
  const digits = String(image.size[2] - 1).length;
  const files: string[] = [];
  for (const slice of annotatedSlices(objects)) {
    const file = path.join(target, `slice-${String(slice).padStart(digits, '0')}.png`);
    await writeFileAtomically(file, [await encode(slice)]);
    files.push(file);
  }
  return files;
}
