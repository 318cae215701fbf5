import type { MedicalImage } from './types';

/** What a person should know of how an image was read, one line each: what its reader tells, and what the file leaves open. */
export function imageNotes({ notes = [], size, spacing }: MedicalImage): string[] {
  const assumed = spacing === null && size[2] > 1;
  return [
    ...notes,
    ...(assumed
      ? ['the file does not tell how large a voxel is: slices are drawn as if voxels were cubes, and nothing is in mm']
      : []),
  ];
}
