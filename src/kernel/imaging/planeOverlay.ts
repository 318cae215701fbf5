import type { Colour } from './picture';
import type { Mask, RgbImage } from './types';

/** A mask with the colour that it is drawn in. */
export interface ColouredMask {
  readonly mask: Mask;
  readonly colour: Colour;
}

/** Part of a colour over the inside of a mask: the picture must stay readable under it. */
const fill = 0.4;

/**
 * The image with masks over it, the later above the earlier: tinted inside, their outlines in full colour.
 * @throws RangeError when image and mask differ in size.
 */
export function overlaid(image: RgbImage, masks: readonly ColouredMask[]): RgbImage {
  const { width, height } = image;
  const rgb = Uint8Array.from(image.rgb);
  for (const { mask, colour } of masks) {
    if (mask.width !== width || mask.height !== height) {
      throw new RangeError(
        `a mask of ${mask.width} × ${mask.height} does not lie over an image of ${width} × ${height}`,
      );
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
  return { width, height, rgb };
}

/** `#rrggbb` → [r, g, b]. */
export const colourOf = (hex: string): Colour => [
  parseInt(hex.slice(1, 3), 16),
  parseInt(hex.slice(3, 5), 16),
  parseInt(hex.slice(5, 7), 16),
];

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
