import { describe, expect, it, vi } from 'vitest';
import { CancelledError } from '../../../src/kernel/errors';
import { RequestQueue } from '../../../src/kernel/runtime/requestQueue';

/** A promise to settle by hand. */
function deferred() {
  let resolve!: () => void;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}

describe('request queue', () => {
  it('drops a cancelled request that waits, at once and without running it', async () => {
    const queue = new RequestQueue();
    const first = deferred();
    const running = queue.add({ work: () => first.promise });
    const stop = new AbortController();
    const work = vi.fn(async () => undefined);
    const waiting = queue.add({ work, signal: stop.signal });
    stop.abort();
    await expect(waiting).rejects.toThrow(CancelledError);
    first.resolve();
    await running;
    await queue.drained();
    expect(work).not.toHaveBeenCalled();
  });

  it('lets the next request start only when the cancelled one has ended', async () => {
    const queue = new RequestQueue();
    const first = deferred();
    const stop = new AbortController();
    const stopped = vi.fn();
    const cancelled = queue.add({ work: () => first.promise, signal: stop.signal, stop: stopped });
    const next = vi.fn(async () => 'next');
    const second = queue.add({ work: next });
    await Promise.resolve();
    await Promise.resolve();
    stop.abort();
    await expect(cancelled).rejects.toThrow(CancelledError);
    expect(stopped).toHaveBeenCalledOnce();
    expect(next).not.toHaveBeenCalled();
    first.resolve();
    expect(await second).toBe('next');
  });

  it('goes on after a failure, and accepts nothing once closed', async () => {
    const queue = new RequestQueue();
    await expect(queue.add({ work: () => Promise.reject(new Error('no')) })).rejects.toThrow('no');
    expect(await queue.add({ work: async () => 1 })).toBe(1);
    queue.close();
    await expect(queue.add({ work: async () => 2 })).rejects.toThrow(CancelledError);
  });
});
