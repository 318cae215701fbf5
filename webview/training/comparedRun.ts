import type { RunSummary, TrainingEvent } from '../../src/protocol';
import { RunCurves, savedTables } from './runCurves';
import { RunLine } from './runLine';
import type { CurvesHost } from './host';

/** One of the runs in a page: its line and its curves, which the kernel keeps up to date. */
export class ComparedRun {
  readonly name: string;
  readonly curves = new RunCurves();
  readonly line: RunLine;
  private live = false;
  private summary: RunSummary | null = null;
  /** Until the kernel tells of the run again. */
  private failure: string | null = null;

  constructor(
    readonly viewId: string,
    readonly run: string,
    private readonly host: CurvesHost,
    remove: (() => void) | null,
  ) {
    this.name = run.split(/[\\/]/).filter(Boolean).at(-1) ?? run;
    const ask = (type: 'training/stop' | 'training/resume') => () => host.post({ type, viewId, run });
    const [stop, resume] = [ask('training/stop'), ask('training/resume')];
    this.line = new RunLine(this.name, run, { stop, resume, remove });
  }

  attach(): void {
    this.host.post({ type: 'training/attach', viewId: this.viewId, run: this.run, curves: true });
  }

  detach(): void {
    this.host.post({ type: 'training/detach', viewId: this.viewId, run: this.run });
  }

  /** What a notebook holds; once the kernel tells, that is never older. */
  showSaved(summary: RunSummary): void {
    if (this.live) return;
    this.summary = summary;
    this.curves.apply(savedTables(summary), true);
  }

  receive(event: Extract<TrainingEvent, { type: 'training/summary' | 'training/curves' | 'training/error' }>): void {
    if (event.type === 'training/error') {
      this.failure = event.message;
      this.line.fail(event.message);
      return;
    }
    this.failure = null;
    this.live = true;
    if (event.type === 'training/summary') this.summary = event.summary;
    else this.curves.apply(event.tables, event.anew);
  }

  paint(): void {
    if (this.summary) this.line.show(this.summary, this.failure);
  }
}
