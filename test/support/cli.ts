import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from './projectRoot';

const execute = promisify(execFile);

export interface CliResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the built `med-sa` command line and resolves with its exit code and what it printed. */
export async function medSa(args: string[], cwd = projectRoot): Promise<CliResult> {
  try {
    const { stdout, stderr } = await execute(process.execPath, [path.join(projectRoot, 'dist', 'cli.js'), ...args], {
      cwd,
      maxBuffer: 64 << 20,
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: number | string; stdout: string; stderr: string };
    if (typeof code !== 'number') throw error;
    return { code, stdout, stderr };
  }
}
