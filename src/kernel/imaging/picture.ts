import sharp from 'sharp';
import type { Mask, RgbImage } from './types';

/** Red, green, blue, 0..255. */
export type Colour = readonly [number, number, number];

/** Part of the colour over the inside of a mask: the picture must stay readable under it. */
const fill = 0.4;

/** An RGB image as PNG. */
export function encodePng({ width, height, rgb }: RgbImage): Promise<Buffer> {
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

/** A mask and the colour it is drawn in. */
export interface ColouredMask {
  readonly mask: Mask;
  readonly colour: Colour;
}

/**
 * A PNG of the image with the mask over it: tinted inside, its outline in full colour.
 * @throws RangeError when image and mask differ in size.
 */
export function overlayPng(image: RgbImage, mask: Mask, colour: Colour): Promise<Buffer> {
  return overlaysPng(image, [{ mask, colour }]);
}

/** As `overlayPng`, with several masks, the later ones on top. */
export function overlaysPng(image: RgbImage, masks: readonly ColouredMask[]): Promise<Buffer> {
  const rgb = Uint8Array.from(image.rgb);
  for (const { mask, colour } of masks) tint(rgb, image, mask, colour);
  return encodePng({ width: image.width, height: image.height, rgb });
}

function tint(rgb: Uint8Array, { width, height }: RgbImage, mask: Mask, colour: Colour): void {
  if (mask.width !== width || mask.height !== height) {
    throw new RangeError(`a mask of ${mask.width} × ${mask.height} does not lie over an image of ${width} × ${height}`);
  }
  for (let y = 0, pixel = 0; y < height; y++) {
    for (let x = 0; x < width; x++, pixel++) {
      if (mask.data[pixel] === 0) continue;
      const weight = isOutline(mask, x, y) ? 1 : fill;
      for (let channel = 0; channel < 3; channel++) {
        const level = rgb[pixel * 3 + channel];
        rgb[pixel * 3 + channel] = Math.round(level + (colour[channel] - level) * weight);
      }
    }
  }
}

/** Whether one of a foreground pixel's four neighbours is background or outside of the image. */
function isOutline({ width, height, data }: Mask, x: number, y: number): boolean {
  const pixel = y * width + x;
  return (
    x === 0 ||
    y === 0 ||
    x === width - 1 ||
    y === height - 1 ||
    data[pixel - 1] === 0 ||
    data[pixel + 1] === 0 ||
    data[pixel - width] === 0 ||
    data[pixel + width] === 0
  );
}
