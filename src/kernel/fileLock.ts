import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import { UserError } from './errors';

/** How often whoever holds a lock touches it, and after how long without that it counts as left behind. */
const beatMs = 10_000;
const abandonedMs = 120_000;

/**
 * Keeps other processes out while this one works: `file` exists as long. What a process left that died at work is taken
 * over: at once when it ran on this machine, else (another machine of a shared home, a process number that somebody else
 * has by now) when nobody has touched it for two minutes. Its folder must exist.
 * @param work what the holder does, for those who come second: "installing GPU support"
 * @returns what ends it
 * @throws UserError naming the process that is at work
 */
export function lockFile(file: string, work: string): () => void {
  const own = `${process.pid}\n${os.hostname()}\n${randomUUID()}\n`;
  while (!created(file, own)) {
    const other = ownerOf(file);
    if (other === null) continue; // ended a moment ago
    if (isAtWork(other)) {
      const where = other.host === os.hostname() ? '' : ` on ${other.host}`;
      const who = other.pid > 0 ? `Process ${other.pid}${where}` : 'Another process';
      throw new UserError(`${who} is ${work}: wait until it has ended`, { file });
    }
    takeAway(file, other.text);
  }
  const beat = setInterval(() => touch(file), beatMs);
  beat.unref();
  return () => {
    clearInterval(beat);
    if (ownerOf(file)?.text === own) fs.rmSync(file, { force: true });
  };
}

interface Owner {
  readonly text: string;
  /** 0 while it is being written. */
  readonly pid: number;
  readonly host: string;
  readonly touched: number;
}

function ownerOf(file: string): Owner | null {
  try {
    const text = fs.readFileSync(file, 'utf8');
    const [pid, host = os.hostname()] = text.split('\n');
    return { text, pid: Number(pid) || 0, host, touched: fs.statSync(file).mtimeMs };
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

function isAtWork({ pid, host, touched }: Owner): boolean {
  if (pid > 0 && host === os.hostname() && !isAlive(pid)) return false;
  return Date.now() - touched < abandonedMs;
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
