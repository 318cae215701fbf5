import { tensorData, type TensorData } from '../graph';
import { resizeRgb, type RgbImage } from '../imaging';
import { fitSize } from './postprocess';

export const pixelMean = [123.675, 116.28, 103.53];
export const pixelDeviation = [58.395, 57.12, 57.375];

/** How an original image lies in the model's square: resized so that its longest side fits, at the top left. */
export interface Geometry {
  readonly original: { readonly width: number; readonly height: number };
  readonly resized: { readonly width: number; readonly height: number };
  readonly side: number;
}

export const geometryOf = (width: number, height: number, side: number): Geometry => ({
  original: { width, height },
  resized: fitSize(width, height, side),
  side,
});

/** An original pixel position in the model's square. */
export const toModel = ({ original, resized }: Geometry, x: number, y: number): [number, number] => [
  (x * resized.width) / original.width,
  (y * resized.height) / original.height,
];

/** Brings the image's longest side to `side` (antialiased bilinear). */
export function fitImage(image: RgbImage, side: number): RgbImage {
  const { width, height } = fitSize(image.width, image.height, side);
  return width === image.width && height === image.height ? image : resizeRgb(image, width, height);
}

/** Writes one fitted image, normalised and zero-padded right and below, as [3, side, side] at `offset`. */
export function normaliseInto(
  into: Float32Array,
  offset: number,
  { width, height, rgb }: RgbImage,
  side: number,
): void {
  for (let channel = 0; channel < 3; channel++) {
    const scale = 1 / pixelDeviation[channel];
    const plane = offset + channel * side * side;
    for (let y = 0; y < height; y++) {
      let source = y * width * 3 + channel;
      const row = plane + y * side;
      for (let x = 0; x < width; x++, source += 3) into[row + x] = (rgb[source] - pixelMean[channel]) * scale;
    }
  }
}

/** Fitted images → [B, 3, side, side] */
export function normalise(images: readonly RgbImage[], side: number): TensorData {
  const data = new Float32Array(images.length * 3 * side * side);
  images.forEach((image, index) => normaliseInto(data, index * 3 * side * side, image, side));
  return tensorData([images.length, 3, side, side], data);
}
