import { readFileBytes } from '../../files';
import type { MedicalImage } from '../types';
import { assemble } from './assemble';
import { parseDicom } from './parse';
import { scan } from './scan';

/**
 * Reads the image of one DICOM file: a slice, or all frames as slices in the order of their positions.
 * @throws UserError, one line, when it holds no image, is damaged, or is encoded in a way that is not read.
 */
export async function readDicomFile(file: string): Promise<MedicalImage> {
  const dicom = await parseDicom(file, await readFileBytes(file));
  return assemble(file, [scan(dicom)], () => Promise.resolve(dicom));
}
