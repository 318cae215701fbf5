// Signs of life of the process that a lock names.
import fs from 'node:fs';
import os from 'node:os';

/** After how long without a touch a lock counts as left behind, where nothing else tells. */
const abandonedMs = 120_000;

/**
 * How a process names itself in a lock: number, machine, a random word, when it started, and the namespace of its number
 * (a container on this machine may bear its name, and counts processes of its own).
 */
export const signOf = (word: string): string =>
  [process.pid, os.hostname(), word, startOf(process.pid) ?? '', namespace ?? '', ''].join('\n');

export interface Sign {
  /** 0 where a lock does not say. */
  readonly pid: number;
  readonly host: string;
  /** Its number means a process that this one can ask after. */
  readonly local: boolean;
  /** '' where the system did not tell. */
  readonly start: string;
}

/** What a lock's text says. */
export function parseSign(text: string): Sign {
  // Versions before 0.2 wrote no namespace, and somebody may write a lock by hand.
  const [number, host = os.hostname(), , start = '', space = ''] = text.split('\n');
  const local = host === os.hostname() && (space === '' || namespace === null || space === namespace);
  return { pid: Number(number) || 0, host, local, start };
}

/** Whether that very process is alive; null where nobody here can tell. No clock is asked. */
export function isAlive({ pid, local, start }: Sign): boolean | null {
  if (!local || pid <= 0) return null;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  // A process that computes for minutes touches nothing, and is at work all the same.
  const present = startOf(pid);
  return start === '' || present === null ? null : present === start;
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

const namespace = ((): string | null => {
  try {
    return fs.readlinkSync('/proc/self/ns/pid');
  } catch {
    return null;
  }
})();

interface Sighting {
  readonly text: string;
  readonly touched: number;
  /** When it was touched, by this process's own steady clock (`performance.now()`). */
  readonly at: number;
}

const sightings = new Map<string, Sighting>();

/**
 * Whether a lock was touched not long ago. The first look compares its time with a clock's; of those, the one that was set
 * meanwhile, or is another machine's, does not count where the disk's own is known. Every later look knows by a steady
 * clock since when nothing has changed.
 * @param touched modification time of the lock, ms
 * @param diskTime by the clock that stamps files there, ms; null: not known
 */
export function isFresh(file: string, text: string, touched: number, diskTime: number | null): boolean {
  const steady = performance.now();
  const seen = sightings.get(file);
  // Times of the future are as wrong as times long past.
  const firstLook = steady - Math.min(Math.abs((diskTime ?? Date.now()) - touched), abandonedMs);
  let at: number;
  if (seen?.text !== text) at = firstLook;
  else if (seen.touched !== touched) at = steady;
  else at = diskTime === null ? seen.at : Math.max(seen.at, firstLook);
  sightings.set(file, { text, touched, at });
  return steady - at < abandonedMs;
}

/** Nobody holds it any more. */
export const forgetSighting = (file: string): void => void sightings.delete(file);
