import type { FileHandle } from 'node:fs/promises';
import { UserError } from '../errors';

/**
 * `length` bytes from `position` on, in memory of their own (at offset 0 of their buffer, so that typed arrays of any
 * element may look at them). @throws UserError when the file ends before.
 */
export async function readExactly(
  handle: FileHandle,
  file: string,
  position: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await handle.read(bytes, done, Math.min(length - done, 1 << 30), position + done);
    if (bytesRead === 0) throw new UserError(`${file} is cut short: get it again`, { file });
    done += bytesRead;
  }
  return bytes;
}
