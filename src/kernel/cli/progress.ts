import type { TextStream } from './output';

const barWidth = 24;
/** A log wants to see that work goes on, not every step of it. */
const plainIntervalMs = 10_000;
/** More often than this no eye sees. */
const redrawMs = 50;

/** One line that tells how far work has come: redrawn in place on a terminal, repeated now and then in a log. */
export class ProgressLine {
  private shownAt = -Infinity;
  private label = '';
  private drawn = false;

  constructor(
    private readonly stream: TextStream,
    private readonly now: () => number = () => performance.now(),
    /** Least time between two lines of a log. */
    private readonly intervalMs: number = plainIntervalMs,
  ) {}

  show(label: string, done: number, total: number): void {
    const since = this.now() - this.shownAt;
    const ended = done >= total;
    if (this.stream.isTTY) {
      if (since < redrawMs && !ended) return;
      this.stream.write(`\r\x1b[K${fit(bar(label, done, total), this.stream.columns ?? 80)}`);
      this.drawn = true;
    } else {
      // Another kind of work is told of at once, and so is its end when it took a while.
      const another = kindOf(label) !== kindOf(this.label);
      if (!another && since < this.intervalMs) return;
      this.stream.write(`${done}/${total} ${label}\n`);
    }
    this.label = label;
    this.shownAt = this.now();
  }

  /** Takes the bar off the terminal, so that a line can be written. */
  clear(): void {
    if (this.drawn) this.stream.write('\r\x1b[K');
    this.drawn = false;
  }
}

function bar(label: string, done: number, total: number): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const filled = Math.round(share * barWidth);
  return `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${done}/${total} ${label}`;
}

/** A line that wraps cannot be drawn over. */
const fit = (text: string, columns: number): string => text.slice(0, Math.max(1, columns - 1));

/** A label without its figures: "epoch 3, loss 0.1" and "epoch 4, loss 0.2" are one kind of work. */
const kindOf = (label: string): string => label.replace(/\d+(\.\d+)?(e[+-]?\d+)?/g, '#');
