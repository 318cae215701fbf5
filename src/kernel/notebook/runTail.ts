import fs from 'node:fs/promises';
import path from 'node:path';
import type { RunEvent } from '../../protocol';
import { eventOf, eventsFile } from '../training/runEvents';
import type { RunReport } from './calls';
import { isOver, RunProgress } from './runSummary';

/** Says how a run's process ended: null while it is alive, else why nothing more will come. */
export type ProcessEnd = () => string | null;

const pollMs = 100;
/** A run that is over may be resumed. */
const pollOverMs = 2000;
const newline = 0x0a;

/** Follows the events of one run from its folder while somebody listens: at most ten reports a second. */
export class RunTail {
  private readonly listeners = new Set<(report: RunReport) => void>();
  private progress: RunProgress;
  private position = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly run: string,
    private readonly processEnd: ProcessEnd,
  ) {
    this.progress = new RunProgress(run);
  }

  /** Reports at once and at every change. @returns what ends the listening. */
  async listen(listener: (report: RunReport) => void): Promise<() => void> {
    await this.read();
    listener(this.progress.report());
    this.listeners.add(listener);
    this.schedule();
    return () => this.listeners.delete(listener);
  }

  private get over(): boolean {
    return isOver(this.progress.status);
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
      this.over ? pollOverMs : pollMs,
    );
  }

  /** Takes in what was written since. @returns whether anything changed. */
  private async read(): Promise<boolean> {
    // Asked before the events are read: what the process wrote last is then among them.
    const processEnd = this.processEnd();
    const events = await this.newEvents();
    for (const event of events) this.progress.apply(event);
    const { status } = this.progress;
    if (processEnd === null || status === 'done' || status === 'stopped' || status === 'failed')
      return events.length > 0;
    this.progress.end('failed', processEnd);
    return true;
  }

  private async newEvents(): Promise<RunEvent[]> {
    const lines = (await this.wholeLines()).split('\n');
    return lines.map(eventOf).filter((event) => event !== null);
  }

  /** A line that is being written is taken when it is whole. */
  private async wholeLines(): Promise<string> {
    let handle: fs.FileHandle | undefined;
    try {
      handle = await fs.open(path.join(this.run, eventsFile), 'r');
      const { size } = await handle.stat();
      if (size < this.position) this.startAgain();
      if (size === this.position) return '';
      const bytes = Buffer.alloc(size - this.position);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, this.position);
      const end = bytes.subarray(0, bytesRead).lastIndexOf(newline) + 1;
      this.position += end;
      return bytes.subarray(0, end).toString('utf8');
    } catch (error) {
      // The run has not written its first event yet.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    } finally {
      await handle?.close();
    }
  }

  /** The file is shorter than before: a resumed run cut off what came after its checkpoint. */
  private startAgain(): void {
    this.position = 0;
    this.progress = new RunProgress(this.run);
  }
}
