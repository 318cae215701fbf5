// A disk of its own, small and in memory, for what happens when one is full or may not be written.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll } from 'vitest';
import { temporaryFolder } from './temporaryFolder';

export interface SmallDisk {
  readonly folder: string;
  /** Fills it up to so many bytes; a page, 4096, is the unit. */
  fill(leave?: number): void;
  /** Makes room again. */
  clear(): void;
  readOnly(on: boolean): void;
}

/** null with a notice where none can be mounted (only root may, on Linux); for `describe.skipIf(!disk)`. */
export function smallDisk(kilobytes: number): SmallDisk | null {
  const folder = temporaryFolder('disk');
  const mount = (...args: string[]): boolean => spawnSync('mount', args).status === 0;
  if (process.platform !== 'linux' || !mount('-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'med-sa-test', folder)) {
    console.warn(
      'Skipped: no small disk can be mounted here (root on Linux may); full and read-only disks go untested.',
    );
    return null;
  }
  afterAll(() => void spawnSync('umount', ['-l', folder]));
  const filler = path.join(folder, 'filler');
  const free = (): number => {
    const { bavail, bsize } = fs.statfsSync(folder);
    return bavail * bsize;
  };
  return {
    folder,
    fill(leave = 0) {
      fs.appendFileSync(filler, Buffer.alloc(Math.max(0, free() - leave)));
    },
    clear: () => fs.rmSync(filler, { force: true }),
    readOnly(on) {
      if (!mount('-o', `remount,${on ? 'ro' : 'rw'}`, folder)) throw new Error(`${folder} could not be remounted`);
    },
  };
}
