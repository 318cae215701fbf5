import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import { UserError } from './errors';

/** How often whoever holds a lock touches it, and after how long without that it counts as left behind. */
const beatMs = 10_000;
const abandonedMs = 120_000;

/** A lock that this process holds. */
export interface Lock {
  /** Whether another process has taken it over, because this one seemed gone (a machine that slept, say). */
  takenOver(): boolean;
  release(): void;
}

/** Takes a lock as `takeLock` does. @returns what ends it */
export const lockFile = (file: string, work: string): (() => void) => takeLock(file, work).release;

/**
 * Keeps other processes out while this one works: `file` exists as long. What a process left that died at work is taken
 * over: at once when it ran on this machine, else (another machine of a shared home, a process number that somebody else
 * has by now where the system does not tell) when nobody has touched it for two minutes. Its folder must exist.
 * @param work what the holder does, for those who come second: "installing GPU support"
 * @throws UserError naming the process that is at work
 */
export function takeLock(file: string, work: string): Lock {
  const own = [process.pid, os.hostname(), randomUUID(), startOf(process.pid) ?? '', ''].join('\n');
  while (!created(file, own)) {
    const other = lockHolder(file);
    if (other === null) continue; // ended a moment ago
    if (other.atWork) {
      const where = other.local ? '' : ` on ${other.host}`;
      const who = other.pid > 0 ? `Process ${other.pid}${where}` : 'Another process';
      throw new UserError(`${who} is ${work}: wait until it has ended`, { file });
    }
    takeAway(file, other.text);
  }
  const beat = setInterval(() => touch(file), beatMs);
  beat.unref();
  return {
    takenOver() {
      const holder = lockHolder(file);
      return holder !== null && holder.text !== own;
    },
    release() {
      clearInterval(beat);
      if (lockHolder(file)?.text === own) fs.rmSync(file, { force: true });
    },
  };
}

/** Who holds a lock, or left it behind. */
export interface LockHolder {
  readonly text: string;
  /** 0 while it is being written. */
  readonly pid: number;
  readonly host: string;
  /** On this machine. */
  readonly local: boolean;
  /** That very process is alive, as far as can be told. */
  readonly atWork: boolean;
}

/** Null when there is no lock. */
export function lockHolder(file: string): LockHolder | null {
  try {
    const text = fs.readFileSync(file, 'utf8');
    const [number, host = os.hostname(), , start = ''] = text.split('\n');
    const pid = Number(number) || 0;
    const local = host === os.hostname();
    return { text, pid, host, local, atWork: isAtWork({ pid, local, start, touched: fs.statSync(file).mtimeMs }) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

function created(file: string, text: string): boolean {
  try {
    fs.writeFileSync(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

interface Sign {
  readonly pid: number;
  readonly local: boolean;
  readonly start: string;
  readonly touched: number;
}

function isAtWork({ pid, local, start, touched }: Sign): boolean {
  if (local && pid > 0) {
    if (!isAlive(pid)) return false;
    // A process that computes for minutes touches nothing, and is at work all the same.
    const present = startOf(pid);
    if (start !== '' && present !== null) return present === start;
  }
  return Date.now() - touched < abandonedMs;
}

/** When a process started, in words that no other process of its number shares; null where the system does not tell. */
function startOf(pid: number): string | null {
  try {
    // Its name, in brackets, may hold anything; the 20th field after it counts ticks since the machine started.
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return `${fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${ticks}`;
  } catch {
    return null;
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
  if (fs.readFileSync(aside, 'utf8') !== text && !fs.existsSync(file)) fs.renameSync(aside, file);
  fs.rmSync(aside, { force: true });
}

function touch(file: string): void {
  try {
    const now = new Date();
    fs.utimesSync(file, now, now);
  } catch {
    // removed with its folder: there is nothing left to keep others from
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : null);
