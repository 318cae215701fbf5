import type { MaskPatch } from '../../protocol/annotation';
import { UserError } from '../errors';
import { boundingBox, cropMask } from './mask';
import type { Mask } from './types';

/** The mask's bounding box as run lengths (the wire form of src/protocol/viewer.ts); null for an empty mask. */
export function encodeMaskPatch(mask: Mask): MaskPatch | null {
  const box = boundingBox(mask);
  if (box === null) return null;
  return encodeMaskBox(cropMask(mask, box), box[0], box[1]);
}

/** All of a mask, which is the part at (x, y) of a larger one, as run lengths. */
export function encodeMaskBox({ width, height, data }: Mask, x: number, y: number): MaskPatch {
  const bytes: number[] = [];
  let value = 0;
  let run = 0;
  for (let at = 0; at < data.length; at++) {
    if (data[at] !== value) {
      pushVarint(bytes, run);
      value = 1 - value;
      run = 0;
    }
    run++;
  }
  pushVarint(bytes, run);
  return { x, y, width, height, runs: Buffer.from(bytes).toString('base64') };
}

/** The mask of a patch in an image of `width` × `height`. @throws UserError when the patch does not fit or add up. */
export function decodeMaskPatch(patch: MaskPatch, width: number, height: number): Mask {
  const { x, y } = patch;
  const whole = [x, y, patch.width, patch.height].every((value) => Number.isInteger(value) && value >= 0);
  if (!whole || x + patch.width > width || y + patch.height > height) {
    throw new UserError(
      `a mask patch of ${patch.width} × ${patch.height} at (${x}, ${y}) does not fit an image of ${width} × ${height}`,
    );
  }
  const data = new Uint8Array(width * height);
  const ones = onesOf(patch);
  for (let index = 0; index < ones.length; index += 2) fillRun(data, width, patch, ones[index], ones[index + 1]);
  return { width, height, data };
}

/**
 * What is set, as [start, length, start, length, …] of pixels counted row by row in the patch's box.
 * @throws UserError when the runs do not add up to the box
 */
export function onesOf(patch: MaskPatch): number[] {
  const bytes = Buffer.from(patch.runs, 'base64');
  const area = patch.width * patch.height;
  const ones: number[] = [];
  let done = 0;
  for (let at = 0, value = 0; at < bytes.length; value = 1 - value) {
    const { number: run, next } = readVarint(bytes, at);
    if (done + run > area) throw broken();
    if (value === 1) ones.push(done, run);
    done += run;
    at = next;
  }
  if (done !== area) throw broken();
  return ones;
}

/** How many pixels are set. @throws UserError when the runs do not add up to the box */
export const areaOfPatch = (patch: MaskPatch): number =>
  onesOf(patch).reduce((sum, value, index) => (index % 2 === 1 ? sum + value : sum), 0);

/** Sets `run` pixels of the patch, row-major in its box, from pixel `start` on. */
function fillRun(data: Uint8Array, width: number, patch: MaskPatch, start: number, run: number): void {
  for (let at = start, end = start + run; at < end;) {
    const row = Math.floor(at / patch.width);
    const column = at - row * patch.width;
    const length = Math.min(patch.width - column, end - at);
    const first = (patch.y + row) * width + patch.x + column;
    data.fill(1, first, first + length);
    at += length;
  }
}

/** LEB128: seven bits a byte, least significant first. */
function pushVarint(bytes: number[], value: number): void {
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  bytes.push(value);
}

function readVarint(bytes: Uint8Array, at: number): { number: number; next: number } {
  let number = 0;
  for (let scale = 1; at < bytes.length && scale <= 2 ** 42; scale *= 128) {
    const byte = bytes[at++];
    number += (byte & 0x7f) * scale;
    if (byte < 0x80) return { number, next: at };
  }
  throw broken();
}

const broken = (): UserError => new UserError('a mask patch is damaged: its runs do not add up to its box');
