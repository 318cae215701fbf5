import fs from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import { UserError } from '../errors';
import { lockFile } from '../fileLock';
import { writeFileAtomically } from '../files';
import { extensionOf, formatFamily, hasKnownExtension } from './formats';
import type { LabelledObject } from './labels';
import { encodeMaskPng } from './maskFile';
import { encodePng } from './picture';
import { sliceOf } from './slices';
import type { Mask, MedicalImage } from './types';
import { toRgb } from './window';
import { writeVolume } from './volumes/writeVolume';

const table = 'pairs.csv';
const columns = ['image', 'mask', 'group', 'label'] as const;
type Row = Readonly<Record<(typeof columns)[number], string>>;

/**
 * Adds an image and its objects to a data set of the layout `pairs` (made where it is missing): the image as it is, or
 * as NIfTI (a DICOM series); a binary mask for each label, of its geometry; a row for each in `pairs.csv`. The table is
 * written last, so that an interrupted call leaves the old data set. An image that is there already, byte for byte, gets
 * the new masks instead of its old ones.
 * @returns the table and the files that it now names for this image.
 * @throws UserError when the folder cannot be written, holds a foreign table, or another process is adding to it.
 */
export async function writePairs(
  folder: string,
  image: MedicalImage,
  objects: readonly LabelledObject[],
  group: string,
): Promise<string[]> {
  await fs.mkdir(path.join(folder, 'images'), { recursive: true });
  await fs.mkdir(path.join(folder, 'masks'), { recursive: true });
  const unlock = lockFile(path.join(folder, `.${table}.lock`), `adding to ${folder}`);
  try {
    const rows = await readRows(folder);
    const name = await placeImage(folder, image);
    const before = rows.filter((row) => row.image === name);
    const added: Row[] = [];
    for (const [label, masks] of byLabel(objects)) {
      const mask = await writeLabel(folder, name, label, masks, image, added);
      added.push({ image: name, mask, group: before[0]?.group ?? group, label });
    }
    const all = [...rows.filter((row) => row.image !== name), ...added];
    await writeFileAtomically(path.join(folder, table), [Buffer.from(toCsv(all))]);
    const stale = before.map(({ mask }) => mask).filter((mask) => !all.some((row) => row.mask === mask));
    for (const mask of stale) await fs.rm(path.join(folder, mask), { force: true });
    return [table, name, ...added.map(({ mask }) => mask)].map((file) => path.join(folder, file));
  } finally {
    unlock();
  }
}

/** Objects of one label are one class. */
function byLabel(objects: readonly LabelledObject[]): Map<string, Map<number, Mask>> {
  const classes = new Map<string, Map<number, Mask>>();
  for (const { label, masks } of objects) {
    const joined = classes.get(label) ?? new Map<number, Mask>();
    for (const [slice, mask] of masks) {
      const other = joined.get(slice);
      joined.set(slice, other ? { ...mask, data: mask.data.map((value, pixel) => value | other.data[pixel]) } : mask);
    }
    if ([...joined.values()].some(({ data }) => data.includes(1))) classes.set(label, joined);
  }
  return classes;
}

/** Rows of the table that is there; none where there is none. */
async function readRows(folder: string): Promise<Row[]> {
  const file = path.join(folder, table);
  const text = await fs.readFile(file, 'utf8').catch(() => null);
  if (text === null) return [];
  const refuse = (cause?: unknown): UserError =>
    new UserError(`${file} is no table of pairs (${columns.join(',')}): export to another folder`, { file, cause });
  let records: Record<string, string>[];
  try {
    records = parse(text, { columns: true, bom: true, skip_empty_lines: true, trim: true });
  } catch (cause) {
    throw refuse(cause);
  }
  return records.map(({ image, mask, group, label, ...others }) => {
    // Columns of someone else's would be lost.
    if (!image || !mask || Object.keys(others).length > 0) throw refuse();
    return { image, mask, group: group ?? '', label: label ?? '' };
  });
}

const toCsv = (rows: readonly Row[]): string =>
  [columns, ...rows.map((row) => columns.map((column) => row[column]))]
    .map((cells) => `${cells.map(quoted).join(',')}\n`)
    .join('');

const quoted = (cell: string): string => (/[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** Puts the image into `images/` under a name of its own; answers it as the table names it. */
async function placeImage(folder: string, image: MedicalImage): Promise<string> {
  const asIs = await isOneFile(image);
  const extension = asIs ? extensionOf(image.path) : image.size[2] === 1 && image.channels === 3 ? '.png' : '.nii.gz';
  const stem = fileName(stemOf(image.path));
  const arriving = path.join(folder, 'images', `.arriving${extension}`);
  try {
    if (asIs) await fs.copyFile(image.path, arriving);
    else if (extension === '.png') await writeFileAtomically(arriving, [await encodePng(toRgb(sliceOf(image, 0)))]);
    else await writeVolume(arriving, image);
    for (let number = 1; ; number++) {
      const name = `images/${stem}${number === 1 ? '' : `-${number}`}${extension}`;
      const place = path.join(folder, name);
      const there = await fs.readFile(place).catch(() => null);
      if (there !== null && !there.equals(await fs.readFile(arriving))) continue;
      if (there === null) await fs.rename(arriving, place);
      return name;
    }
  } finally {
    await fs.rm(arriving, { force: true });
  }
}

/** Whether the image is one file that `med-sa train` reads; not DICOM, nor a header whose voxels lie elsewhere. */
async function isOneFile({ path: file }: MedicalImage): Promise<boolean> {
  if (!hasKnownExtension(file) || formatFamily(file) === 'dicom' || extensionOf(file) === '.mhd') return false;
  return (await fs.stat(file).catch(() => null))?.isFile() ?? false;
}

async function writeLabel(
  folder: string,
  imageName: string,
  label: string,
  masks: ReadonlyMap<number, Mask>,
  image: MedicalImage,
  taken: readonly Row[],
): Promise<string> {
  const flat = image.size[2] === 1 && formatFamily(imageName) === 'raster';
  const base = `masks/${stemOf(imageName)}_${fileName(label)}`;
  let name = `${base}${flat ? '.png' : '.nii.gz'}`;
  for (let number = 2; taken.some(({ mask }) => mask === name); number++) {
    name = `${base}-${number}${flat ? '.png' : '.nii.gz'}`;
  }
  const file = path.join(folder, name);
  const only = masks.get(0);
  if (flat && only) await writeFileAtomically(file, [await encodeMaskPng(only)]);
  else await writeVolume(file, binaryVolume(image, masks));
  return name;
}

function binaryVolume(image: MedicalImage, masks: ReadonlyMap<number, Mask>): MedicalImage {
  const [width, height, slices] = image.size;
  const voxels = new Uint8Array(width * height * slices);
  for (const [slice, { data }] of masks) voxels.set(data, slice * width * height);
  const { path: source, size, spacing, origin, direction } = image;
  return { path: source, size, channels: 1, voxels, spacing, origin, direction };
}

/** A file's name without the extension of its format. */
export function stemOf(file: string): string {
  const name = path.basename(file);
  return hasKnownExtension(name) ? name.slice(0, name.length - extensionOf(name).length) : name;
}

/** What every file system takes. */
const fileName = (text: string): string =>
  text.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|[-.]+$/g, '') || 'image';
