import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { UserError } from '../errors';
import { eventsFile } from '../training/runEvents';
import { runHolder } from '../training/runLock';
import { requireSayable } from './command';

/** A run without a lock in which nothing was written for so long is over: its process may be about to take the lock. */
const silenceMs = 60_000;

export interface LaunchOptions {
  /** The built command line, `cli.js`. */
  readonly cli: string;
  readonly arguments: readonly string[];
  /** Absolute path of the run's folder, which the command creates. */
  readonly run: string;
  readonly folder: string;
}

/** A run's process as its parent sees it. It outlives the kernel: nothing of it hangs on a pipe. */
export interface LaunchedRun {
  readonly pid: number;
  /** Asks it to stop. @returns whether it was running */
  interrupt(): boolean;
  /** Null while it runs; then its last words, empty when it said nothing, and whether a signal ended it. */
  ended(): { readonly lastWords: string; readonly killed: boolean } | null;
}

/**
 * Starts a run and waits until its folder is there.
 * @throws UserError with the command's own words when it ends before that.
 */
export async function launchRun(options: LaunchOptions): Promise<LaunchedRun> {
  requireSayable([...options.arguments, options.folder]);
  const output = openNameless();
  const child = spawn(process.execPath, [options.cli, ...options.arguments], {
    cwd: options.folder,
    detached: true,
    stdio: ['ignore', output.handle, output.handle],
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
  });
  child.unref();
  let ended: ReturnType<LaunchedRun['ended']> = null;
  const end = (fallback: string, killed: boolean) => {
    if (ended !== null) return;
    ended = { lastWords: lastLine(output.handle) || fallback, killed };
    output.close();
  };
  child.once('error', (error) => end(error.message, false));
  child.once('exit', (code, signal) =>
    end(code === 0 ? '' : `it ended with ${signal ?? `exit code ${code}`}`, signal !== null),
  );

  while (!fs.existsSync(options.run)) {
    const said = (ended as ReturnType<LaunchedRun['ended']>)?.lastWords;
    if (said !== undefined) throw new UserError(`the fine-tune did not start: ${said || 'its process ended at once'}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { pid: child.pid ?? 0, interrupt: () => ended === null && child.kill('SIGINT'), ended: () => ended };
}

/** Whether a process works on a run, as far as its folder tells. */
export function isWorkedOn(run: string): boolean {
  const holder = runHolder(run);
  return holder === null ? silence(run) < silenceMs : holder.atWork;
}

/** Milliseconds since anything was written. */
function silence(run: string): number {
  const times = [eventsFile, 'config.json'].map((name) => {
    const stat = fs.statSync(path.join(run, name), { throwIfNoEntry: false });
    return stat?.mtimeMs ?? 0;
  });
  return Date.now() - Math.max(...times);
}

/**
 * Asks the process that works on a run to stop so that the run can be resumed; after the grace it is ended. Only the
 * holder of the run's lock is ever signalled, and only on this machine.
 * @returns whether there was one
 */
export function stopRun(run: string, graceMs: number): boolean {
  const holder = runHolder(run);
  if (!holder?.local || !holder.atWork) return false;
  process.kill(holder.pid, 'SIGINT');
  const timer = setTimeout(() => {
    const present = runHolder(run);
    if (present?.text === holder.text && present.atWork) process.kill(holder.pid, 'SIGKILL');
  }, graceMs);
  timer.unref();
  return true;
}

/** A file that is gone with the last process that has it open, however that ends. */
function openNameless(): { readonly handle: number; close(): void } {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'med-sa-run-'));
  const handle = fs.openSync(path.join(folder, 'output.txt'), 'w+');
  const remove = (): void => fs.rmSync(folder, { recursive: true, force: true });
  try {
    remove();
  } catch {
    // Windows may keep a file's name as long as it is open.
  }
  return {
    handle,
    close() {
      fs.closeSync(handle);
      remove();
    },
  };
}

/** Of a process's output, its end: an epoch of a long run tells a line. */
const lastBytes = 8192;

function lastLine(handle: number): string {
  const { size } = fs.fstatSync(handle);
  const bytes = Buffer.alloc(Math.min(size, lastBytes));
  const read = fs.readSync(handle, bytes, 0, bytes.length, size - bytes.length);
  return bytes.toString('utf8', 0, read).trimEnd().split('\n').at(-1)?.trim() ?? '';
}
