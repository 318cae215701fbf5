import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { UserError } from '../errors';

/** Beside the run's events: the process that writes them, as it says itself. */
const processFile = 'process.json';
const processSchema = z.object({ pid: z.number().int().positive() });

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
  /** Null while it runs, then its last words; empty when it said nothing. */
  ended(): string | null;
}

/**
 * Starts a run and waits until its folder is there.
 * @throws UserError with the command's own words when it ends before that.
 */
export async function launchRun(options: LaunchOptions): Promise<LaunchedRun> {
  const outputFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'med-sa-run-'));
  const outputFile = path.join(outputFolder, 'output.txt');
  const output = fs.openSync(outputFile, 'w');
  const child = spawn(process.execPath, [options.cli, ...options.arguments], {
    cwd: options.folder,
    detached: true,
    stdio: ['ignore', output, output],
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
  });
  fs.closeSync(output);
  child.unref();
  let lastWords: string | null = null;
  const end = (fallback: string) => {
    lastWords ??= lastLine(outputFile) || fallback;
    fs.rmSync(outputFolder, { recursive: true, force: true });
  };
  child.once('error', (error) => end(error.message));
  child.once('exit', (code, signal) => end(code === 0 ? '' : `it ended with ${signal ?? `exit code ${code}`}`));

  while (!fs.existsSync(options.run)) {
    const said: string | null = lastWords;
    if (said !== null) throw new UserError(`the fine-tune did not start: ${said || 'its process ended at once'}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { pid: child.pid ?? 0, ended: () => lastWords };
}

/** The process that works on a run, as the run's folder tells; null when it tells nothing. */
export function processOf(run: string): { readonly pid: number; readonly alive: boolean } | null {
  try {
    const { pid } = processSchema.parse(JSON.parse(fs.readFileSync(path.join(run, processFile), 'utf8')));
    return { pid, alive: isAlive(pid) };
  } catch {
    return null;
  }
}

/** Asks a run to stop so that it can be resumed; after the grace it is ended. */
export function stopProcess(pid: number, graceMs: number): void {
  process.kill(pid, 'SIGINT');
  const timer = setTimeout(() => {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  }, graceMs);
  timer.unref();
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function lastLine(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8').trimEnd().split('\n').at(-1)?.trim() ?? '';
  } catch {
    return '';
  }
}
