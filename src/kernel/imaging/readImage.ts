import fs from 'node:fs/promises';
import { openFile } from '../files';
import { looksLikeDicom } from './dicom/parse';
import { readDicomFile } from './dicom/readDicom';
import { readDicomSeries, splitSeriesName } from './dicom/series';
import { formatFamily, hasKnownExtension } from './formats';
import { readRasterFile } from './rasterFile';
import type { MedicalImage } from './types';
import { readVolumeFile } from './volumes/volumeFile';

/**
 * Reads an image or a volume: PNG, JPEG, TIFF; NIfTI, NRRD, MetaImage; a DICOM file, or the series of a folder of them.
 * The extension tells the format; DICOM files need none. `FOLDER#SERIES` names one of several series in a folder by its
 * number or UID, `FILE#N` one of several volumes (times, channels) in a file, counted from 0.
 * @throws UserError naming the file when it is missing, damaged, cut short, or of another format.
 */
export async function readImage(file: string): Promise<MedicalImage> {
  if (await isFolder(file)) return readDicomSeries(file, null);
  const place = await diskPathOf(file);
  if (place !== file) {
    const part = file.slice(place.length + 1);
    return (await isFolder(place)) ? readDicomSeries(place, part) : readVolumeFile(place, part);
  }
  // Opened first for the sake of the message: a missing file is more to the point than its extension.
  const { handle } = await openFile(file);
  try {
    const start = Buffer.alloc(132);
    const { bytesRead } = await handle.read(start, 0, start.length, 0);
    // Scanners name their files by UIDs, whose end looks like an extension.
    if (!hasKnownExtension(file) && looksLikeDicom(start.subarray(0, bytesRead))) return await readDicomFile(file);
  } finally {
    await handle.close();
  }
  const family = formatFamily(file);
  if (family === 'dicom') return readDicomFile(file);
  return family === 'raster' ? readRasterFile(file) : readVolumeFile(file);
}

/** The file or folder that the name of an image means: without the `#…` that chooses a part of it. */
export async function diskPathOf(name: string): Promise<string> {
  const { folder: place, series: part } = splitSeriesName(name);
  if (part === null || (await fs.stat(name).catch(() => null))) return name;
  const stat = await fs.stat(place).catch(() => null);
  const volume = stat?.isFile() && hasKnownExtension(place) && formatFamily(place) === 'volume';
  return stat?.isDirectory() || volume ? place : name;
}

const isFolder = async (file: string): Promise<boolean> =>
  (await fs.stat(file).catch(() => null))?.isDirectory() ?? false;
