import { durationText } from './duration';
import type { TextStream } from './output';

const barWidths = { least: 8, most: 24 } as const;
/** A log wants to see that work goes on, not every step of it. */
const plainIntervalMs = 10_000;
/** More often than this no eye sees. */
const redrawMs = 50;
/** Before this, what is left cannot be told. */
const leastEstimateMs = 2000;

/**
 * One line that tells how far work has come, how fast it goes and what time is left: redrawn in place on a terminal,
 * repeated now and then in a log.
 */
export class ProgressLine {
  private shownAt = -Infinity;
  private label = '';
  private drawn = false;
  /** Where the present kind of work was first heard of. */
  private begun = { at: 0, done: 0 };

  constructor(
    private readonly stream: TextStream,
    private readonly now: () => number = () => performance.now(),
    /** Least time between two lines of a log. */
    private readonly intervalMs: number = plainIntervalMs,
  ) {}

  /** @param label what is counted, then whatever there is to tell: "images read", "batches, loss 0.1" */
  show(label: string, done: number, total: number): void {
    const now = this.now();
    const another = kindOf(label) !== kindOf(this.label) || done < this.begun.done;
    if (another) this.begun = { at: now, done };
    // Another kind of work is told of at once; a terminal sees its end too.
    const leastMs = this.stream.isTTY ? redrawMs : this.intervalMs;
    const isDue = now - this.shownAt >= leastMs || another || (this.stream.isTTY === true && done >= total);
    this.label = label;
    if (!isDue) return;
    const [counted, ...more] = label.split(', ');
    const text = [`${done}/${total} ${counted}`, ...this.pace(now, done, total), ...more].join(', ');
    if (this.stream.isTTY) this.stream.write(`\r\x1b[K${drawn(text, done, total, this.stream.columns ?? 80)}`);
    else this.stream.write(`${text}\n`);
    this.drawn = this.stream.isTTY === true;
    this.shownAt = now;
  }

  /** Takes the bar off the terminal, so that a line can be written. */
  clear(): void {
    if (this.drawn) this.stream.write('\r\x1b[K');
    this.drawn = false;
  }

  /** Rate and time left, by the mean since this work began; nothing while that says nothing. */
  private pace(now: number, done: number, total: number): string[] {
    const [elapsed, count] = [now - this.begun.at, done - this.begun.done];
    if (elapsed < leastEstimateMs || count <= 0) return [];
    const perSecond = (count * 1000) / elapsed;
    const rate = perSecond >= 1 ? `${perSecond.toPrecision(2)}/s` : `${(1 / perSecond).toPrecision(2)} s each`;
    return done >= total ? [rate] : [rate, `${durationText((total - done) / perSecond)} left`];
  }
}

/** A bar and text that fit a terminal: a line that wraps cannot be drawn over. */
function drawn(text: string, done: number, total: number, columns: number): string {
  const width = Math.min(barWidths.most, Math.max(barWidths.least, columns - 2 - text.length));
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const filled = Math.round(share * width);
  return `${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${text}`.slice(0, Math.max(1, columns - 1));
}

/** A label without its figures: "epoch 3, loss 0.1" and "epoch 4, loss 0.2" are one kind of work. */
const kindOf = (label: string): string => label.replace(/\d+(\.\d+)?(e[+-]?\d+)?/g, '#');
