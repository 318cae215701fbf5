import type { ImageInfo, PlaneInfo } from '../../src/protocol';
import type { Position } from './camera';

/** The voxel under a position of a plane's slice, as indices from 0. */
export function voxelAt(plane: PlaneInfo, slice: number, { x, y }: Position): [number, number, number] {
  const voxel: [number, number, number] = [0, 0, 0];
  const [column, row, along] = plane.axes;
  voxel[column] = Math.floor(x);
  voxel[row] = Math.floor(y);
  voxel[along] = slice;
  return voxel;
}

/** Where a voxel's centre lies in the patient: mm, LPS; null where the file does not tell. */
export function patientPosition(image: ImageInfo, voxel: readonly number[]): [number, number, number] | null {
  const { spacing, origin, direction } = image;
  // Without letters the file knows sizes, but no patient.
  if (!spacing || !image.planes[0].letters) return null;
  const along = voxel.map((index, axis) => index * spacing[axis]);
  const [x, y, z] = [0, 1, 2].map(
    (row) => origin[row] + along.reduce((sum, mm, column) => sum + direction[3 * row + column] * mm, 0),
  );
  return [x, y, z];
}
