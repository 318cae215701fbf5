// What Linux tells of processes: memory, open files, children. A process that has gone tells nothing.
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

/** What open files of a process are: the targets of its descriptors, e.g. `pipe:[123]` or a path. */
export function openFiles(pid: number): string[] {
  return fs.readdirSync(`/proc/${pid}/fd`).flatMap((handle) => {
    try {
      return [fs.readlinkSync(`/proc/${pid}/fd/${handle}`)];
    } catch {
      return []; // closed meanwhile
    }
  });
}

export interface ListedProcess {
  readonly pid: number;
  readonly parent: number;
  /** Zombies, which nobody has waited for yet, have none. */
  readonly command: readonly string[];
}

/** All processes that may be looked at. */
export function allProcesses(): ListedProcess[] {
  const pids = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      // After the name, which may hold anything: the state, and the parent.
      const [, parent] = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
      const command = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
      return [{ pid: Number(pid), parent: Number(parent), command }];
    } catch {
      return []; // gone meanwhile
    }
  });
}

/** The processes below one, without itself. */
export function descendants(of: number, all: readonly ListedProcess[] = allProcesses()): ListedProcess[] {
  const children = all.filter(({ parent }) => parent === of);
  return [...children, ...children.flatMap(({ pid }) => descendants(pid, all))];
}

/** The processes that run a program of this folder, zombies not among them: what a test that bundled them left. */
export const processesOf = (folder: string): ListedProcess[] =>
  allProcesses().filter(({ command }) => command.some((word) => word.startsWith(folder + path.sep)));
