import fs from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../../errors';
import { openFile, readFileBytes } from '../../files';
import type { MedicalImage } from '../types';
import { assemble } from './assemble';
import { looksLikeDicom, parseDicom, type DicomFile } from './parse';
import { scan, type ScannedFile } from './scan';
import { tags } from './tags';

/** One series of a folder. */
export interface Series {
  readonly uid: string;
  readonly number: string;
  readonly description: string;
  readonly modality: string;
  readonly files: readonly ScannedFile[];
  /** Files that repeat an object of the series, and are left out. */
  readonly repeated: number;
}

/** Files and folders below one folder that are looked at. */
const mostFiles = 50_000;
const deepest = 8;
/** Most headers end within so many bytes; where one does not, its file is read whole. */
const headerBytes = 64 * 1024;
const atOnce = 16;

/** `FOLDER#SERIES` → its parts; SERIES is a series number or a Series Instance UID. */
export function splitSeriesName(name: string): { folder: string; series: string | null } {
  const mark = name.lastIndexOf('#');
  return mark < 0 ? { folder: name, series: null } : { folder: name.slice(0, mark), series: name.slice(mark + 1) };
}

/**
 * Reads one series of a folder (and the folders in it) as a volume. `series` is a series number or a Series Instance
 * UID; without it, the folder must hold one series with images.
 * @throws UserError, one line: no series, several (it lists them), no such series, or one that makes no volume.
 */
export async function readDicomSeries(folder: string, series: string | null): Promise<MedicalImage> {
  const chosen = chooseSeries(folder, await findSeries(folder), series);
  const name = series === null ? folder : `${folder}#${series}`;
  const image = await assemble(name, chosen.files, async ({ path: file }) =>
    parseDicom(file, await readFileBytes(file)),
  );
  if (chosen.repeated === 0) return image;
  const note = `${chosen.repeated} files repeat a slice that another file holds, and are left out`;
  return { ...image, notes: [...(image.notes ?? []), note] };
}

/** Every series with images in a folder and the folders in it; files that are no DICOM, or no images, do not count. */
export async function findSeries(folder: string): Promise<Series[]> {
  const files = await listFiles(folder, 0, []);
  const found = new Map<string, ScannedFile[]>();
  for (let at = 0; at < files.length; at += atOnce) {
    for (const file of await Promise.all(files.slice(at, at + atOnce).map(scanHeader))) {
      if (!file) continue;
      const members = found.get(file.series.uid);
      if (members) members.push(file);
      else found.set(file.series.uid, [file]);
    }
  }
  return [...found.values()].map(toSeries).sort((a, b) => Number(a.number) - Number(b.number));
}

function toSeries(members: readonly ScannedFile[]): Series {
  const seen = new Set<string>();
  const files = members.filter(({ sopInstance }) => {
    const repeats = sopInstance !== '' && seen.has(sopInstance);
    seen.add(sopInstance);
    return !repeats;
  });
  const [{ series, modality }] = files;
  return { ...series, modality, files, repeated: members.length - files.length };
}

/** @throws UserError unless exactly one series is meant. */
export function chooseSeries(folder: string, all: readonly Series[], wanted: string | null): Series {
  const refuse = (what: string): UserError => new UserError(`${folder} ${what}`, { file: folder });
  if (all.length === 0) throw refuse('is a folder without DICOM images: name a file, or the folder of a series');
  const fitting = wanted === null ? all : all.filter(({ number, uid }) => number === wanted || uid === wanted);
  if (fitting.length === 1) return fitting[0];
  // A number that two series share does not tell them apart: their UIDs do.
  const nameOf = (series: Series): string =>
    all.filter(({ number }) => number === series.number).length === 1 && series.number !== ''
      ? series.number
      : series.uid;
  const listed = (fitting.length > 0 ? fitting : all).slice(0, 12).map((series) => {
    const slices = series.files.reduce((sum, { planes }) => sum + planes.length, 0);
    const what = [series.modality, series.description].filter((part) => part !== '').join(' ');
    return `#${nameOf(series)} (${what || 'no description'}, ${slices} ${slices === 1 ? 'slice' : 'slices'})`;
  });
  const list = listed.join(', ') + (all.length > listed.length && listed.length === 12 ? ', …' : '');
  if (fitting.length === 0) throw refuse(`has no series ${wanted}: it holds ${list}`);
  throw refuse(`holds ${fitting.length} series: add the one you mean to the path: ${list}`);
}

async function listFiles(folder: string, depth: number, files: string[]): Promise<string[]> {
  const entries = await fs.readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory() && depth < deepest) await listFiles(full, depth + 1, files);
    else if (entry.isFile()) files.push(full);
    if (files.length > mostFiles) {
      throw new UserError(`${folder} holds more than ${mostFiles} files: name the folder of one series`, {
        file: folder,
      });
    }
  }
  return files;
}

/** Null for a file that is no DICOM, and for an object without an image of its own kind. */
async function scanHeader(file: string): Promise<ScannedFile | null> {
  const start = await readStart(file);
  if (!looksLikeDicom(start)) return null;
  const dicom = await readHeader(file, start);
  return dicom.data.has(tags.Rows) &&
    dicom.data.text(tags.Modality) !== 'SEG' &&
    dicom.data.text(tags.Modality) !== 'RTDOSE'
    ? scan(dicom)
    : null;
}

/** @throws UserError when the file is damaged. */
export async function readHeader(file: string, start?: Uint8Array): Promise<DicomFile> {
  const prefix = start ?? (await readStart(file));
  try {
    return await parseDicom(file, prefix, tags.FloatPixelData);
  } catch (error) {
    if (prefix.length < headerBytes) throw error;
    return parseDicom(file, await readFileBytes(file), tags.FloatPixelData);
  }
}

async function readStart(file: string): Promise<Uint8Array> {
  const { handle, size } = await openFile(file);
  try {
    const bytes = Buffer.alloc(Math.min(size, headerBytes));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
