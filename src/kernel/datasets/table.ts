import { CsvError, parse } from 'csv-parse/sync';
import { UserError } from '../errors';

/** A row as it stands in the file, with the line it ends on, from 1. */
export interface Row {
  readonly line: number;
  /** Column (in lower case) → its text, trimmed. */
  readonly record: Readonly<Record<string, string | undefined>>;
}

/**
 * A table of comma-separated values with a heading.
 * @throws UserError naming the file when it is none, or lacks one of the columns `needed`.
 */
export function parseTable(file: string, bytes: Buffer, needed: readonly string[], heading: string): Row[] {
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
    // Where, not what stands there: a run that somebody else made may name any folder as its data.
    const reason = cause.message.replace(/, value is [^]*$/, '');
    throw new UserError(`${file} is not a table of comma-separated values (${reason}): correct it`, { file, cause });
  }
  const missing = needed.filter((name) => !header.includes(name));
  if (missing.length > 0) {
    const columns = missing.map((name) => `"${name}"`).join(' and ');
    throw new UserError(`${file} has no column ${columns}: its first line must be ${heading}`, { file });
  }
  return rows.map(({ info, record }) => ({ line: info.lines, record }));
}
