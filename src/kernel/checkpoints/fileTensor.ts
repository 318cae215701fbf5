import fs from 'node:fs';
import path from 'node:path';
import { UserError } from '../errors';
import { readProblem, type OpenFile } from '../files';
import { sizeOf, type TensorData, type TensorSource } from '../graph/tensorData';

/**
 * Checkpoints up to this size are read into memory when they are opened; the float32 tensors of larger ones stay in their
 * file. Adapters, training states and the embedded model, which are written again while others use them, are small.
 */
const largestInMemory = 64 * 2 ** 20;

/** A checkpoint too large for memory, as it was when its header was read. */
export class LargeFile {
  private constructor(
    /** Absolute path: whoever maps the file may work in another folder. */
    private readonly path: string,
    private readonly name: string,
    private readonly size: number,
    private readonly modified: number,
  ) {}

  /** null for a file that is read into memory. */
  static of(file: string, { size, modified }: Omit<OpenFile, 'handle'>): LargeFile | null {
    return size > largestInMemory ? new LargeFile(path.resolve(file), file, size, modified) : null;
  }

  /** `length` bytes from `offset` on. @throws UserError when the file is gone or not the one that was opened. */
  read(offset: number, length: number): Uint8Array<ArrayBuffer> {
    let descriptor: number | undefined;
    try {
      descriptor = fs.openSync(this.path, 'r');
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length;) {
        const read = fs.readSync(descriptor, bytes, done, Math.min(length - done, 1 << 30), offset + done);
        if (read === 0) break;
        done += read;
      }
      // Afterwards, so that a change during the read is seen too.
      this.check(fs.fstatSync(descriptor));
      return bytes;
    } catch (error) {
      throw error instanceof UserError ? error : readProblem(this.name, error);
    } finally {
      if (descriptor !== undefined) fs.closeSync(descriptor);
    }
  }

  /** Where `offset` lies for a runtime that maps the file now. @throws UserError when the file is gone or another. */
  source(offset: number): TensorSource {
    let now: fs.Stats;
    try {
      now = fs.statSync(this.path);
    } catch (error) {
      throw readProblem(this.name, error);
    }
    this.check(now);
    return { file: this.path, offset };
  }

  private check({ size, mtimeMs }: fs.Stats): void {
    if (size === this.size && mtimeMs === this.modified) return;
    throw new UserError(`${this.name} has changed since it was opened: open it again`, { file: this.name });
  }
}

/** Float32 values that stay in their file: read when asked for, and not held beyond the work that asked. */
export class FileTensor implements TensorData {
  readonly dtype = 'float32';

  constructor(
    private readonly file: LargeFile,
    private readonly offset: number,
    readonly shape: readonly number[],
  ) {}

  /**
   * Absent where there is nothing to map: no values, or values at an odd address.
   * @throws UserError when the file is gone or has changed since it was opened: other weights would be mapped.
   */
  get source(): TensorSource | undefined {
    const mappable = sizeOf(this.shape) > 0 && this.offset % Float32Array.BYTES_PER_ELEMENT === 0;
    return mappable ? this.file.source(this.offset) : undefined;
  }

  /** @throws UserError when the file is gone or has changed since it was opened. */
  get data(): Float32Array {
    return recent.get(this) ?? recent.keep(this, this.read());
  }

  private read(): Float32Array {
    const bytes = this.file.read(this.offset, sizeOf(this.shape) * Float32Array.BYTES_PER_ELEMENT);
    return new Float32Array(bytes.buffer);
  }
}

/**
 * The values read last, for code that names `tensor.data` again and again. A WeakRef would not do: what it points to lives
 * until the synchronous work ends, and packing or compiling a model is one such piece of work over gigabytes.
 */
class RecentValues {
  private readonly held = new Map<FileTensor, Float32Array>();
  private bytes = 0;

  get = (tensor: FileTensor): Float32Array | undefined => this.held.get(tensor);

  keep(tensor: FileTensor, values: Float32Array): Float32Array {
    if (this.held.size === 0) setImmediate(() => this.clear());
    for (const [oldest, { byteLength }] of this.held) {
      if (this.bytes + values.byteLength <= largestInMemory) break;
      this.held.delete(oldest);
      this.bytes -= byteLength;
    }
    this.held.set(tensor, values);
    this.bytes += values.byteLength;
    return values;
  }

  private clear(): void {
    this.held.clear();
    this.bytes = 0;
  }
}

const recent = new RecentValues();
