interface Entry<T> {
  readonly value: Promise<T>;
  leases: number;
  /** Out of the cache: disposed when the last lease ends. */
  dropped: boolean;
}

/** The most recently used things that are costly to make. What is in use is never disposed of under its user. */
export class LeasedCache<T> {
  /** Least recently used first. */
  private readonly entries = new Map<string, Entry<T>>();

  constructor(
    private readonly limit: number,
    private readonly dispose: (value: T) => void | Promise<void> = () => undefined,
  ) {}

  /** Lends the thing of that key to `work`, making it first where needed; one being made is waited for, not made twice. */
  async use<R>(key: string, create: () => Promise<T>, work: (value: T) => R | Promise<R>): Promise<R> {
    const entry = this.entries.get(key) ?? this.begin(key, create);
    this.entries.delete(key);
    this.entries.set(key, entry);
    entry.leases++;
    this.shrink();
    try {
      return await work(await entry.value);
    } finally {
      entry.leases--;
      if (entry.dropped && entry.leases === 0) await this.end(entry);
    }
  }

  /** Forgets what stands under a key; it is made anew when it is needed again. */
  drop(key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    entry.dropped = true;
    if (entry.leases === 0) void this.end(entry);
  }

  clear(): void {
    for (const key of [...this.entries.keys()]) this.drop(key);
  }

  private begin(key: string, create: () => Promise<T>): Entry<T> {
    const entry: Entry<T> = { value: create(), leases: 0, dropped: false };
    entry.value.catch(() => {
      if (this.entries.get(key) === entry) this.entries.delete(key);
    });
    return entry;
  }

  private shrink(): void {
    for (const [key, entry] of [...this.entries]) {
      if (this.entries.size <= this.limit) return;
      if (entry.leases === 0) this.drop(key);
    }
  }

  private async end(entry: Entry<T>): Promise<void> {
    // What was never made needs no end, and a failed end must not fail the work that was done with it.
    await entry.value.then(this.dispose).catch(() => undefined);
  }
}
