import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { writeFileAtomically } from '../files';
import { sizeOf, tensorData, type TensorData } from '../graph';

const extension = '.embedding';
const digestBytes = 32;
const rank = 4;

/** What a write that was cut off left behind is removed after this time, ms. */
const staleAfter = 3_600_000;

/**
 * Embeddings on disk, for encoders that take longer than reading a few megabytes. Together they take no more than
 * `limit` bytes, those not asked for the longest leaving first. A cache: whatever is wrong with it, the work goes on.
 *
 * An entry: SHA-256 of all that follows; the number of tensors; four extents each; their values. Little-endian u32, f32.
 */
export class EmbeddingFolder {
  constructor(
    private readonly folder: string,
    private readonly limit: number,
  ) {}

  /** The tensors under a key of hexadecimal digits; null where there are none. A damaged entry is removed. */
  async read(key: string): Promise<TensorData[] | null> {
    const file = this.fileOf(key);
    const bytes = await fs.readFile(file).catch(() => null);
    if (bytes === null) return null;
    const tensors = decode(bytes);
    // By the time of its last use an entry stays or goes; the system's own access times are often switched off.
    const now = new Date();
    await (tensors === null ? fs.rm(file, { force: true }) : fs.utimes(file, now, now)).catch(() => undefined);
    return tensors;
  }

  /** Stores tensors [·, ·, ·, ·], at once or not at all, and makes room. Never rejects. */
  async write(key: string, tensors: readonly TensorData[]): Promise<void> {
    try {
      await fs.mkdir(this.folder, { recursive: true });
      await writeFileAtomically(this.fileOf(key), encode(tensors));
      await this.makeRoom();
    } catch {
      // A full disk or a folder that may not be written costs time, not the answer.
    }
  }

  private fileOf(key: string): string {
    return path.join(this.folder, key + extension);
  }

  private async makeRoom(): Promise<void> {
    const entries = await Promise.all(
      (await fs.readdir(this.folder)).map(async (name) => {
        const file = path.join(this.folder, name);
        const { mtimeMs, size } = await fs.stat(file).catch(() => ({ mtimeMs: 0, size: 0 }));
        return { file, size, used: mtimeMs, isEntry: name.endsWith(extension) };
      }),
    );
    let total = 0;
    for (const { file, size, used, isEntry } of entries.sort((a, b) => b.used - a.used)) {
      total += size;
      const stale = !isEntry && Date.now() - used > staleAfter;
      if (stale || (isEntry && total > this.limit)) await fs.rm(file, { force: true });
    }
  }
}

function encode(tensors: readonly TensorData[]): Uint8Array[] {
  const header = Uint32Array.of(tensors.length, ...tensors.flatMap(({ shape }) => shape));
  if (header.length !== 1 + rank * tensors.length) throw new RangeError('embeddings have four axes');
  const parts = [header, ...tensors.map(({ data }) => data)].map(
    (array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
  );
  return [digestOf(parts), ...parts];
}

/** null unless the entry is whole and as it was written. */
function decode(bytes: Buffer): TensorData[] | null {
  if (bytes.length < digestBytes + 4) return null;
  const content = bytes.subarray(digestBytes);
  if (!digestOf([content]).equals(bytes.subarray(0, digestBytes))) return null;
  const count = content.readUInt32LE(0);
  const shapes = Array.from({ length: count }, (_, tensor) =>
    Array.from({ length: rank }, (_, axis) => content.readUInt32LE(4 * (1 + rank * tensor + axis))),
  );
  let offset = 4 * (1 + rank * count);
  return shapes.map((shape) => {
    const length = 4 * sizeOf(shape);
    // A copy: values of a pooled buffer need not stand on a multiple of four.
    const data = new Float32Array(new Uint8Array(content.subarray(offset, offset + length)).buffer);
    offset += length;
    return tensorData(shape, data);
  });
}

function digestOf(parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
