import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { UserError } from './errors';
import { leftoverOf, temporaryBeside, writeProblem } from './files';
import { forgetSighting, isAlive, isFresh, parseSign, signOf } from './lockSigns';

/** How often whoever holds a lock touches it. */
const beatMs = 10_000;

/** A lock that this process holds. */
export interface Lock {
  /** Whether another process has taken it over, because this one seemed gone (a machine that slept, say). */
  takenOver(): boolean;
  release(): void;
}

/** Takes a lock as `takeLock` does. @returns what ends it */
export const lockFile = (file: string, work: string): (() => void) => takeLock(file, work).release;

/**
 * Keeps other processes out while this one works: `file` exists as long, and is whole from its first moment. What a process
 * left that died at work is taken over: at once when it ran on this machine, else (another machine or container of a shared
 * folder, a process number that somebody else has by now where the system does not tell) when nobody has touched it for
 * two minutes. Its folder must exist.
 * @param work what the holder does, for those who come second: "installing GPU support"
 * @throws UserError naming the process that is at work, or why nothing can be written
 */
export function takeLock(file: string, work: string): Lock {
  const own = signOf(randomUUID());
  let handle: number | null = null;
  while (handle === null) {
    const attempt = attempted(file, () => place(file, own));
    handle = attempt.handle;
    const other = handle === null ? lockHolder(file, attempt.diskTime) : null;
    if (other === null) continue; // it stands, or the other one ended a moment ago
    if (other.atWork) throw new UserError(`${nameOf(other)} is ${work}: wait until it has ended`, { file });
    attempted(file, () => takeAway(file, other.text));
  }
  const held = handle;
  removeRemains(file, own);
  const beat = setInterval(() => touch(held, own), beatMs);
  beat.unref();
  let released = false;
  return {
    takenOver() {
      const holder = read(file);
      return holder !== null && holder.text !== own;
    },
    release() {
      if (released) return;
      released = true;
      clearInterval(beat);
      fs.closeSync(held);
      if (read(file)?.text === own) fs.rmSync(file, { force: true });
      forgetSighting(file);
    },
  };
}

/** Who holds a lock, or left it behind. */
export interface LockHolder {
  readonly text: string;
  /** 0 where the lock does not say. */
  readonly pid: number;
  readonly host: string;
  /** On this machine, and not in another container. */
  readonly local: boolean;
  /** That very process is alive, as far as can be told. */
  readonly atWork: boolean;
}

/** Null when there is no lock. `diskTime`: by the clock that stamps files there, ms; null where it is not known. */
export function lockHolder(file: string, diskTime: number | null = null): LockHolder | null {
  const found = read(file);
  if (found === null) {
    forgetSighting(file);
    return null;
  }
  const { text, touched } = found;
  const sign = parseSign(text);
  const { pid, host, local } = sign;
  return { text, pid, host, local, atWork: isAlive(sign) ?? isFresh(file, text, touched, diskTime) };
}

function nameOf({ pid, host, local }: LockHolder): string {
  return pid > 0 ? `Process ${pid}${local ? '' : ` on ${host}`}` : 'Another process';
}

function read(file: string): { readonly text: string; readonly touched: number } | null {
  try {
    // No lock of ours is a link: one that somebody else put there is not followed, wherever it leads.
    const stat = fs.lstatSync(file);
    return { text: stat.isFile() ? fs.readFileSync(file, 'utf8') : '', touched: stat.mtimeMs };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Does something to the folder of a lock. @throws UserError in place of the system's words */
function attempted<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw writeProblem(file, error);
  }
}

interface Attempt {
  /** Of the lock; null where it does not stand: another one does, or did a moment ago. */
  readonly handle: number | null;
  /** What the disk's clock said, ms. */
  readonly diskTime: number;
}

/** Writes a lock beside its place, and links it there: nobody sees a part of it, however its process ends. */
function place(file: string, text: string): Attempt {
  const temporary = temporaryBeside(file);
  const handle = fs.openSync(temporary, 'wx+');
  let stands = false;
  try {
    fs.writeFileSync(handle, text);
    const diskTime = fs.fstatSync(handle).mtimeMs;
    try {
      fs.linkSync(temporary, file);
      stands = true;
    } catch (error) {
      const code = String(codeOf(error));
      if (linkless.has(code)) return { handle: createdInPlace(file, text), diskTime };
      // ENOENT: who took the lock in between has tidied up here.
      if (code !== 'EEXIST' && code !== 'ENOENT') throw error;
    }
    return { handle: stands ? handle : null, diskTime };
  } finally {
    if (!stands) fs.closeSync(handle);
    fs.rmSync(temporary, { force: true });
  }
}

/** What file systems without links answer (FAT, some network shares). */
const linkless = new Set(['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'EINVAL']);

function createdInPlace(file: string, text: string): number | null {
  let handle: number;
  try {
    handle = fs.openSync(file, 'wx+');
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return null;
    throw error;
  }
  try {
    fs.writeFileSync(handle, text);
    return handle;
  } catch (error) {
    fs.closeSync(handle);
    fs.rmSync(file, { force: true });
    throw error;
  }
}

/** Two may find the same lock left behind: only the one whose rename takes that very lock goes on from it. */
function takeAway(file: string, text: string): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    fs.renameSync(file, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  // The other was faster, and this is its lock already.
  if (read(aside)?.text !== text && !fs.existsSync(file)) fs.renameSync(aside, file);
  fs.rmSync(aside, { force: true });
}

/** What processes left that were killed while they took this lock, or took one away. */
function removeRemains(file: string, own: string): void {
  const [folder, name] = [path.dirname(file), path.basename(file)];
  const isRemain = (one: string): boolean =>
    leftoverOf(one) === name ||
    (one.startsWith(`${name}.`) && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(one.slice(name.length + 1)));
  try {
    const remains = fs.readdirSync(folder).filter(isRemain);
    // Somebody may hold this very lock aside for a moment, and is about to put it back.
    for (const one of remains.map((remain) => path.join(folder, remain))) {
      if (read(one)?.text !== own) fs.rmSync(one, { force: true });
    }
  } catch {
    // They are in nobody's way.
  }
}

/** By the disk's clock, not by this machine's; and the lock itself, even where another one stands in its place by now. */
function touch(handle: number, text: string): void {
  try {
    fs.writeSync(handle, text, 0);
  } catch {
    // removed with its folder: there is nothing left to keep others from
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : null);
