// What Linux tells of processes: memory, open files, and which of them come from one kernel, wherever they have ended up.
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

export interface ProcessFigures {
  /** Resident memory, MiB. */
  readonly memoryMB: number;
  /** Open file descriptors: files, pipes, sockets. */
  readonly handles: number;
}

/** Null for a process that is gone. */
export function processFigures(pid: number): ProcessFigures | null {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    // A process that has ended and that nobody has waited for yet tells no memory.
    if (kilobytes === undefined) return null;
    return { memoryMB: Number(kilobytes) / 1024, handles: fs.readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return null;
  }
}

/** What a process is for, by the program that it runs. */
export type Role = 'kernel' | 'engine' | 'cells' | 'command' | 'other';

export interface FamilyMember {
  readonly pid: number;
  readonly role: Role;
  readonly command: string;
}

const programs: Readonly<Record<string, Role>> = {
  'kernel.js': 'kernel',
  'engine.js': 'engine',
  'cell.js': 'cells',
  'cli.js': 'command',
};

/**
 * All processes that were started with a mark in their environment, and those that they started: a child that lost its
 * parent keeps the mark.
 */
export class ProcessFamily {
  private readonly mark = randomUUID();
  /** What the first process is to find in its environment. */
  readonly env: Readonly<Record<string, string>> = { MEDSA_TEST_FAMILY: this.mark };

  members(): FamilyMember[] {
    const pids = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.flatMap((pid) => {
      try {
        if (!fs.readFileSync(`/proc/${pid}/environ`, 'latin1').includes(this.mark)) return [];
        const words = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
        const role = words.map((word) => programs[path.basename(word)]).find(Boolean) ?? 'other';
        // Zombies have no words: they are gone but for a parent that has not looked yet.
        return words.length === 0 ? [] : [{ pid: Number(pid), role, command: words.join(' ') }];
      } catch {
        return []; // gone meanwhile, or another user's
      }
    });
  }

  /** Of all members of these roles together. */
  figures(...roles: readonly Role[]): ProcessFigures {
    const found = this.members().filter(({ role }) => roles.includes(role));
    const told = found.flatMap(({ pid }) => processFigures(pid) ?? []);
    const sum = (of: (figures: ProcessFigures) => number): number => told.reduce((total, one) => total + of(one), 0);
    return { memoryMB: sum(({ memoryMB }) => memoryMB), handles: sum(({ handles }) => handles) };
  }
}

/** Milliseconds as a documentation states them: median and 95th percentile. */
export function percentiles(values: readonly number[]): { p50: number; p95: number; most: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { p50: at(0.5), p95: at(0.95), most: sorted[sorted.length - 1] };
}
