import { randomBytes } from 'node:crypto';
import fs, { type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from './errors';

export interface OpenFile {
  readonly handle: FileHandle;
  /** Bytes. */
  readonly size: number;
  /** When its content last changed, milliseconds. */
  readonly modified: number;
}

/** Opens a regular file for reading; the caller closes it. @throws UserError when it is missing, a folder or locked. */
export async function openFile(file: string): Promise<OpenFile> {
  let handle: FileHandle | undefined;
  try {
    handle = await fs.open(file, 'r');
    const stat = await handle.stat();
    if (!stat.isFile()) throw notAFile(file, stat.isDirectory());
    return { handle, size: stat.size, modified: stat.mtimeMs };
  } catch (error) {
    await handle?.close();
    throw error instanceof UserError ? error : readProblem(file, error);
  }
}

/** The whole content of a file. @throws UserError when it is missing, a folder or cannot be read. */
export async function readFileBytes(file: string): Promise<Buffer> {
  const { handle } = await openFile(file);
  try {
    return await handle.readFile();
  } catch (error) {
    throw readProblem(file, error);
  } finally {
    await handle.close();
  }
}

/**
 * Writes a file so that a reader sees the old content or the new, never a part: a temporary file beside it, flushed to
 * the disk, then renamed. Whatever goes wrong, the temporary file is gone afterwards.
 * @throws UserError when the folder is missing or cannot be written.
 */
export async function writeFileAtomically(file: string, chunks: Iterable<Uint8Array>): Promise<void> {
  const temporary = temporaryBeside(file);
  try {
    const handle = await fs.open(temporary, 'wx');
    try {
      for (const chunk of chunks) await handle.writeFile(chunk);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.rename(temporary, file);
  } catch (error) {
    await fs.rm(temporary, { force: true });
    throw error instanceof UserError ? error : writeProblem(file, error);
  }
}

/** A name beside a file's place under which it is written first. A process that is killed meanwhile leaves it there. */
export const temporaryBeside = (file: string): string =>
  path.join(path.dirname(file), `.${path.basename(file)}.${randomBytes(6).toString('hex')}.tmp`);

/** The name of the file that one so named was to become; null for any other. */
export const leftoverOf = (name: string): string | null => /^\.(.+)\.[0-9a-f]{12}\.tmp$/.exec(name)?.[1] ?? null;

/** Removes what writing `file` left when its process was killed. Only for whom nobody else writes it meanwhile. */
export async function removeLeftovers(file: string): Promise<void> {
  const [folder, base] = [path.dirname(file), path.basename(file)];
  const names = await fs.readdir(folder).catch(() => []);
  const leftovers = names.filter((name) => leftoverOf(name) === base);
  // One that cannot be removed is in nobody's way.
  await Promise.all(leftovers.map((name) => fs.rm(path.join(folder, name), { force: true }).catch(() => undefined)));
}

const codeOf = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;

function notAFile(file: string, isFolder: boolean): UserError {
  return new UserError(`${file} is ${isFolder ? 'a folder' : 'not a regular file'}: name a file`, { file });
}

/** Why a file could not be read, as the user needs it. */
export function readProblem(file: string, cause: unknown): UserError {
  const code = codeOf(cause);
  const details = { file, cause };
  if (code === 'EISDIR') return notAFile(file, true);
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new UserError(`${file} does not exist: check the path`, details);
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new UserError(`${file} may not be read: change its permissions`, details);
  }
  return new UserError(`${file} could not be read (${reason(cause)})`, details);
}

/** Why a file could not be written, as the user needs it. */
export function writeProblem(file: string, cause: unknown): UserError {
  const code = codeOf(cause);
  const details = { file, cause };
  const folder = path.dirname(file);
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new UserError(`${file} could not be written: the folder ${folder} does not exist; create it first`, details);
  }
  if (code === 'EISDIR') return new UserError(`${file} is a folder: name a file to write`, details);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new UserError(`${file} may not be written: change the permissions of ${folder}, or choose another`, details);
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const full = code === 'ENOSPC' ? 'the disk is full' : 'your share of the disk is used up';
    return new UserError(`${file} could not be written: ${full}; free some space`, details);
  }
  return new UserError(`${file} could not be written (${reason(cause)})`, details);
}

const reason = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
