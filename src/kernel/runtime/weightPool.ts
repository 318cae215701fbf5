import fs from 'node:fs/promises';
import path from 'node:path';
import type { TensorData, TensorSource } from '../graph/tensorData';

/** Of every weight in a pool file: a cache line, so that vector loads do not straddle two. */
const alignment = 64;

/** One file of weights and the programs that read it. */
interface PoolFile {
  readonly file: string;
  readonly users: Set<number>;
}

/** The weights of a program that is being emitted. */
export interface WeightDraft {
  /** Where those go that no other program has brought. */
  readonly file: string;
  /** Of them, so far. */
  readonly bytes: number;
  place(weight: TensorData): TensorSource;
  write(): Promise<void>;
}

/**
 * Files of the weights that no file of the user's holds as float32 (half precision, trained a moment ago). Each is
 * written once, however many programs compute with it, and the runtime maps it: all their sessions share its pages.
 */
export class WeightPool {
  readonly #places = new WeakMap<Float32Array, { readonly offset: number; readonly pool: PoolFile }>();
  readonly #files = new Set<PoolFile>();

  constructor(private readonly folder: string) {}

  /** The weights of one program: `place` while it is emitted, then `write`, then it may be loaded. */
  draft(program: number): WeightDraft {
    const pool: PoolFile = { file: path.join(this.folder, `${program}.weights`), users: new Set([program]) };
    const pending: Float32Array[] = [];
    let end = 0;
    return {
      file: pool.file,
      place: ({ data }) => {
        const known = this.#places.get(data);
        if (known && (known.pool === pool || this.#files.has(known.pool))) {
          known.pool.users.add(program);
          return { file: known.pool.file, offset: known.offset };
        }
        const offset = end;
        this.#places.set(data, { offset, pool });
        pending.push(data);
        end = align(offset + data.byteLength);
        return { file: pool.file, offset };
      },
      write: async () => {
        if (pending.length === 0) return;
        this.#files.add(pool);
        const handle = await fs.open(pool.file, 'w');
        try {
          for (const data of pending) {
            await writeWhole(handle, Buffer.from(data.buffer, data.byteOffset, data.byteLength));
            await handle.write(Buffer.alloc(align(data.byteLength) - data.byteLength));
          }
        } finally {
          await handle.close();
        }
      },
      get bytes() {
        return end;
      },
    };
  }

  /** A program is gone, and with it the files that no other one reads. */
  async release(program: number): Promise<void> {
    for (const pool of this.#files) {
      pool.users.delete(program);
      if (pool.users.size > 0) continue;
      this.#files.delete(pool);
      await fs.rm(pool.file, { force: true });
    }
  }
}

const align = (offset: number): number => Math.ceil(offset / alignment) * alignment;

/** One call writes 2 GB at most. */
async function writeWhole(handle: fs.FileHandle, bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await handle.write(bytes, done, Math.min(bytes.length - done, 1 << 30))).bytesWritten;
  }
}
