import fs from 'node:fs/promises';
import path from 'node:path';
import { CsvError, parse } from 'csv-parse/sync';
import { UserError } from '../errors';
import { readFileBytes } from '../files';

export const pairsFile = 'pairs.csv';

/** One row of `pairs.csv`, its files known to exist. */
export interface Pair {
  /** Absolute paths. */
  readonly image: string;
  readonly mask: string;
  readonly group: string;
}

/** A row as it stands in the file, with the line it ends on, from 1. */
interface Row {
  readonly line: number;
  readonly record: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads `folder/pairs.csv`: columns `image`, `mask` and, where known, `group` (the subject; else each image is its own).
 * Paths are relative to the folder.
 * @throws UserError, naming the file and the line, for a table that is missing, malformed or empty, a row that names a
 * file that is not there or lies outside of the folder, or a pair that is listed twice.
 */
export async function readPairs(folder: string): Promise<Pair[]> {
  const file = path.join(folder, pairsFile);
  const rows = parseTable(file, await readFileBytes(file));
  if (rows.length === 0) throw new UserError(`${file} lists no pairs: add a line for each image`, { file });
  const seen = new Map<string, number>();
  const pairs: Pair[] = [];
  for (const row of rows) {
    const pair = {
      image: await namedFile(file, row, 'image'),
      mask: await namedFile(file, row, 'mask'),
      group: row.record['group'] || stem(row.record['image'] ?? ''),
    };
    const key = `${pair.image}\n${pair.mask}`;
    const before = seen.get(key);
    if (before !== undefined) {
      throw new UserError(`${file}, line ${row.line}: the same pair as on line ${before}; remove one of them`, {
        file,
      });
    }
    seen.set(key, row.line);
    pairs.push(pair);
  }
  return pairs;
}

function parseTable(file: string, bytes: Buffer): Row[] {
  let header: string[] = [];
  let rows: { info: { lines: number }; record: Row['record'] }[];
  try {
    rows = parse(bytes, {
      bom: true,
      trim: true,
      skip_empty_lines: true,
      info: true,
      columns: (names: string[]) => (header = names.map((name) => name.toLowerCase())),
    });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new UserError(`${file} is not a table of comma-separated values (${cause.message}): correct it`, {
      file,
      cause,
    });
  }
  const missing = ['image', 'mask'].filter((name) => !header.includes(name));
  if (missing.length > 0) {
    const columns = missing.map((name) => `"${name}"`).join(' and ');
    throw new UserError(`${file} has no column ${columns}: its first line must be image,mask,group`, { file });
  }
  return rows.map(({ info, record }) => ({ line: info.lines, record }));
}

/** The absolute path of the file that a row names in a column. */
async function namedFile(file: string, { line, record }: Row, column: 'image' | 'mask'): Promise<string> {
  const name = record[column];
  if (!name) throw new UserError(`${file}, line ${line}: no ${column}; name a file or remove the line`, { file });
  const folder = path.dirname(file);
  const resolved = path.resolve(folder, name);
  const relative = path.relative(folder, resolved);
  if (path.isAbsolute(name) || relative === '..' || relative.startsWith(`..${path.sep}`)) {
    throw new UserError(`${file}, line ${line}: ${name} lies outside of ${folder}; name files within it`, { file });
  }
  const stat = await fs.stat(resolved).catch(() => null);
  if (!stat?.isFile()) {
    throw new UserError(
      `${file}, line ${line}: there is no file ${name} in ${folder}; correct the name or remove the line`,
      {
        file: resolved,
      },
    );
  }
  return resolved;
}

/** The file's name without its folder and all that follows the first dot of its extension. */
function stem(name: string): string {
  return path.basename(name).replace(/(\.nii|\.seg)?\.[^.]+$/i, '');
}
