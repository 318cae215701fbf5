import type { MaskPatch } from '../../src/protocol';
import { bytesOf } from '../shared/base64';
import type { MaskPixels } from './outline';

interface Size {
  width: number;
  height: number;
}

/**
 * The pixels of a patch: run lengths in LEB128, row-major in its box, beginning with zeros.
 * @throws RangeError where the patch does not fit an image of this size or its runs do not add up.
 */
export function decodePatch(patch: MaskPatch, image: Size): MaskPixels {
  const { x, y, width, height } = patch;
  const whole = [x, y, width, height].every((value) => Number.isInteger(value) && value >= 0);
  if (!whole || x + width > image.width || y + height > image.height)
    throw new RangeError('the mask does not fit the image');
  const data = new Uint8Array(width * height);
  let at = 0;
  let value = 0;
  let run = 0;
  let scale = 1;
  for (const byte of bytesOf(patch.runs)) {
    run += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte & 0x80) continue;
    if (at + run > data.length) break;
    if (value === 1) data.fill(1, at, at + run);
    at += run;
    value = 1 - value;
    run = 0;
    scale = 1;
  }
  if (at !== data.length || run !== 0) throw new RangeError('the mask is damaged: its runs do not fill its box');
  return { x, y, width, height, data };
}

/** `mask` with what is inside of the patch's box replaced by the patch. */
export function withPatch(mask: MaskPixels | null, patch: MaskPixels): MaskPixels {
  if (!mask || mask.width * mask.height === 0) return patch;
  const x = Math.min(mask.x, patch.x);
  const y = Math.min(mask.y, patch.y);
  const width = Math.max(mask.x + mask.width, patch.x + patch.width) - x;
  const height = Math.max(mask.y + mask.height, patch.y + patch.height) - y;
  const union = { x, y, width, height, data: new Uint8Array(width * height) };
  copyInto(union, mask);
  copyInto(union, patch);
  return union;
}

/** The mask as large as the plane, to be painted on; the mask itself stays as it is. */
export function spread(mask: MaskPixels | null, { width, height }: Size): MaskPixels {
  const large = { x: 0, y: 0, width, height, data: new Uint8Array(width * height) };
  if (mask) copyInto(large, mask);
  return large;
}

/**
 * Sets (or clears) every pixel whose centre lies within `radius` pixels of the segment, as the kernel does; `mask` spans
 * the plane from its origin.
 */
export function paintSegment(
  { width, height, data }: MaskPixels,
  [ax, ay]: readonly [number, number],
  [bx, by]: readonly [number, number],
  radius: number,
  value: 0 | 1,
): void {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const top = Math.max(0, Math.floor(Math.min(ay, by) - radius));
  const bottom = Math.min(height - 1, Math.ceil(Math.max(ay, by) + radius));
  const left = Math.max(0, Math.floor(Math.min(ax, bx) - radius));
  const right = Math.min(width - 1, Math.ceil(Math.max(ax, bx) + radius));
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const [px, py] = [column + 0.5 - ax, row + 0.5 - ay];
      const along = length === 0 ? 0 : Math.min(Math.max((px * dx + py * dy) / length, 0), 1);
      const [ox, oy] = [px - along * dx, py - along * dy];
      if (ox * ox + oy * oy <= radius * radius) data[row * width + column] = value;
    }
  }
}

/** Whether the mask covers any pixel. */
export function isEmpty(mask: MaskPixels | null): boolean {
  return !mask || !mask.data.includes(1);
}

/** How many pixels the mask covers. */
export function areaOf(mask: MaskPixels | null): number {
  let area = 0;
  if (mask) for (const value of mask.data) area += value;
  return area;
}

function copyInto(target: MaskPixels, { x, y, width, height, data }: MaskPixels): void {
  for (let row = 0; row < height; row++) {
    const to = (y + row - target.y) * target.width + x - target.x;
    target.data.set(data.subarray(row * width, (row + 1) * width), to);
  }
}
