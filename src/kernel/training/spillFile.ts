import fs from 'node:fs';
import path from 'node:path';
import { cacheFolder } from '../cacheFolder';
import type { PixelReader } from '../inference/slicedCase';

/**
 * A file in the cache folder for pixels that do not fit into memory, read a slice at a time. It is gone when the process
 * is, however that ends: where the system allows it, its name is removed as soon as it is open.
 */
export class SpillFile {
  private handle: number | null = null;
  private size = 0;

  /** @param limit bytes that the file may take of the disk */
  constructor(private readonly limit: number) {}

  /** null where there is no room, or no file can be written. */
  append(bytes: Uint8Array): PixelReader | null {
    if (this.size + bytes.length > this.limit) return null;
    try {
      this.handle ??= open();
      const start = this.size;
      for (let done = 0; done < bytes.length;) {
        done += fs.writeSync(this.handle, bytes, done, bytes.length - done, start + done);
      }
      this.size += bytes.length;
      return (from, to) => this.read(start + from, to - from);
    } catch {
      // A full disk costs time, not the run: what is not kept is read again from the data.
      return null;
    }
  }

  private read(position: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const count = fs.readSync(this.handle!, bytes, done, length - done, position + done);
      if (count === 0) throw new Error('the file of spilled pixels ended early');
      done += count;
    }
    return bytes;
  }
}

function open(): number {
  const folder = cacheFolder('training-slices');
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${process.pid}-${Date.now().toString(36)}.raw`);
  const handle = fs.openSync(file, 'wx+', 0o600);
  try {
    fs.rmSync(file);
  } catch {
    // Windows removes no file that is open.
    process.once('exit', () => {
      fs.closeSync(handle);
      fs.rmSync(file, { force: true });
    });
  }
  return handle;
}
