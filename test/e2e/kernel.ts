import fs from 'node:fs';
import path from 'node:path';
import type { Workbench } from './window';

/** Kills the window's kernel as a crash would. Throws when there is not exactly one. */
export function killKernel({ workspace }: Workbench): void {
  const kernels = processesOf(path.join(path.dirname(workspace), 'extensions'), path.join('dist', 'kernel.js'));
  if (kernels.length !== 1) throw new Error(`There are ${kernels.length} kernels, not one.`);
  process.kill(kernels[0], 'SIGKILL');
}

/** What runs of the extensions in a folder, besides VS Code's own process that hosts them: its programs. */
export const extensionProcesses = (extensions: string): number[] => processesOf(extensions, '.js');

/** Processes whose program is a file below the folder that ends so. */
function processesOf(folder: string, ending: string): number[] {
  const pids = fs.readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.filter((pid) => {
    const args = argumentsOf(pid);
    return args.some((argument) => argument.startsWith(folder) && argument.endsWith(ending));
  });
}

function argumentsOf(pid: number): string[] {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return []; // It has ended meanwhile.
  }
}
