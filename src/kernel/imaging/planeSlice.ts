import type { PlaneInfo } from '../../protocol/image';
import type { MaskPatch } from '../../protocol/annotation';
import { UserError } from '../errors';
import { encodeMaskPatch, onesOf } from './maskPatch';
import type { MedicalImage, Slice, Voxels } from './types';

type Stack = Pick<MedicalImage, 'path' | 'size' | 'channels' | 'voxels'>;

/**
 * Slice `index` of a plane, row-major, in the array's own order (`PlaneInfo.axes`). Of the file's own plane it is a view
 * of the volume; of the others a copy.
 * @throws UserError out of range
 */
export function planeSlice(image: Stack, plane: PlaneInfo, index: number): Omit<Slice, 'spacing'> {
  if (!Number.isInteger(index) || index < 0 || index >= plane.slices) {
    throw new UserError(
      `${image.path} has no ${plane.plane} slice ${index}: choose one from 0 to ${plane.slices - 1}`,
      {
        file: image.path,
      },
    );
  }
  const { width, height } = plane;
  const { channels, voxels } = image;
  const [columns, rows] = image.size;
  const strides = [1, columns, columns * rows];
  const [x, y, through] = plane.axes.map((axis) => strides[axis] * channels);
  const start = index * through;
  if (x === channels && y === width * channels) {
    return { width, height, channels, pixels: voxels.subarray(start, start + width * height * channels) };
  }
  const pixels = like(voxels, width * height * channels);
  for (let row = 0, at = 0; row < height; row++) {
    let from = start + row * y;
    for (let column = 0; column < width; column++, from += x) {
      for (let channel = 0; channel < channels; channel++) pixels[at++] = voxels[from + channel];
    }
  }
  return { width, height, channels, pixels };
}

/**
 * The cross-section, on slice `index` of another plane, of masks that are given slice by slice of the file's own.
 * null where nothing is set.
 */
export function crossSection(
  plane: PlaneInfo,
  index: number,
  masks: Iterable<readonly [k: number, patch: MaskPatch]>,
): MaskPatch | null {
  const { width, height } = plane;
  const data = new Uint8Array(width * height);
  const [xAxis, , through] = plane.axes;
  for (const [k, patch] of masks) {
    // Along i or j, a slice of the file's plane is one line of the cross-section.
    const set = (at: number): void => void (data[xAxis === 2 ? at * width + k : k * width + at] = 1);
    if (through === 1) rowOf(patch, index, set);
    else columnOf(patch, index, set);
  }
  return encodeMaskPatch({ width, height, data });
}

/** The pixels x that are set in row `y` of the image. */
function rowOf(patch: MaskPatch, y: number, set: (x: number) => void): void {
  if (y < patch.y || y >= patch.y + patch.height) return;
  const [from, to] = [(y - patch.y) * patch.width, (y - patch.y + 1) * patch.width];
  const ones = onesOf(patch);
  for (let run = 0; run < ones.length; run += 2) {
    const end = Math.min(to, ones[run] + ones[run + 1]);
    for (let at = Math.max(from, ones[run]); at < end; at++) set(patch.x + at - from);
  }
}

/** The pixels y that are set in column `x` of the image. */
function columnOf(patch: MaskPatch, x: number, set: (y: number) => void): void {
  if (x < patch.x || x >= patch.x + patch.width) return;
  const column = x - patch.x;
  const ones = onesOf(patch);
  for (let run = 0; run < ones.length; run += 2) {
    const [start, length] = [ones[run], ones[run + 1]];
    let row = Math.ceil((start - column) / patch.width);
    for (; row * patch.width + column < start + length; row++) set(patch.y + row);
  }
}

function like(voxels: Voxels, length: number): Voxels {
  const Kind = voxels.constructor as new (length: number) => Voxels;
  return new Kind(length);
}
