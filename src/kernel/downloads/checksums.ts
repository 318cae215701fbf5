import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { CancelledError } from '../errors';

const checksumNames = ['sha256', 'sha512', 'md5'] as const;

/** What a file must hash to, in hexadecimal digits. */
export type Checksums = Readonly<Partial<Record<(typeof checksumNames)[number], string>>>;

export interface Mismatch {
  readonly name: string;
  readonly expected: string;
  readonly found: string;
}

/** The first checksum that a file misses; null when it has them all. @throws CancelledError */
export async function mismatchOf(file: string, checksums: Checksums, signal?: AbortSignal): Promise<Mismatch | null> {
  for (const name of checksumNames) {
    const expected = checksums[name]?.toLowerCase();
    if (expected === undefined) continue;
    const hash = createHash(name);
    try {
      await pipeline(fs.createReadStream(file, { highWaterMark: 1 << 20 }), hash, { signal });
    } catch (error) {
      throw signal?.aborted ? new CancelledError() : error;
    }
    const found = hash.digest('hex');
    if (found !== expected) return { name, expected, found };
  }
  return null;
}
