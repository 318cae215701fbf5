import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Whether the dynamic loader of this machine finds a library by its name. */
export type SystemLibraries = (soname: string) => boolean;

/** The libraries that the loader would find now: those in LD_LIBRARY_PATH and those that ldconfig knows. */
export async function findSystemLibraries(): Promise<SystemLibraries> {
  const known = await cachedNames();
  const folders = (process.env.LD_LIBRARY_PATH ?? '').split(/[:;]/).filter((folder) => folder !== '');
  return (soname) => known.has(soname) || folders.some((folder) => fs.existsSync(path.join(folder, soname)));
}

async function cachedNames(): Promise<ReadonlySet<string>> {
  for (const ldconfig of ['ldconfig', '/sbin/ldconfig', '/usr/sbin/ldconfig']) {
    try {
      const { stdout } = await run(ldconfig, ['-p'], { maxBuffer: 2 ** 26 });
      return new Set(Array.from(stdout.matchAll(/^\s+(\S+) \(/gm), ([, name]) => name));
    } catch {
      // Not there, or not on the path of a user who is not root: the next.
    }
  }
  return new Set(); // a system without ldconfig (musl) has nothing that a wheel could use
}
