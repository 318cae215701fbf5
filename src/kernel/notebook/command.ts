import { spawn } from 'node:child_process';
import fs from 'node:fs';
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

/** Windows takes no longer command line than this many characters; others take less than 128 KiB for an argument. */
const longest = 32_000;

/** @throws UserError for what no system can hand to a process */
export function requireSayable(given: readonly string[]): void {
  const wrong = given.find((one) => one.includes('\0') || one.length > longest);
  if (wrong === undefined) return;
  const why = wrong.includes('\0') ? 'holds a NUL character' : `is longer than ${longest} characters`;
  throw new UserError(`"${wrong.slice(0, 100)}" ${why}, which no command can be told: correct it`);
}

/**
 * Runs a command of this project in a process of its own, so that the kernel answers clicks meanwhile.
 * @returns its standard output. @throws UserError with its last words when it fails; CancelledError.
 */
export function runCommand({ cli, arguments: given, folder, signal, progress }: CommandOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    requireSayable([...given, folder]);
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
    child.once('error', (error) => reject(signal.aborted ? new CancelledError() : notStarted(error, folder)));
    child.once('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new UserError(lastWords || `med-sa ${given[0]} ended with exit code ${code}`));
    });
  });
}

function notStarted(cause: Error, folder: string): UserError {
  const isFolder = fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const why = isFolder ? cause.message : `its folder ${folder} does not exist`;
  return new UserError(`the command could not be started: ${why}`, { cause });
}
