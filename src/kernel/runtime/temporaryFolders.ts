import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { takeLock, lockHolder } from '../fileLock';

const lockName = 'lock';
/** Before it has a lock, a folder may be a moment old. */
const youngMs = 3_600_000;

/** A temporary folder that only this user can read. Whoever makes one takes those away that a killed process left. */
export interface TemporaryFolder {
  readonly path: string;
  remove(): void;
}

/** @param prefix begins the folder's name, and those of its kind */
export function makeTemporaryFolder(prefix: string): TemporaryFolder {
  removeAbandoned(prefix);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), prefix));
  const lock = takeLock(path.join(folder, lockName), 'computing');
  return {
    path: folder,
    remove() {
      lock.release();
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

function removeAbandoned(prefix: string): void {
  const names = fs.readdirSync(os.tmpdir()).filter((name) => name.startsWith(prefix));
  for (const folder of names.map((name) => path.join(os.tmpdir(), name))) {
    try {
      if (isAbandoned(folder)) fs.rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another user's, or gone meanwhile.
    }
  }
}

function isAbandoned(folder: string): boolean {
  const holder = lockHolder(path.join(folder, lockName));
  return holder === null ? Date.now() - fs.statSync(folder).mtimeMs > youngMs : !holder.atWork;
}
