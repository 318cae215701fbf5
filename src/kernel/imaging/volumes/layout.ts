import { UserError } from '../../errors';
import type { Element } from './elements';

/** As `MedicalImage` has it: LPS, mm. */
export interface VolumeGeometry {
  readonly spacing: readonly [number, number, number];
  readonly origin: readonly [number, number, number];
  readonly direction: readonly number[];
}

/** Where voxels lie: in the header's own file or in others, one after the other. */
export interface DataFile {
  readonly file: string;
  readonly encoding: 'raw' | 'deflated' | 'text' | 'hex';
  /** Where they begin: a byte of the file, or counted from its end by what there has to be. */
  readonly from: number | 'end';
  /** Lines, then bytes of the decoded content, before them. */
  readonly skipLines: number;
  readonly skipBytes: number;
}

/** What the header of a volume says. */
export interface VolumeLayout {
  /** The file that was asked for. */
  readonly file: string;
  /** Voxels along the axes, the fastest first; from the fourth on they count volumes. */
  readonly extents: readonly number[];
  readonly element: Element;
  readonly little: boolean;
  /** Values per voxel. */
  readonly channels: number;
  /** Before which axis the values of a voxel lie; 0: side by side. */
  readonly channelAxis: number;
  readonly geometry: VolumeGeometry;
  /** value = slope · stored + intercept; null where stored values are the values. */
  readonly scale: { readonly slope: number; readonly intercept: number } | null;
  readonly data: readonly DataFile[];
}

/** A header that cannot be followed: what is wrong with it, and what to do. */
export function badHeader(file: string, what: string): UserError {
  return new UserError(`${file} could not be read: ${what}`, { file });
}

export const identity: readonly number[] = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** The first three of as many numbers as a file has axes. */
export const three = (values: readonly number[], rest: number): [number, number, number] => [
  values[0] ?? rest,
  values[1] ?? rest,
  values[2] ?? rest,
];

/**
 * Axes as vectors, each of as many numbers as there are axes → row-major 3×3, columns are the axes; those that the file
 * does not have point along the patient's. A spacing below zero turns its axis round.
 * @throws UserError where an axis has no length or a number is none
 */
export function geometryOf(
  file: string,
  spacing: readonly number[],
  origin: readonly number[],
  axes: readonly (readonly number[])[],
): VolumeGeometry {
  const mm = three(spacing, 1);
  const direction = identity.map((rest, index) => {
    const [row, column] = [Math.floor(index / 3), index % 3];
    const value = row < axes.length && column < axes.length ? axes[column][row] : rest;
    // + 0 turns −0 into 0.
    return (mm[column] < 0 ? -value : value) + 0;
  });
  const begin = three(origin, 0).map((value) => value + 0);
  const columns = [0, 1, 2].map((column) =>
    Math.hypot(direction[column], direction[column + 3], direction[column + 6]),
  );
  const sound =
    [...mm, ...columns].every((value) => value !== 0) && [...mm, ...begin, ...direction].every(Number.isFinite);
  if (!sound) {
    throw badHeader(file, 'its header gives an axis no length, or an origin that is no number; save it again');
  }
  return { spacing: three(mm.map(Math.abs), 1), origin: three(begin, 0), direction };
}
