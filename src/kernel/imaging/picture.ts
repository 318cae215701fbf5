import sharp from 'sharp';
import { overlaid } from './planeOverlay';
import type { Mask, RgbImage } from './types';

/** Red, green, blue, 0..255. */
export type Colour = readonly [number, number, number];

/** An RGB image as PNG. */
export function encodePng({ width, height, rgb }: RgbImage): Promise<Buffer> {
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

/**
 * A PNG of the image with the mask over it: tinted inside, its outline in full colour.
 * @throws RangeError when image and mask differ in size.
 */
export const overlayPng = (image: RgbImage, mask: Mask, colour: Colour): Promise<Buffer> =>
  encodePng(overlaid(image, [{ mask, colour }]));
