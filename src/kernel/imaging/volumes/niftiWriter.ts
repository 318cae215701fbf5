import { UserError } from '../../errors';
import type { MedicalImage } from '../types';
import { elementBytes, type Element } from './elements';

const headerBytes = 352;

/** The most voxels along an axis that the header has room for. */
const mostVoxels = 32_767;

const codes: Readonly<Partial<Record<Element, number>>> = {
  uint8: 2,
  int16: 4,
  int32: 8,
  float32: 16,
  float64: 64,
  int8: 256,
  uint16: 512,
  uint32: 768,
};
const rgb24 = 128;

/** Millimetres and seconds. */
const units = 10;
/** Both forms give the scanner's coordinates. */
const scanner = 1;

/**
 * The header of a NIfTI-1 file in one piece (nifti1.h), little-endian, with the same geometry in both its forms.
 * @throws UserError for more voxels along an axis than it can say
 */
export function niftiHeader(file: string, volume: MedicalImage, element: Element): Buffer {
  if (volume.size.some((extent) => extent > mostVoxels)) {
    throw new UserError(
      `${file} could not be written: NIfTI has at most ${mostVoxels} voxels along an axis, not ${volume.size.join(' × ')}; name it .nrrd or .mha`,
      { file },
    );
  }
  const header = Buffer.alloc(headerBytes);
  const floats = (values: readonly number[], at: number): void =>
    values.forEach((value, index) => void header.writeFloatLE(value, at + 4 * index));
  const spacing = volume.spacing ?? [1, 1, 1];
  // LPS → RAS; + 0 turns −0 into 0.
  const rows = [0, 1, 2].map((row) =>
    [0, 1, 2].map((column) => (row < 2 ? -1 : 1) * volume.direction[3 * row + column] + 0),
  );
  const origin = volume.origin.map((mm, axis) => (axis < 2 ? -mm : mm) + 0);
  const { quaternion, side } = quaternionOf(rows);
  header.writeInt32LE(348, 0);
  header.write('r', 38, 'latin1');
  [3, ...volume.size, 1, 1, 1, 1].forEach((extent, index) => void header.writeInt16LE(extent, 40 + 2 * index));
  header.writeInt16LE(volume.channels === 3 ? rgb24 : (codes[element] ?? 0), 70);
  header.writeInt16LE(8 * elementBytes(element) * volume.channels, 72);
  floats([side, ...spacing], 76);
  floats([headerBytes, 1, 0], 108);
  header.writeUInt8(units, 123);
  header.writeInt16LE(scanner, 252);
  header.writeInt16LE(scanner, 254);
  floats([...quaternion, ...origin], 256);
  rows.forEach((row, axis) =>
    floats([...row.map((value, column) => value * spacing[column]), origin[axis]], 280 + 16 * axis),
  );
  header.write('n+1\0', 344, 'latin1');
  return header;
}

/** A rotation as a unit quaternion without its real part, which is not below zero; `side` −1: the third axis is mirrored. */
function quaternionOf(rows: readonly (readonly number[])[]): { quaternion: number[]; side: 1 | -1 } {
  const [[a, b, c], [d, e, f], [g, h, i]] = rows;
  const side = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g) < 0 ? -1 : 1;
  const [xz, yz, zz] = [c * side, f * side, i * side];
  // Each of the four squared, times four; the largest is divided by.
  const squares = [1 + a + e + zz, 1 + a - e - zz, 1 - a + e - zz, 1 - a - e + zz];
  const largest = squares.indexOf(Math.max(...squares));
  const root = 2 * Math.sqrt(squares[largest]);
  const terms = [
    [squares[0], h - yz, xz - g, d - b],
    [h - yz, squares[1], b + d, xz + g],
    [xz - g, b + d, squares[2], yz + h],
    [d - b, xz + g, yz + h, squares[3]],
  ][largest].map((term) => term / root);
  return { quaternion: terms.slice(1).map((term) => (terms[0] < 0 ? -term : term) + 0), side };
}
