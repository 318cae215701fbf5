import sharp from 'sharp';
import { UserError } from '../errors';
import { writeFileAtomically } from '../files';
import { extensionOf } from './formats';
import { readImage } from './readImage';
import { middleSlice, sliceOf } from './slices';
import type { Mask, Slice } from './types';

/**
 * Reads one slice of a mask file of any format that `readImage` reads; whatever is not zero (in any channel) is the
 * target. `slice` counts from 0; without it, the slice that the volume opens with.
 */
export async function readMask(file: string, slice?: number): Promise<Mask> {
  const image = await readImage(file);
  return maskOf(sliceOf(image, slice ?? middleSlice(image)));
}

/** What is not zero in any channel of a slice. NaN counts as zero. */
export function maskOf({ width, height, channels, pixels }: Slice): Mask {
  const data = new Uint8Array(width * height);
  for (let index = 0; index < pixels.length; index++) {
    if (Math.abs(pixels[index]) > 0) data[channels === 1 ? index : Math.floor(index / channels)] = 1;
  }
  return { width, height, data };
}

/** Writes a mask as an 8-bit grey PNG of 0 and 255, at once or not at all. @throws UserError unless it ends in .png. */
export async function writeMask(file: string, mask: Mask): Promise<void> {
  if (extensionOf(file) !== '.png') {
    throw new UserError(`${file} does not end in .png: masks are written as PNG; change the name`, { file });
  }
  await writeFileAtomically(file, [await encodeMaskPng(mask)]);
}

/** An 8-bit grey PNG: 0 outside, 255 inside. */
export function encodeMaskPng({ width, height, data }: Mask): Promise<Buffer> {
  const levels = data.map((value) => (value === 0 ? 0 : 255));
  return sharp(levels, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
}
