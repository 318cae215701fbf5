import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import { planVolume, type VolumePlan } from './assemble';
import { chooseSeries, findSeries, readHeader, splitSeriesName } from './series';
import { scan, type ScannedFile } from './scan';
import type { DataSet } from './dataSet';
import { tags } from './tags';

/** The DICOM objects that an image was read from. */
export interface SourceFiles {
  readonly files: readonly ScannedFile[];
  readonly plan: VolumePlan;
  /** Attributes of the first slice's file: patient, study, frame of reference. */
  readonly header: DataSet;
}

/** The objects behind the path of an image that `readImage` read. @throws UserError when they are no DICOM images. */
export async function sourceFilesOf(image: string): Promise<SourceFiles> {
  const files = await filesOf(image);
  const plan = planVolume(image, files);
  const { data } = await readHeader(files[plan.slices[0].file].path);
  return { files, plan, header: data };
}

/**
 * A name for the patient of a DICOM image, the same for all images of one: a hash, for a data set is passed on more
 * easily than a patient's number should be. Null where the image is no DICOM, or does not tell.
 */
export async function patientOf(image: string): Promise<string | null> {
  const source = await sourceFilesOf(image).catch(() => null);
  const id = source?.header.text(tags.PatientID);
  return id === undefined ? null : `patient-${createHash('sha256').update(id).digest('hex').slice(0, 12)}`;
}

async function filesOf(image: string): Promise<readonly ScannedFile[]> {
  const stat = await fs.stat(image).catch(() => null);
  if (stat?.isFile()) return [scan(await readHeader(image))];
  const { folder, series } = stat ? { folder: image, series: null } : splitSeriesName(image);
  return chooseSeries(folder, await findSeries(folder), series).files;
}
