import { spawn } from 'node:child_process';
import { CancelledError, UserError } from '../errors';

interface CommandOptions {
  /** The built command line, `cli.js`. */
  readonly cli: string;
  readonly arguments: readonly string[];
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Receives what the command tells meanwhile, line by line. */
  readonly progress: (line: string) => void;
}

/**
 * Runs a command of this project in a process of its own, so that the kernel answers clicks meanwhile.
 * @returns its standard output. @throws UserError with its last words when it fails; CancelledError.
 */
export function runCommand({ cli, arguments: given, folder, signal, progress }: CommandOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, ...given], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      signal,
    });
    let output = '';
    let lastWords = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split(/[\r\n]+/).filter((part) => part.trim() !== '')) {
        lastWords = line.trim();
        progress(lastWords);
      }
    });
    child.once('error', (error) => reject(signal.aborted ? new CancelledError() : error));
    child.once('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new UserError(lastWords || `med-sa ${given[0]} ended with exit code ${code}`));
    });
  });
}
