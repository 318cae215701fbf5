/** Even where a turn takes long, whoever asks does not wait longer than this for the next one. */
const mostMs = 10_000;

/**
 * Runs work on request, one at a time and not too often: requests that come meanwhile become one, and between two
 * turns lies at least `leastMs` and `rest` times what the last one took, so that it never takes more than its share.
 */
export class Pacer {
  private timer: NodeJS.Timeout | null = null;
  private busy = false;
  private asked = false;
  private earliest = 0;
  private disposed = false;

  constructor(
    private readonly work: () => Promise<void>,
    private readonly leastMs: number,
    private readonly rest = 8,
  ) {}

  request(): void {
    this.asked = true;
    if (this.busy || this.timer !== null || this.disposed) return;
    this.timer = setTimeout(() => void this.turn(), Math.max(0, this.earliest - Date.now()));
  }

  dispose(): void {
    this.disposed = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private async turn(): Promise<void> {
    this.timer = null;
    this.asked = false;
    this.busy = true;
    const started = Date.now();
    try {
      await this.work();
    } finally {
      this.busy = false;
      const ended = Date.now();
      this.earliest = ended + Math.max(this.leastMs, Math.min(mostMs, this.rest * (ended - started)));
      if (this.asked) this.request();
    }
  }
}
