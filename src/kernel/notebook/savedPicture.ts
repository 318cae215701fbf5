import sharp from 'sharp';
import { encodePng, overlayPng, resizeMask, resizeRgb, type Colour, type Mask, type RgbImage } from '../imaging';
import { fitSize } from '../inference/postprocess';

/** Longest side of a picture that a notebook file keeps, pixels: the live viewer shows every pixel, the file a likeness. */
const longestSide = 640;
const maskColour: Colour = [255, 64, 64];

/**
 * The image, with the mask over it, as a saved notebook holds it: brought down to 640 pixels and to 256 colours, so
 * that a notebook of many images stays a file that can be mailed and compared.
 */
export async function savedPicture(image: RgbImage, mask: Mask | null): Promise<Buffer> {
  const large = Math.max(image.width, image.height) > longestSide;
  const { width, height } = large ? fitSize(image.width, image.height, longestSide) : image;
  const picture = large ? resizeRgb(image, width, height) : image;
  const png =
    mask === null
      ? await encodePng(picture)
      : await overlayPng(picture, large ? resizeMask(mask, width, height) : mask, maskColour);
  return sharp(png).png({ palette: true }).toBuffer();
}
