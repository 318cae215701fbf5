import path from 'node:path';
import { firstBytes } from './byteSource';
import { badHeader } from './layout';

/** A header of text: longer ones are none that anybody wrote. */
const mostBytes = 1 << 22;
const firstTry = 1 << 16;

/** Files that one header may name. */
const mostFiles = 1 << 16;

/** No system takes longer paths. */
const longestName = 4096;

export interface HeaderText {
  readonly lines: readonly string[];
  /** The byte after the header; the length of the file where it is nothing but a header. */
  readonly end: number;
}

/**
 * The lines of a file up to the one that `isLast` finds, which is not among them unless `keepLast`; all, where it finds none.
 */
export async function headerText(
  file: string,
  isLast: (line: string) => boolean,
  keepLast: boolean,
): Promise<HeaderText> {
  for (const most of [firstTry, mostBytes]) {
    const bytes = await firstBytes(file, 'none', most);
    const lines: string[] = [];
    for (let at = 0; at < bytes.length;) {
      const found = bytes.indexOf(10, at);
      if (found < 0 && bytes.length === most) break; // the line may go on
      const end = found < 0 ? bytes.length : found;
      const line = bytes.toString('utf8', at, bytes[end - 1] === 13 && end > at ? end - 1 : end);
      at = Math.min(end + 1, bytes.length);
      const last = isLast(line);
      if (!last || keepLast) lines.push(line);
      if (last) return { lines, end: at };
    }
    if (bytes.length < most) return { lines, end: bytes.length };
  }
  throw badHeader(file, `its header has no end in ${mostBytes} bytes; check where it comes from`);
}

/** Where lines end that are skipped: the byte after the last of them. @throws UserError where there are fewer */
export async function afterLines(file: string, from: number, count: number): Promise<number> {
  const bytes = await firstBytes(file, 'none', Math.min(from + mostBytes, Number.MAX_SAFE_INTEGER));
  let at = from;
  for (let line = 0; line < count; line++) {
    const end = bytes.indexOf(10, at);
    if (end < 0) throw badHeader(file, `its header skips ${count} lines of it, and it has fewer; get it again`);
    at = end + 1;
  }
  return at;
}

/**
 * The files that a header names after its own: one; a pattern with its first and last number and the step between, as in
 * `slice%03d.raw 1 60 1`; or `LIST`, with the names in the lines after it. Relative to the header.
 */
export function namedFiles(header: string, value: string, following: readonly string[]): string[] {
  const folder = path.dirname(header);
  const resolve = (names: readonly string[]): string[] => {
    if (names.length === 0 || names.length > mostFiles) {
      throw badHeader(header, `its header names ${names.length} files of data; save it again`);
    }
    return names.map((name) => path.resolve(folder, name));
  };
  if (/^LIST(\s+\d+)?$/i.test(value)) {
    return resolve(following.map((line) => line.trim()).filter((line) => line !== ''));
  }
  if (value.length > longestName) throw badHeader(header, 'it names no file of data; save it again');
  const pattern = /^(.*%0?\d*d.*?)\s+(-?\d+)\s+(-?\d+)\s+(-?\d+)(?:\s+\d+)?$/.exec(value);
  if (pattern === null) return resolve([value]);
  const [first, last, step] = pattern.slice(2).map(Number);
  const count = step === 0 ? 0 : Math.floor((last - first) / step) + 1;
  if (!(count >= 1 && count <= mostFiles)) {
    throw badHeader(header, `its header numbers files from ${first} to ${last} by ${step}; save it again`);
  }
  return resolve(Array.from({ length: count }, (_, index) => numbered(pattern[1], first + index * step)));
}

const numbered = (pattern: string, number: number): string =>
  pattern.replace(/%(0?)(\d*)d/, (_, zero: string, width: string) =>
    String(number).padStart(Math.min(Number(width || 0), 32), zero === '0' ? '0' : ' '),
  );
