import type { CurveTable } from '../../protocol';
import { type figuresOf, TableBuilder } from './runCurves';

type Row = readonly [step: number, figures: ReturnType<typeof figuresOf>];

/** Rows of a curve table that a notebook keeps; longer curves are thinned out evenly. */
const maxRows = 600;

/** The figures of one kind of event, of every step at first, then of every second, fourth … */
export class ThinnedRows {
  private rows: Row[] = [];
  private stride = 1;
  private seen = 0;

  add(step: number, figures: Row[1]): void {
    if (this.seen++ % this.stride !== 0) return;
    this.rows.push([step, figures]);
    if (this.rows.length <= maxRows) return;
    // The newest row always stays.
    this.rows = this.rows.filter((_, index) => (this.rows.length - 1 - index) % 2 === 0);
    this.stride *= 2;
  }

  forgetAfter(step: number): void {
    this.rows = this.rows.filter(([at]) => at <= step);
  }

  table(): CurveTable {
    const builder = new TableBuilder();
    // A validation may be told twice for the same step, by a run that went on: the later one counts.
    this.rows.forEach(([step, figures], index) => {
      const next = this.rows[index + 1];
      if (next === undefined || next[0] > step) builder.add(step, figures);
    });
    return builder.table;
  }
}
