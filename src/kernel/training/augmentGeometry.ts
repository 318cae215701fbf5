import type { Mask, RgbImage } from '../imaging';

/** How a picture moves inside of its frame, about its centre: mirrored, turned and scaled, then shifted. */
export interface Movement {
  readonly flipX: boolean;
  readonly flipY: boolean;
  /** Radians. */
  readonly angle: number;
  /** Above 1: larger. */
  readonly scale: number;
  /** Parts of width and height. */
  readonly shift: readonly [number, number];
}

export const isIdentity = ({ flipX, flipY, angle, scale, shift }: Movement): boolean =>
  !flipX && !flipY && angle === 0 && scale === 1 && shift[0] === 0 && shift[1] === 0;

interface Frame {
  readonly width: number;
  readonly height: number;
}

/** Source position of an output pixel: (x, y) → (xx·x + xy·y + x0, yx·x + yy·y + y0), pixel centres at whole numbers. */
interface Affine {
  readonly xx: number;
  readonly xy: number;
  readonly x0: number;
  readonly yx: number;
  readonly yy: number;
  readonly y0: number;
}

function inverse({ flipX, flipY, angle, scale, shift }: Movement, { width, height }: Frame): Affine {
  const [cos, sin] = [Math.cos(angle) / scale, Math.sin(angle) / scale];
  const [signX, signY] = [flipX ? -1 : 1, flipY ? -1 : 1];
  const [xx, xy, yx, yy] = [signX * cos, signX * sin, -signY * sin, signY * cos];
  const [centreX, centreY] = [(width - 1) / 2, (height - 1) / 2];
  const [fromX, fromY] = [centreX + shift[0] * width, centreY + shift[1] * height];
  return { xx, xy, x0: centreX - xx * fromX - xy * fromY, yx, yy, y0: centreY - yx * fromX - yy * fromY };
}

/** Fractional bits of a position: fine enough that a mirror image meets the very pixels that it should. */
const bits = 16;
const one = 1 << bits;

/** Fixed-point positions stay below 2³¹ for pictures of this side. */
const longestSide = 1 << 13;

/** Weights of neighbours have 8 bits, so that two of them and a level make 24. */
const weightBits = 8;
const weightOne = 1 << weightBits;
const half = 1 << (2 * weightBits - 1);

/** Bilinear; what comes in from outside is black. `grey`: all channels are the same. */
export function moveImage(image: RgbImage, movement: Movement, grey = false): RgbImage {
  const { width, height, rgb } = image;
  if (Math.max(width, height) > longestSide) throw new RangeError(`a picture of ${width} × ${height} does not move`);
  const { xx, xy, x0, yx, yy, y0 } = inverse(movement, image);
  const [stepX, stepY] = [Math.round(xx * one), Math.round(yx * one)];
  const moved = new Uint8Array(rgb.length);
  const stride = 3 * width;
  const channels = grey ? 1 : 3;
  // A position that rounding took out of the picture by less than a weight can tell is still in it.
  const slack = one >> (weightBits + 1);
  const [lastX, lastY] = [(width - 1) * one + slack, (height - 1) * one + slack];
  for (let y = 0, at = 0; y < height; y++) {
    let fromX = Math.round((xy * y + x0) * one);
    let fromY = Math.round((yy * y + y0) * one);
    for (let x = 0; x < width; x++, at += 3, fromX += stepX, fromY += stepY) {
      if (fromX < -slack || fromY < -slack || fromX > lastX || fromY > lastY) continue;
      const nearX = (fromX + slack) >> bits;
      const nearY = (fromY + slack) >> bits;
      const right = nearX + 1 < width ? 3 : 0;
      const below = nearY + 1 < height ? stride : 0;
      const weightX = ((fromX + slack) & (one - 1)) >> (bits - weightBits);
      const weightY = ((fromY + slack) & (one - 1)) >> (bits - weightBits);
      let from = nearY * stride + 3 * nearX;
      for (let channel = 0; channel < channels; channel++, from++) {
        const upper = rgb[from] * (weightOne - weightX) + rgb[from + right] * weightX;
        const lower = rgb[from + below] * (weightOne - weightX) + rgb[from + below + right] * weightX;
        moved[at + channel] = (upper * (weightOne - weightY) + lower * weightY + half) >> (2 * weightBits);
      }
      if (grey) moved[at + 1] = moved[at + 2] = moved[at];
    }
  }
  return { width, height, rgb: moved };
}

/** Nearest neighbour; outside there is no target. */
export function moveMask(mask: Mask, movement: Movement): Mask {
  const { width, height, data } = mask;
  const { xx, xy, x0, yx, yy, y0 } = inverse(movement, mask);
  const [stepX, stepY] = [Math.round(xx * one), Math.round(yx * one)];
  const moved = new Uint8Array(data.length);
  for (let y = 0, at = 0; y < height; y++) {
    let fromX = Math.round((xy * y + x0 + 0.5) * one);
    let fromY = Math.round((yy * y + y0 + 0.5) * one);
    for (let x = 0; x < width; x++, at++, fromX += stepX, fromY += stepY) {
      const column = fromX >> bits;
      const row = fromY >> bits;
      if (column >= 0 && row >= 0 && column < width && row < height) moved[at] = data[row * width + column];
    }
  }
  return { width, height, data: moved };
}
