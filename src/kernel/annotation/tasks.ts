import { randomUUID } from 'node:crypto';
import type { ViewerTask } from '../../protocol';

export interface TaskControl {
  readonly signal: AbortSignal;
  progress(done: number, total: number): void;
}

/**
 * At most as often as this a view hears how far a task is, ms. What ends sooner, and cannot be cancelled, is not told: a
 * click's answer would wait behind news of it.
 */
const reportEveryMs = 100;

/** What is under way for one view. */
export class Tasks {
  private readonly running = new Map<string, { task: ViewerTask; controller: AbortController }>();

  constructor(private readonly tell: (tasks: ViewerTask[]) => void) {}

  /** Shows a task while `work` is done; rejects as it does. */
  async run<R>(text: string, cancellable: boolean, work: (control: TaskControl) => Promise<R>): Promise<R> {
    const id = randomUUID();
    const controller = new AbortController();
    const entry = { task: { id, text, done: null, total: null, cancellable } as ViewerTask, controller };
    this.running.set(id, entry);
    let reported = 0;
    const report = (): void => {
      reported = Date.now();
      this.report();
    };
    const late = setTimeout(report, reportEveryMs);
    if (cancellable) report();
    const progress = (done: number, total: number): void => {
      entry.task = { ...entry.task, done, total };
      if (reported > 0 && Date.now() - reported >= reportEveryMs) report();
    };
    try {
      return await work({ signal: controller.signal, progress });
    } finally {
      clearTimeout(late);
      this.running.delete(id);
      if (reported > 0) this.report();
    }
  }

  cancel(id: string): void {
    this.running.get(id)?.controller.abort();
  }

  cancelAll(): void {
    for (const { controller } of this.running.values()) controller.abort();
  }

  private report(): void {
    this.tell([...this.running.values()].map(({ task }) => task));
  }
}
