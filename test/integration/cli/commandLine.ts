import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { bundled } from '../../support/bundle';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly pid: number;
  readonly ended: Promise<Ended>;
}

/** `med-sa` as a user calls it, bundled from the sources. */
export interface CommandLine {
  /** `more`: what the environment of this call has besides. */
  start(args: readonly string[], more?: Readonly<Record<string, string>>): Running;
  run(...args: string[]): Promise<Ended>;
  /** The object that `--json` prints; the command must print nothing else on standard output, and exit with `code`. */
  json(args: readonly string[], code?: number): Promise<Record<string, unknown>>;
}

/**
 * @param folder where the commands are called
 * @param env what their environment has besides this process's
 */
export async function commandLine(folder: string, env: Readonly<Record<string, string>> = {}): Promise<CommandLine> {
  const cli = await bundled('src/kernel/cli/main.ts', 'cli');
  const engine = await bundled('src/kernel/runtime/engineProcess.ts', 'engine');
  fs.copyFileSync(engine, path.join(path.dirname(cli), 'engine.js'));

  const start = (args: readonly string[], more: Readonly<Record<string, string>> = {}): Running => {
    const child = spawn(process.execPath, [cli, ...args], {
      cwd: folder,
      env: { ...process.env, ...env, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const text = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text.stdout += part));
    child.stderr.setEncoding('utf8').on('data', (part: string) => (text.stderr += part));
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal, ...text }));
    });
    return { pid: child.pid ?? 0, ended };
  };
  const run = (...args: string[]): Promise<Ended> => start(args).ended;
  return {
    start,
    run,
    async json(args, code = 0) {
      const ended = await run(...args, '--json');
      if (ended.code !== code) throw new Error(`exit code ${ended.code} instead of ${code}: ${ended.stderr}`);
      return JSON.parse(ended.stdout) as Record<string, unknown>;
    },
  };
}
