import fs from 'node:fs';
import type { RunEvent } from '../../protocol';
import { CancelledError, UserError } from '../errors';
import type { TrainOptions } from './options';
import { startRun, type RunContext } from './run';

/** Of the time a row gets, what its trial may take; and the least and most, seconds. */
const trialShare = 0.05;
const [leastSeconds, mostSeconds] = [3, 60];

/**
 * How many epochs a run can do in so many minutes, validation and preparation included: trains for a moment, in a folder
 * that is gone afterwards. A run of so many epochs takes about as long, with its whole schedule of learning rates, and
 * can be repeated; one that is cut off by the clock could not.
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
    await startRun({ ...options, epochs: 1 }, folder, {
      ...context,
      signal: AbortSignal.any([context.signal, stop.signal]),
      onEvent: (event) => {
        events.push(event);
        const steps = events.filter(({ type }) => type === 'step');
        if (steps.length > 1 && event.time - steps[0].time > 1000 * enough) stop.abort();
      },
    });
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  if (context.signal.aborted) throw new CancelledError();
  const { preparation, epoch } = paceOf(events, began);
  const epochs = Math.floor((seconds - preparation) / epoch);
  if (epochs >= 1) return epochs;
  throw new UserError(
    `one epoch takes about ${Math.ceil(preparation + epoch)} s, and ${minutes} minutes are given: ` +
      'raise --minutes, or give --epochs',
  );
}

/** Seconds before the first step, and of an epoch with its validation, from the events of a run of one epoch. */
export function paceOf(
  events: readonly RunEvent[],
  began: number,
): { readonly preparation: number; readonly epoch: number } {
  const steps = events.filter((event) => event.type === 'step');
  const [first, last] = [steps[0], steps[steps.length - 1]];
  const start = events.find(({ type }) => type === 'start');
  const validations = events.filter(({ type }) => type === 'validation');
  if (first === undefined || start === undefined) throw new Error('a trial ended before its first step');
  // The first step's own time is not known: what opened its programs counts as preparation.
  const share = (last.progress ?? 1) - (first.progress ?? 0);
  const training = share > 0 ? (last.time - first.time) / share : last.time - start.time;
  // The last validation's programs are open already, where there was a second one.
  const [before, after] = [validations.at(0), validations.at(1)];
  const validation = after !== undefined ? after.time - last.time : before === undefined ? 0 : before.time - start.time;
  return { preparation: (first.time - began) / 1000, epoch: (training + validation) / 1000 };
}
