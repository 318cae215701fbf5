import path from 'node:path';
import { UserError } from '../errors';
import { patientOf } from './dicom/sourceFiles';
import { writeDicomSegmentation } from './dicom/writeSegmentation';
import { checkObjects, labelVolume, type LabelledObject } from './labels';
import type { MedicalImage, Window } from './types';
import { writeCoco } from './writeCoco';
import { stemOf, writePairs } from './writePairs';
import { writeLabelPngs, writeOverlayPngs } from './writePngs';
import { checkVolumePath, writeVolume } from './volumes/writeVolume';

export const labelFormats = ['png-labels', 'png-overlay', 'nifti', 'dicom-seg', 'coco', 'pairs'] as const;
export type LabelFormat = (typeof labelFormats)[number];

export interface LabelExport {
  /** As `readImage` gave it: a DICOM segmentation refers to the files at its path. */
  readonly image: MedicalImage;
  /** Where they overlap, the later one is on top in formats of one value per pixel. */
  readonly objects: readonly LabelledObject[];
  /** How overlays show the image; by default as it opens. */
  readonly window?: Window;
  /** Of `pairs`: the patient; by default what DICOM says (hashed), else the image's name. */
  readonly group?: string;
}

/**
 * Writes what was outlined on an image, in the image's own geometry.
 *
 * `png-labels`, `png-overlay`: a file, of a volume a folder with a file per annotated slice. `nifti`: a label map; the
 * file's extension may also ask for NRRD or MetaImage. `dicom-seg`: a DICOM segmentation, of DICOM images only. `coco`: JSON.
 * `pairs`: a folder that `med-sa train` takes; further calls add to it.
 * @returns the files that were written, absolute.
 * @throws UserError, one line, when nothing is outlined, the target cannot be written, or the format does not fit.
 */
export async function exportLabels(format: LabelFormat, target: string, what: LabelExport): Promise<string[]> {
  const { image, objects } = what;
  checkObjects(image, objects);
  const file = path.resolve(target);
  switch (format) {
    case 'png-labels':
      requireExtension(file, image.size[2] === 1 ? '.png' : null);
      return writeLabelPngs(file, image, objects);
    case 'png-overlay':
      requireExtension(file, image.size[2] === 1 ? '.png' : null);
      return writeOverlayPngs(file, image, objects, what.window);
    case 'nifti':
      await checkVolumePath(file);
      await writeVolume(file, labelVolume(image, objects));
      return [file];
    case 'dicom-seg':
      requireExtension(file, '.dcm');
      await writeDicomSegmentation(file, image, objects);
      return [file];
    case 'coco':
      requireExtension(file, '.json');
      await writeCoco(file, image, objects);
      return [file];
    case 'pairs':
      return writePairs(file, image, objects, what.group ?? (await patientOf(image.path)) ?? stemOf(image.path));
  }
}

/** `null`: a folder. */
function requireExtension(file: string, extension: string | null): void {
  const ending = path.extname(file).toLowerCase();
  if (extension === null ? ending !== '.png' : ending === extension) return;
  const what =
    extension === null ? 'is the name of one picture, and a volume needs a folder' : `does not end in ${extension}`;
  throw new UserError(`${file} ${what}: change the name`, { file });
}
