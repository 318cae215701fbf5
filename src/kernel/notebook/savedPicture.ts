import sharp from 'sharp';
import { overlaysPng, resizeMask, resizeRgb, type ColouredMask, type RgbImage } from '../imaging';
import { fitSize } from '../inference/postprocess';

/** Longest sides of a picture that a notebook file keeps, pixels: the live viewer shows every pixel, the file a likeness. */
const longestSides = [640, 448, 320];

/** What the picture of one output may take of a notebook file, in bytes; base64 adds a third. */
const mostBytes = 200_000;

/**
 * The image, with masks over it, as a saved notebook holds it: brought down to 640 pixels and to 256 greys or colours, and
 * further where noise makes it large, so that a notebook of many images stays a file that can be mailed and compared.
 */
export async function savedPicture(image: RgbImage, masks: readonly ColouredMask[]): Promise<Buffer> {
  let png = Buffer.alloc(0);
  for (const side of longestSides) {
    png = await picture(image, masks, side);
    if (png.length <= mostBytes) break;
  }
  return png;
}

async function picture(image: RgbImage, masks: readonly ColouredMask[], longest: number): Promise<Buffer<ArrayBuffer>> {
  const large = Math.max(image.width, image.height) > longest;
  const { width, height } = large ? fitSize(image.width, image.height, longest) : image;
  const small = large ? resizeRgb(image, width, height) : image;
  const over = masks.map(({ mask, colour }) => ({ mask: large ? resizeMask(mask, width, height) : mask, colour }));
  // Choosing colours takes as long as all the rest, and the cell waits for it: grey needs no choice, and a likeness
  // little care.
  if (over.length === 0 && isGrey(small.rgb)) {
    const grey = sharp(small.rgb, { raw: { width, height, channels: 3 } }).toColourspace('b-w');
    return Buffer.from(await grey.png().toBuffer());
  }
  const png = await overlaysPng(small, over);
  return Buffer.from(await sharp(png).png({ palette: true, effort: 1 }).toBuffer());
}

function isGrey(rgb: Uint8Array): boolean {
  for (let at = 0; at < rgb.length; at += 3) if (rgb[at] !== rgb[at + 1] || rgb[at] !== rgb[at + 2]) return false;
  return true;
}
