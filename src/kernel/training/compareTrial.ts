import fs from 'node:fs';
import type { RunEvent } from '../../protocol';
import { CancelledError, UserError } from '../errors';
import type { TrainOptions } from './options';
import { startRun, type RunContext } from './run';

/** Of the time a row gets, what its trial may take; and the least and most, seconds. */
const trialShare = 0.05;
const [leastSeconds, mostSeconds] = [3, 60];

/** More than any trial reaches. */
const endless = 100_000;

/**
 * How many epochs a run can do in so many minutes, preparation, validation and checkpoints included: trains for a moment,
 * in a folder that is gone afterwards. A run of so many epochs takes about as long, has its whole schedule of learning
 * rates, and can be repeated; one that is cut off by the clock could not.
 * @throws UserError when not even one epoch fits; CancelledError
 */
export async function epochsWithin(
  minutes: number,
  options: TrainOptions,
  folder: string,
  context: RunContext,
): Promise<number> {
  const seconds = 60 * minutes;
  const enough = Math.min(mostSeconds, Math.max(leastSeconds, trialShare * seconds));
  const stop = new AbortController();
  const events: RunEvent[] = [];
  const began = Date.now();
  fs.rmSync(folder, { recursive: true, force: true });
  try {
    await startRun({ ...options, epochs: endless, patience: null }, folder, {
      ...context,
      signal: AbortSignal.any([context.signal, stop.signal]),
      onEvent: (event) => {
        events.push(event);
        const steps = events.filter(({ type }) => type === 'step');
        if (steps.length > 2 && event.time - steps[0].time > 1000 * enough) stop.abort();
      },
    });
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  if (context.signal.aborted) throw new CancelledError();
  const { preparation, epoch } = paceOf(events, began, options.validateEvery);
  const epochs = Math.floor((seconds - preparation) / epoch);
  if (epochs >= 1) return epochs;
  throw new UserError(
    `one epoch takes about ${Math.ceil(preparation + epoch)} s, and ${minutes} minutes are given: ` +
      'raise --minutes, or give --epochs',
  );
}

/**
 * Seconds until the first step is done, and of an epoch with its share of a validation and its checkpoint, from the events
 * of a run that was stopped. Where whole epochs were seen after the first one, their mean; else as the steps of the last one
 * went.
 * @param began when the run was called, milliseconds
 * @param validateEvery epochs from one validation to the next; 0: none
 */
export function paceOf(
  events: readonly RunEvent[],
  began: number,
  validateEvery = 1,
): { readonly preparation: number; readonly epoch: number } {
  const steps = events.filter((event) => event.type === 'step');
  const start = events.find((event) => event.type === 'start');
  if (steps.length === 0 || start === undefined) throw new Error('a trial ended before its first step');
  const ends = events.filter((event) => event.type === 'checkpoint');
  const preparation = (steps[0].time - began) / 1000;
  if (ends.length > 1) {
    return { preparation, epoch: (ends[ends.length - 1].time - ends[0].time) / (ends.length - 1) / 1000 };
  }
  const { epoch } = steps[steps.length - 1];
  const seen = steps.filter((step) => step.epoch === epoch);
  // What opened the programs of the first step is no part of an epoch: it counts from the end of that.
  const [first, last] = [seen[0], seen[seen.length - 1]];
  const behind = ((last.progress ?? 0) - (first.progress ?? 0)) * start.epochs;
  const training = behind > 0 ? (last.time - first.time) / behind : last.time - start.time;
  return { preparation, epoch: (training + endOfEpoch(events, validateEvery)) / 1000 };
}

/** Milliseconds from an epoch's last step to its checkpoint, on average, as far as was seen. */
function endOfEpoch(events: readonly RunEvent[], validateEvery: number): number {
  const end = events.findIndex(({ type }) => type === 'checkpoint');
  const step = events.slice(0, Math.max(end, 0)).findLast(({ type }) => type === 'step');
  const seen = step === undefined ? 0 : events[end].time - step.time;
  if (validateEvery === 0 || (validateEvery === 1 && step !== undefined)) return seen;
  // What ended was no epoch with a validation: there is the one before the first epoch.
  const start = events.find(({ type }) => type === 'start');
  const validation = events.find(({ type }) => type === 'validation');
  const once = start === undefined || validation === undefined ? 0 : validation.time - start.time;
  return seen + once / validateEvery;
}
