import { openFile } from '../files';
import { formatFamily } from './formats';
import { readRasterFile } from './rasterFile';
import type { MedicalImage } from './types';
import { readVolumeFile } from './volumeFile';

/**
 * Reads an image or a volume: PNG, JPEG, TIFF; NIfTI, NRRD, MetaImage. The extension tells the format.
 * @throws UserError naming the file when it is missing, a folder, damaged, cut short, or of another format.
 */
export async function readImage(file: string): Promise<MedicalImage> {
  // Opened first for the sake of the message: a missing file or a folder is more to the point than its extension.
  await (await openFile(file)).handle.close();
  return formatFamily(file) === 'raster' ? readRasterFile(file) : readVolumeFile(file);
}
