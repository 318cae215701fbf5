import type { RunReport } from './calls';
import { rereadMs, RunLog } from './runLog';
import { isOver, RunProgress } from './runSummary';

/** Says how a run's process ended: null while it is alive, else why nothing more will come. */
export type ProcessEnd = () => { readonly status: 'failed' | 'stale'; readonly message: string } | null;

/** Follows the events of one run from its folder while somebody listens: at most ten reports a second. */
export class RunTail {
  private readonly listeners = new Set<(report: RunReport) => void>();
  private readonly log: RunLog;
  private progress: RunProgress;
  private reading: Promise<boolean> | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly run: string,
    private readonly processEnd: ProcessEnd,
  ) {
    this.log = new RunLog(run);
    this.progress = new RunProgress(run);
  }

  get isFollowed(): boolean {
    return this.listeners.size > 0;
  }

  /** Reports at once and at every change. @returns what ends the listening. */
  async listen(listener: (report: RunReport) => void): Promise<() => void> {
    await this.read();
    listener(this.progress.report());
    this.listeners.add(listener);
    this.schedule();
    return () => this.listeners.delete(listener);
  }

  private schedule(): void {
    if (this.timer !== null || this.listeners.size === 0) return;
    this.timer = setTimeout(
      async () => {
        const changed = await this.read();
        this.timer = null;
        if (changed) for (const listener of this.listeners) listener(this.progress.report());
        this.schedule();
      },
      rereadMs(isOver(this.progress.status)),
    );
  }

  /** Takes in what was written since; whoever asks meanwhile waits for the same. @returns whether anything changed. */
  private read(): Promise<boolean> {
    this.reading ??= this.readOn().finally(() => (this.reading = null));
    return this.reading;
  }

  private async readOn(): Promise<boolean> {
    // Asked before the events are read: what the process wrote last is then among them.
    const processEnd = this.processEnd();
    let changed = false;
    for (let more = true; more;) {
      const part = await this.log.next();
      if (part.anew) this.progress = new RunProgress(this.run);
      for (const event of part.events) this.progress.apply(event);
      changed ||= part.anew || part.events.length > 0;
      more = part.more;
    }
    const { status } = this.progress;
    if (processEnd === null || status === 'done' || status === 'stopped' || status === 'failed') return changed;
    const known = status === processEnd.status;
    this.progress.end(processEnd.status, processEnd.message);
    return changed || !known;
  }
}
