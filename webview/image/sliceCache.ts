/** What a page may hold of slices that are not on the screen. */
export const defaultCacheBytes = 128 * 2 ** 20;

interface Entry<T> {
  value: T;
  bytes: number;
}

/**
 * Slices of all viewers of a page, the least recently used of them forgotten first. Its bound is in bytes: a notebook of
 * twenty volumes holds no more than one of a single volume.
 */
export class SliceCache<T> {
  private readonly entries = new Map<string, Entry<T>>();
  private held = 0;

  constructor(private readonly limit = defaultCacheBytes) {}

  get bytes(): number {
    return this.held;
  }

  get size(): number {
    return this.entries.size;
  }

  has(key: string): boolean {
    return this.entries.has(key);
  }

  /** The value, which becomes the most recently used. */
  get(key: string): T | undefined {
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry.value;
  }

  /** Keeps a value, unless it alone is larger than the whole cache. */
  set(key: string, value: T, bytes: number): void {
    this.delete(key);
    if (bytes > this.limit) return;
    this.entries.set(key, { value, bytes });
    this.held += bytes;
    for (const oldest of this.entries.keys()) {
      if (this.held <= this.limit) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const entry = this.entries.get(key);
    if (!entry) return;
    this.held -= entry.bytes;
    this.entries.delete(key);
  }

  /** Forgets everything whose key begins so: a viewer that goes takes its slices along. */
  deleteAll(prefix: string): void {
    for (const key of [...this.entries.keys()]) if (key.startsWith(prefix)) this.delete(key);
  }
}
