import fs from 'node:fs';
import path from 'node:path';
import type { Workbench } from './window';

/** Kills the window's kernel as a crash would. Throws when there is not exactly one. */
export function killKernel({ workspace }: Workbench): void {
  const kernels = extensionProcesses(path.join(path.dirname(workspace), 'extensions')).filter(
    ({ program }) => program === 'kernel.js',
  );
  if (kernels.length !== 1) throw new Error(`There are ${kernels.length} kernels, not one.`);
  process.kill(kernels[0].pid, 'SIGKILL');
}

export interface ExtensionProcess {
  readonly pid: number;
  /** E.g. `kernel.js`. */
  readonly program: string;
}

/** What runs of the extensions in a folder, besides VS Code's own process that hosts them: its programs. */
export function extensionProcesses(extensions: string): ExtensionProcess[] {
  const pids = fs.readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.flatMap((pid) => {
    const program = argumentsOf(pid).find((argument) => argument.startsWith(extensions) && argument.endsWith('.js'));
    return program === undefined ? [] : [{ pid, program: path.basename(program) }];
  });
}

function argumentsOf(pid: number): string[] {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return []; // It has ended meanwhile.
  }
}
