import type { RgbImage } from '../imaging';
import type { LoadedSample } from './types';

/** A sample as it waits in memory: grey images hold one level per pixel, masks one bit. */
export interface PackedSample extends Omit<LoadedSample, 'image' | 'mask'> {
  readonly plane: { readonly width: number; readonly height: number; readonly levels: Uint8Array };
  readonly bits: Uint8Array;
}

/** @param plane the same image packed before, for another class of it. */
export function packSample({ image, mask, ...rest }: LoadedSample, plane?: PackedSample['plane']): PackedSample {
  const bits = new Uint8Array(Math.ceil(mask.data.length / 8));
  mask.data.forEach((value, i) => (bits[i >> 3] |= value << (i & 7)));
  return { ...rest, bits, plane: plane ?? packImage(image) };
}

function packImage({ width, height, rgb }: RgbImage): PackedSample['plane'] {
  for (let i = 0; i < rgb.length; i += 3) {
    if (rgb[i] !== rgb[i + 1] || rgb[i] !== rgb[i + 2]) return { width, height, levels: rgb };
  }
  return { width, height, levels: Uint8Array.from({ length: width * height }, (_, i) => rgb[3 * i]) };
}

/** The sample as it was packed, in arrays of its own. */
export function unpackSample({ plane, bits, ...rest }: PackedSample): LoadedSample {
  const { width, height, levels } = plane;
  const pixels = width * height;
  const isGrey = levels.length === pixels;
  const rgb = isGrey ? new Uint8Array(3 * pixels) : levels.slice();
  if (isGrey) for (let i = 0; i < rgb.length; i++) rgb[i] = levels[Math.floor(i / 3)];
  const data = new Uint8Array(pixels);
  for (let i = 0; i < pixels; i++) data[i] = (bits[i >> 3] >> (i & 7)) & 1;
  return { ...rest, image: { width, height, rgb }, mask: { width, height, data } };
}
