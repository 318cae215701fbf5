import { UserError } from '../../errors';
import type { MedicalImage } from '../types';

export type Point = readonly [number, number, number];

/** Voxels of an image and places in the patient (LPS, mm), into each other. */
export interface Grid {
  /** Of a place, in voxels: 0 is the first voxel's centre. */
  toIndex(place: Point): Point;
  toPlace(index: Point): Point;
}

/** @throws UserError when the image does not say where it lies. */
export function gridOf({ path, spacing, origin, direction }: MedicalImage): Grid {
  if (spacing === null) {
    throw new UserError(`${path} does not say how large its pixels are: what is given in mm has no place in it`, {
      file: path,
    });
  }
  // Columns: one voxel's step along each axis.
  const step = direction.map((cosine, index) => cosine * spacing[index % 3]);
  const inverse = invert(step);
  return {
    toIndex: (place) => multiply(inverse, [place[0] - origin[0], place[1] - origin[1], place[2] - origin[2]]),
    toPlace: (index) => {
      const moved = multiply(step, index);
      return [moved[0] + origin[0], moved[1] + origin[1], moved[2] + origin[2]];
    },
  };
}

const multiply = (m: readonly number[], [x, y, z]: Point): Point => [
  m[0] * x + m[1] * y + m[2] * z,
  m[3] * x + m[4] * y + m[5] * z,
  m[6] * x + m[7] * y + m[8] * z,
];

/** By the adjugate; row-major. */
function invert(m: readonly number[]): number[] {
  const minor = (a: number, b: number, c: number, d: number): number => m[a] * m[d] - m[b] * m[c];
  const adjugate = [
    minor(4, 5, 7, 8),
    -minor(1, 2, 7, 8),
    minor(1, 2, 4, 5),
    -minor(3, 5, 6, 8),
    minor(0, 2, 6, 8),
    -minor(0, 2, 3, 5),
    minor(3, 4, 6, 7),
    -minor(0, 1, 6, 7),
    minor(0, 1, 3, 4),
  ];
  const determinant = m[0] * adjugate[0] + m[1] * adjugate[3] + m[2] * adjugate[6];
  return adjugate.map((value) => value / determinant);
}
