import path from 'node:path';
import { UserError } from '../errors';

/** Which reader a file belongs to: pictures go through libvips, volumes through `volumes/`, DICOM through `dicom/`. */
export type FormatFamily = 'raster' | 'volume' | 'dicom';

const families: Readonly<Record<string, FormatFamily>> = {
  '.png': 'raster',
  '.jpg': 'raster',
  '.jpeg': 'raster',
  '.tif': 'raster',
  '.tiff': 'raster',
  '.bmp': 'raster',
  '.nii': 'volume',
  '.nii.gz': 'volume',
  '.nrrd': 'volume',
  '.nhdr': 'volume',
  '.mha': 'volume',
  '.mhd': 'volume',
  '.dcm': 'dicom',
  '.dicom': 'dicom',
};

export const imageExtensions: readonly string[] = Object.keys(families);

/** Extension in lower case, `.nii.gz` as one; '' where there is none. */
export function extensionOf(file: string): string {
  const name = path.basename(file).toLowerCase();
  return name.endsWith('.nii.gz') ? '.nii.gz' : path.extname(name);
}

export const hasKnownExtension = (file: string): boolean => Object.hasOwn(families, extensionOf(file));

/** @throws UserError when no reader knows the extension. */
export function formatFamily(file: string): FormatFamily {
  const extension = extensionOf(file);
  if (Object.hasOwn(families, extension)) return families[extension];
  const what = extension === '' ? 'has no extension' : `ends in ${extension}, a format that is not read`;
  throw new UserError(`${file} ${what}: convert it to one of ${imageExtensions.join(', ')}`, { file });
}
