import { CancelledError } from '../errors';

export interface QueuedWork<T> {
  readonly work: () => Promise<T>;
  readonly signal?: AbortSignal;
  /** Asked to end the work when the signal comes while it runs. */
  readonly stop?: () => void;
}

/**
 * Runs requests one at a time, in the order in which they came. A cancelled request rejects at once with
 * CancelledError: one that waits is dropped; one that runs is asked to stop, and the next starts when it has ended.
 */
export class RequestQueue {
  #last: Promise<unknown> = Promise.resolve();
  #running = false;
  #closed = false;

  get running(): boolean {
    return this.#running;
  }

  add<T>({ work, signal, stop }: QueuedWork<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#closed || signal?.aborted) {
        reject(new CancelledError(this.#closed ? 'the engine was closed' : undefined));
        return;
      }
      let started = false;
      const onAbort = () => {
        reject(new CancelledError());
        if (started) stop?.();
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#last = this.#last.then(async () => {
        if (this.#closed) {
          signal?.removeEventListener('abort', onAbort);
          reject(new CancelledError('the engine was closed'));
        }
        if (this.#closed || signal?.aborted) return;
        started = this.#running = true;
        try {
          resolve(await work());
        } catch (error) {
          reject(error);
        } finally {
          this.#running = false;
          signal?.removeEventListener('abort', onAbort);
        }
      });
    });
  }

  /** Drops whatever waits, with CancelledError, and accepts nothing more. */
  close(): void {
    this.#closed = true;
  }

  /** Resolves when nothing runs and nothing waits. */
  async drained(): Promise<void> {
    await this.#last;
  }
}
