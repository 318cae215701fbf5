import path from 'node:path';
import { UserError } from '../../errors';
import { isImageFile, type DataFolder } from '../dataFolder';
import { parseTable, type Row } from '../table';
import type { Case } from '../types';
import type { Layout } from './layout';

/** The heading of the challenge's table; a column `patient` or `patient_id` may follow. */
const needed = ['id', 'cate'];

/**
 * TN-SCUI 2020: thyroid nodules in `image/` and `mask/`, files of the same names, listed in a CSV with the columns `ID`
 * (the file) and `CATE`. Patients are not known, so that each image is its own group, unless the table has a column
 * `patient` or `patient_id`.
 */
export const tnscui: Layout = {
  name: 'tnscui',
  mark: 'folders image/ and mask/ with a CSV of the columns ID,CATE',
  matches: async (folder) => (await tableOf(folder)) !== null,
  async read(folder) {
    const table = await tableOf(folder);
    if (table === null) {
      throw new UserError(`${folder.root} is not of the layout "tnscui": it needs ${tnscui.mark}`, {
        file: folder.root,
      });
    }
    const files = new Map((await folder.files()).filter(isImageFile).map((name) => [withoutExtension(name), name]));
    const cases = table.rows.map((row) => caseOf(folder, table.name, row, files));
    if (cases.length === 0) {
      throw new UserError(`${folder.path(table.name)} lists no images: add a line for each`, { file: folder.root });
    }
    const seen = new Set<string>();
    for (const [index, { id }] of cases.entries()) {
      if (seen.has(id)) {
        const place = `${folder.path(table.name)}, line ${table.rows[index].line}`;
        throw new UserError(`${place}: ${id} is listed before; remove one of the lines`, { file: folder.root });
      }
      seen.add(id);
    }
    return { classes: ['nodule'], cases, notes: [] };
  },
};

async function tableOf(folder: DataFolder): Promise<{ name: string; rows: Row[] } | null> {
  const files = await folder.files();
  const hasFolders = ['image/', 'mask/'].every((prefix) => files.some((name) => name.startsWith(prefix)));
  if (!hasFolders) return null;
  for (const name of files.filter((file) => /^[^/]+\.csv$/i.test(file))) {
    const bytes = await folder.read(name);
    const heading = bytes
      .toString('utf8', 0, 200)
      .replace(/^\uFEFF/, '')
      .split(/\r?\n/)[0]
      .toLowerCase();
    const columns = heading.split(',').map((column) => column.trim().replace(/^"|"$/g, ''));
    if (needed.every((column) => columns.includes(column))) {
      return { name, rows: parseTable(folder.path(name), bytes, needed, 'ID,CATE') };
    }
  }
  return null;
}

/** @param files path without extension → path: the table may leave it out, and the mask have another one. */
function caseOf(folder: DataFolder, table: string, { line, record }: Row, files: ReadonlyMap<string, string>): Case {
  const name = record['id'] ?? '';
  const [image, mask] = ['image', 'mask'].map((kind) => {
    const found = files.get(`${kind}/${withoutExtension(name)}`);
    if (name !== '' && found !== undefined) return found;
    throw new UserError(
      `${folder.path(table)}, line ${line}: there is no file ${kind}/${name} in ${folder.root}; ` +
        'correct the name or remove the line',
      { file: folder.path(table) },
    );
  });
  return {
    id: image,
    group: record['patient'] || record['patient_id'] || image,
    images: [folder.path(image)],
    labels: [{ kind: 'mask', file: folder.path(mask), className: 'nodule' }],
  };
}

const withoutExtension = (name: string): string =>
  isImageFile(name) ? name.slice(0, -path.extname(name).length) : name;
