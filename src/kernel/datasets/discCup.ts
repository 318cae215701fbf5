import { UserError } from '../errors';
import type { MedicalImage } from '../imaging';
import { lazyClass, type ClassVoxels } from './classVoxels';

export const discCupClasses = ['disc', 'cup'] as const;

/** Grey levels lie this near to 0, 128 or 255; some copies have gone through JPEG or say 127. */
const tolerance = 24;
const levels = [0, 128, 255];

/** @throws UserError when the mask is no picture of three grey levels, or its corners disagree. */
export function discCupClassesOf(labels: MedicalImage): ClassVoxels[] {
  const { path: file, size, channels, voxels } = labels;
  const pixels = size[0] * size[1];
  if (size[2] !== 1) throw new UserError(`${file} has ${size[2]} slices: disc and cup are drawn in pictures`, { file });
  const coded = new Uint8Array(pixels);
  for (let i = 0; i < pixels; i++) {
    const level = nearestLevel(voxels[i * channels]);
    if (level === null) {
      throw new UserError(`${file} holds the grey level ${voxels[i * channels]}: disc and cup are coded 0, 128, 255`, {
        file,
      });
    }
    coded[i] = level;
  }
  const background = coded[0];
  const corners = [size[0] - 1, pixels - size[0], pixels - 1].map((at) => coded[at]);
  if (background === 1 || corners.some((level) => level !== background)) {
    throw new UserError(`${file}: its corners are not background, so that disc and cup cannot be told apart`, { file });
  }
  const mask = (belongs: (level: number) => boolean) => () => coded.map((level) => (belongs(level) ? 1 : 0));
  return [
    lazyClass(
      'disc',
      1,
      mask((level) => level !== background),
    ),
    lazyClass(
      'cup',
      1,
      mask((level) => level === 2 - background),
    ),
  ];
}

/** Index of the level that a value is near to; null for one in between. */
function nearestLevel(value: number): number | null {
  const index = levels.findIndex((level) => Math.abs(value - level) <= tolerance);
  return index < 0 ? null : index;
}

/** Whether values are those of a disc, its rim and a background, each of them exactly. */
export const isDiscCup = (values: Iterable<number>): boolean => {
  const found = new Set(values);
  // 0 is not among the values of an index.
  return found.size === 2 && found.has(255) && (found.has(128) || found.has(127));
};
