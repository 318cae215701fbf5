import fs from 'node:fs';
import { gigabytes } from './bytes';
import { UserError } from './errors';

/** @throws UserError when the disk of a folder of the cache has less than this many bytes left */
export function requireSpace(folder: string, bytes: number): void {
  const { bavail, bsize } = fs.statfsSync(folder);
  const free = bavail * bsize;
  if (free >= bytes) return;
  throw new UserError(
    `The disk with ${folder} has ${gigabytes(free)} left; ${gigabytes(bytes)} are needed: free space, or let MEDSA_CACHE name a folder on another disk`,
    { file: folder },
  );
}
