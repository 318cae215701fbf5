import { randomUUID } from 'node:crypto';
import type { ViewerTask } from '../../protocol';

export interface TaskControl {
  readonly signal: AbortSignal;
  progress(done: number, total: number): void;
}

/** At most as often as this a view hears how far a task is, ms. */
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
    this.report();
    let reported = Date.now();
    const progress = (done: number, total: number): void => {
      entry.task = { ...entry.task, done, total };
      if (Date.now() - reported < reportEveryMs) return;
      reported = Date.now();
      this.report();
    };
    try {
      return await work({ signal: controller.signal, progress });
    } finally {
      this.running.delete(id);
      this.report();
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
