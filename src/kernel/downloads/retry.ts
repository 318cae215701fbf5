import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledError } from '../errors';
import { DownloadError } from './failure';

export interface RetryOptions {
  /** Tries in a row that may bring nothing. */
  readonly attempts: number;
  /** Pause after the first failure; doubled after each further one, up to half a minute. */
  readonly delayMs: number;
  readonly signal?: AbortSignal;
}

const longestDelayMs = 30_000;
/** However little each brings: a server that cuts after every byte is given up. */
const mostTries = 100;

/**
 * Does the work again after failures that may pass. `progress` tells how far it has come: a try that came further does
 * not count as one in vain. @throws what the last try threw
 */
export async function retrying<T>(work: () => Promise<T>, progress: () => number, options: RetryOptions): Promise<T> {
  const { attempts, delayMs, signal } = options;
  let vain = 0;
  for (let tries = 1; ; tries++) {
    const before = progress();
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DownloadError && error.passing)) throw error;
      vain = progress() > before ? 0 : vain + 1;
      if (vain >= attempts || tries >= mostTries) throw error;
      await pause(Math.min(delayMs * 2 ** vain, longestDelayMs), signal);
    }
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    throw new CancelledError();
  }
}
