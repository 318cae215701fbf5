import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface CliCall {
  /** The built command line, `cli.js`. */
  readonly cli: string;
  readonly arguments: readonly string[];
  readonly cwd: string;
  /** Asks the command to stop where it can go on later. */
  readonly signal?: AbortSignal;
  /** What it tells meanwhile, line by line. */
  readonly onLine?: (line: string) => void;
}

/**
 * Runs a command of this project in a process of its own. @returns the object that it prints; null when it was stopped
 * @throws Error in the command's own words
 */
export function runCli({ cli, arguments: given, cwd, signal, onLine }: CliCall): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, ...given, '--json'], {
      cwd,
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    createInterface({ input: child.stderr }).on('line', (line) => onLine?.(line));
    const stop = (): void => void child.kill('SIGINT');
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted) stop();
    child.once('error', reject);
    child.once('close', (code) => {
      signal?.removeEventListener('abort', stop);
      if (signal?.aborted && code !== 0) return resolve(null);
      const answer = parsed(output);
      if (code === 0 && answer !== undefined) resolve(answer);
      else reject(new Error(messageIn(answer) ?? `med-sa ${given[0]} ended with exit code ${code}`));
    });
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function messageIn(answer: unknown): string | null {
  const { error } = (answer ?? {}) as { error?: { message?: unknown } };
  return typeof error?.message === 'string' ? error.message : null;
}
