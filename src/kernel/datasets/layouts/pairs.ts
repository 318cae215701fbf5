import { UserError } from '../../errors';
import type { DataFolder } from '../dataFolder';
import { stem } from '../dataFolder';
import { resolveMaps, type Drawn } from '../labelMaps';
import { parseTable, type Row } from '../table';
import { defaultClass } from '../types';
import type { Layout } from './layout';

export const pairsFile = 'pairs.csv';
const heading = 'image,mask,group';

/**
 * `pairs.csv`: columns `image`, `mask` and, where known, `group` (the subject; else each image is its own) and `label`
 * (the class of this row's mask: the rows of an image are then its classes). Paths are relative to the folder.
 */
export const pairs: Layout = {
  name: 'pairs',
  mark: `a ${pairsFile} with the columns ${heading}`,
  matches: (folder) => folder.has(pairsFile),
  async read(folder, options) {
    if (!(await folder.has(pairsFile))) {
      throw new UserError(`${folder.root} is not of the layout "pairs": it needs ${pairs.mark}`, { file: folder.root });
    }
    return { ...(await resolveMaps(folder, casesOf(await readPairs(folder)), options)), notes: [] };
  },
};

/** One row of the table, its files known to exist. */
interface Pair {
  /** Absolute paths. */
  readonly image: string;
  readonly mask: string;
  /** The image as a path from the folder. */
  readonly name: string;
  readonly group: string;
  readonly label: string | null;
  readonly line: number;
  readonly file: string;
}

/**
 * @throws UserError, naming the file and the line, for a table that is missing, malformed or empty, a row that names a
 * file that is not there or lies outside of the folder, or a pair that is listed twice.
 */
async function readPairs(folder: DataFolder): Promise<Pair[]> {
  const file = folder.path(pairsFile);
  const rows = parseTable(file, await folder.read(pairsFile), ['image', 'mask'], heading);
  if (rows.length === 0) throw new UserError(`${file} lists no pairs: add a line for each image`, { file });
  const seen = new Map<string, number>();
  const found: Pair[] = [];
  for (const row of rows) {
    const image = await namedFile(folder, row, 'image');
    const mask = await namedFile(folder, row, 'mask');
    const name = folder.relative(image);
    const pair = { image, mask, name, group: row.record['group'] || stem(name), label: row.record['label'] || null };
    const key = `${image}\n${mask}\n${pair.label ?? ''}`;
    const before = seen.get(key);
    if (before !== undefined) {
      throw new UserError(`${file}, line ${row.line}: the same pair as on line ${before}; remove one of them`, {
        file,
      });
    }
    seen.set(key, row.line);
    found.push({ ...pair, line: row.line, file });
  }
  return found;
}

async function namedFile(folder: DataFolder, { line, record }: Row, column: 'image' | 'mask'): Promise<string> {
  const file = folder.path(pairsFile);
  const name = record[column];
  if (!name) throw new UserError(`${file}, line ${line}: no ${column}; name a file or remove the line`, { file });
  return folder.named(name, `${file}, line ${line}`);
}

/** Rows of one image that have labels are one case; a row without is a case of its own, as of another rater. */
function casesOf(found: readonly Pair[]): Drawn[] {
  const rowsOf = new Map<string, Pair[]>();
  for (const pair of found) rowsOf.set(pair.image, [...(rowsOf.get(pair.image) ?? []), pair]);
  return [...rowsOf.values()].flatMap((rows): Drawn[] => {
    if (rows.every(({ label }) => label === null)) {
      return rows.map(({ image, mask, name, group }) => ({
        id: rows.length === 1 ? name : `${name} ${stem(mask)}`,
        group,
        images: [image],
        labels: [{ kind: 'unnamed', file: mask }],
      }));
    }
    for (const [index, row] of rows.entries()) requireConsistent(row, rows.slice(0, index));
    const [{ image, name, group }] = rows;
    const labels = rows.map(({ mask, label }) => ({
      kind: 'mask' as const,
      file: mask,
      className: label ?? defaultClass,
    }));
    return [{ id: name, group, images: [image], labels }];
  });
}

function requireConsistent(row: Pair, before: readonly Pair[]): void {
  const { file, line, name, group, label } = row;
  const other = before.find((one) => one.group !== group);
  if (other) {
    throw new UserError(
      `${file}, line ${line}: ${name} belongs to the group ${group} here but to ${other.group} on line ${other.line}; ` +
        'correct one of them',
      { file },
    );
  }
  const same = before.find((one) => (one.label ?? defaultClass) === (label ?? defaultClass));
  if (!same) return;
  throw new UserError(
    `${file}, line ${line}: ${name} has a mask of ${label ?? defaultClass} on line ${same.line} already; ` +
      'give one of them another label, or join them in one file',
    { file },
  );
}
