import { CancelledError, UserError } from '../../errors';
import type { ApiCalls, ApiMethod, FromCell, ToCell } from '../calls';

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
  progress(value: unknown): void;
  /** Taken when the cell called, so that an error shows the cell's line. */
  readonly place: Error;
}

/** The cell's side of calls to the kernel. An interrupted cell's calls are rejected and cancelled there. */
export class KernelCalls {
  private readonly pending = new Map<number, Pending>();
  private nextId = 1;

  constructor(private readonly send: (message: FromCell) => void) {}

  /** @throws UserError as the kernel says it; CancelledError when the cell is interrupted. */
  async call<M extends ApiMethod>(
    method: M,
    params: ApiCalls[M][0],
    progress: (value: unknown) => void = () => undefined,
  ): Promise<ApiCalls[M][1]> {
    const id = this.nextId++;
    const place = new Error('called here');
    const answer = new Promise<unknown>((resolve, reject) => {
      this.pending.set(id, { resolve, reject, progress, place });
    });
    this.send({ type: 'call', id, method, params });
    return (await answer) as ApiCalls[M][1];
  }

  receive(message: Exclude<ToCell, { type: 'execute' }>): void {
    const pending = this.pending.get(message.id);
    if (pending === undefined) return;
    if (message.type === 'progress') return pending.progress(message.value);
    this.pending.delete(message.id);
    if (message.type === 'answer') return pending.resolve(message.result);
    const { name, message: text } = message;
    const error = name === 'CancelledError' ? new CancelledError(text) : new UserError(text);
    error.name = name;
    error.stack = pending.place.stack;
    pending.reject(error);
  }

  cancelAll(): void {
    for (const [id, pending] of this.pending) {
      this.send({ type: 'cancel', id });
      pending.reject(new CancelledError('the cell was interrupted'));
    }
    this.pending.clear();
  }
}
