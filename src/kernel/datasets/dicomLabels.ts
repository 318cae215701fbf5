import { UserError } from '../errors';
import { readDicomSegmentation, readRtStruct, type MedicalImage } from '../imaging';
import { isMedicalImage } from './caseImage';
import { lazyClass, type ClassVoxels } from './classVoxels';
import type { CaseImage, DicomLabels } from './types';

/** Bytes of masks that are made at a time: a mask takes a byte per voxel, and a structure set may hold fifty. */
const mostBytes = 2 ** 28;

/**
 * Classes of a structure set or segmentation, of each the slices that show it.
 * @throws UserError when the file does not fit the image.
 */
export async function dicomClasses({ file, object, classes }: DicomLabels, image: CaseImage): Promise<ClassVoxels[]> {
  if (!isMedicalImage(image)) {
    throw new UserError(`${file} belongs to one series, but ${image.path} is joined of several`, { file });
  }
  const pixels = image.size[0] * image.size[1];
  const together = Math.max(1, Math.floor(mostBytes / (pixels * image.size[2])));
  const found: ClassVoxels[] = [];
  for (let start = 0; start < classes.length; start += together) {
    const names = new Set(classes.slice(start, start + together));
    const masks = await read(file, object, image, names);
    for (const [name, mask] of masks) found.push(sparseClass(name, mask, pixels, image.size[2]));
  }
  return found;
}

async function read(file: string, object: DicomLabels['object'], image: MedicalImage, names: ReadonlySet<string>) {
  const options = { only: (name: string) => names.has(name) };
  const { classes } = await (object === 'SEG' ? readDicomSegmentation : readRtStruct)(file, image, options);
  return classes;
}

/** Keeps the slices that show the class. */
function sparseClass(name: string, mask: Uint8Array, pixels: number, slices: number): ClassVoxels {
  const kept = new Map<number, Uint8Array>();
  for (let k = 0; k < slices; k++) {
    const slice = mask.subarray(k * pixels, (k + 1) * pixels);
    if (slice.includes(1)) kept.set(k, slice.slice());
  }
  return lazyClass(name, slices, (k) => kept.get(k) ?? new Uint8Array(pixels), [...kept.keys()]);
}
