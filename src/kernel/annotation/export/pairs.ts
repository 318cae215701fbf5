import fs from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import { readProblem, writeFileAtomically } from '../../files';
import { type MedicalImage, writeMask, writeVolume } from '../../imaging';
import type { ExportedObject } from './masks';

const header = ['image', 'mask', 'group', 'label'] as const;
type Row = Record<(typeof header)[number], string>;

/**
 * Adds an image with its masks to a data set of the layout `pairs`: `images/`, `masks/` and `pairs.csv` with a row for
 * each object. Rows of the same image that are there already are replaced, so that an export can be repeated.
 * @param file the image's own file; a picture or a volume in one file is copied as it is
 * @returns the files that were written
 */
export async function addToPairs(
  folder: string,
  name: string,
  image: MedicalImage,
  file: string,
  objects: readonly ExportedObject[],
): Promise<string[]> {
  const volume = image.size[2] > 1;
  const copied = (await fs.stat(file)).isFile() && !/\.(mhd|dcm)$/i.test(file);
  const imageFile = `images/${copied ? path.basename(file) : `${name}.nii.gz`}`;
  for (const part of ['images', 'masks']) await fs.mkdir(path.join(folder, part), { recursive: true });
  if (copied) await fs.copyFile(file, path.join(folder, imageFile));
  else await writeVolume(path.join(folder, imageFile), { ...image, voxels: Int16Array.from(image.voxels) });

  const rows: Row[] = [];
  for (const { object, masks } of objects) {
    const label = object.label;
    const mask = `masks/${name}-${label.replace(/[^\w.-]+/g, '-')}-${object.value}.${volume ? 'nii.gz' : 'png'}`;
    if (volume) await writeVolume(path.join(folder, mask), { ...image, channels: 1, voxels: stacked(image, masks) });
    else await writeMask(path.join(folder, mask), masks.get(0)!);
    rows.push({ image: imageFile, mask, group: name, label });
  }
  const table = path.join(folder, 'pairs.csv');
  const others = (await readRows(table)).filter((row) => row.image !== imageFile);
  const lines = [header, ...[...others, ...rows].map((row) => header.map((column) => quoted(row[column] ?? '')))];
  await writeFileAtomically(table, [Buffer.from(lines.map((line) => `${line.join(',')}\n`).join(''))]);
  return [table, path.join(folder, imageFile), ...rows.map(({ mask }) => path.join(folder, mask))];
}

function stacked({ size: [width, height, slices] }: MedicalImage, masks: ExportedObject['masks']): Uint8Array {
  const voxels = new Uint8Array(width * height * slices);
  for (const [slice, { data }] of masks) voxels.set(data, slice * width * height);
  return voxels;
}

async function readRows(file: string): Promise<Row[]> {
  try {
    return parse(await fs.readFile(file, 'utf8'), { columns: true, bom: true, skip_empty_lines: true }) as Row[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw readProblem(file, error);
  }
}

const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
