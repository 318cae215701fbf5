import type { RunEvent } from '../../protocol';
import { Random } from '../datasets';
import { CancelledError } from '../errors';
import { createProgramCache, type ProgramCache } from '../runtime/programCache';
import type { RunDirectory } from './runDirectory';
import { writeState, type TrainingState } from './state';
import { stepper, type StepperSetup } from './stepper';
import type { Metrics } from './validator';

export interface TrainerSetup extends StepperSetup {
  readonly run: RunDirectory;
  readonly epochs: number;
  /** Images per batch. */
  readonly batch: number;
  readonly seed: number;
  /** Epochs without a better validation Dice after which training ends; null: it goes on to the last epoch. */
  readonly patience?: number | null;
  /** Epochs from one validation to the next, 1 by default; the last epoch always has one. */
  readonly validateEvery?: number;
  /** Scores the present parameters; null: nothing to validate on. */
  readonly validate: ((state: TrainingState, signal?: AbortSignal) => Promise<Metrics>) | null;
  /** Writes what others use (adapters, or a model). */
  readonly save: (file: string, state: TrainingState) => Promise<void>;
  /** Longest time between two checkpoints, seconds. */
  readonly checkpointSeconds: number;
  readonly onEvent?: (event: RunEvent) => void;
}

export type TrainingOutcome = 'done' | 'stopped';

/** Whether a run has waited long enough for a better validation Dice. */
export const isExhausted = ({ sinceBest }: TrainingState, patience: number | null): boolean =>
  patience !== null && sinceBest >= patience;

/**
 * Trains from `state` to the end of the last epoch, until its patience ends, or until the signal. What a batch contains follows from the seed and
 * its position alone, so that a resumed run repeats the uninterrupted one bit for bit.
 * @throws DivergedError when the loss is no number any more; the last checkpoint stays as it was.
 */
export async function train(setup: TrainerSetup, state: TrainingState, signal: AbortSignal): Promise<TrainingOutcome> {
  const { run } = setup;
  const programs = createProgramCache(setup.executor, 8);
  try {
    // Before anything happens: a run that is stopped or killed early can be resumed too.
    if (state.step === 0) await saveState(run, state);
    await trainEpochs(setup, state, programs, signal);
    return 'done';
  } catch (error) {
    if (!(error instanceof CancelledError)) throw error;
    // At step 0 the state on disk is this one, and knows nothing of the first validation: it will happen again.
    if (state.step > 0) await saveState(run, state);
    return 'stopped';
  } finally {
    await programs.clear();
  }
}

/** Writes the state with the events that led to it. */
export async function saveState(run: RunDirectory, state: TrainingState): Promise<void> {
  await writeState(run.checkpoint('state'), state, await run.flush());
}

/** The loop itself; a signal ends it between two batches or in a validation, where `state` is whole. */
async function trainEpochs(
  setup: TrainerSetup,
  state: TrainingState,
  programs: ProgramCache,
  signal: AbortSignal,
): Promise<void> {
  const { run, examples, epochs, patience = null, validateEvery = 1 } = setup;
  const emit = run.recorder(setup.onEvent);
  const batches = Math.ceil(examples.size / setup.batch);
  const root = new Random(setup.seed);
  const takeStep = stepper(setup, programs);

  if (state.step === 0 && setup.validate) emit(validation(0, state, await setup.validate(state, signal)));
  let lastSave = Date.now();

  for (; state.epoch <= epochs && !isExhausted(state, patience); state.epoch++, state.batch = 0) {
    const order = root.fork(`order ${state.epoch}`).shuffle([...Array(examples.size).keys()]);
    for (; state.batch < batches; state.batch++) {
      if (signal.aborted) throw new CancelledError();
      const random = root.fork(`epoch ${state.epoch}`).fork(state.batch);
      const indices = order.slice(state.batch * setup.batch, (state.batch + 1) * setup.batch);
      const progress = (state.epoch - 1 + state.batch / batches) / epochs;
      const behind = (state.epoch - 1 + (state.batch + 1) / batches) / epochs;
      for await (const report of takeStep(state, indices, random, progress)) {
        emit({
          type: 'step',
          step: state.step,
          epoch: state.epoch,
          ...report,
          memoryMB: Math.round(process.memoryUsage.rss() / 2 ** 20),
          progress: behind,
        });
      }
      if (Date.now() - lastSave >= setup.checkpointSeconds * 1000 && state.batch + 1 < batches) {
        await saveState(run, { ...state, batch: state.batch + 1 });
        lastSave = Date.now();
      }
      // A step blocks this thread: let signals and timers through.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const due = state.epoch % validateEvery === 0 || state.epoch === epochs;
    const metrics = setup.validate && due ? await setup.validate(state, signal) : {};
    if (setup.validate && due) emit(validation(state.epoch, state, metrics));
    const dice = mean(Object.values(metrics).map((metric) => metric.dice));
    const best = setup.validate === null || (dice !== null && (state.bestDice === null || dice > state.bestDice));
    if (best) state.bestDice = dice;
    // Epochs that were not validated count with the next one that is: patience ends on a measurement.
    state.sinceBest = best ? 0 : state.sinceBest + (dice === null ? 0 : validateEvery);
    await setup.save(run.checkpoint('last'), state);
    if (best) await setup.save(run.checkpoint('best'), state);
    const file = best ? 'checkpoints/best.safetensors' : 'checkpoints/last.safetensors';
    const { step, epoch, sinceBest } = state;
    emit({ type: 'checkpoint', step, epoch, file, best, sinceBest });
    await saveState(run, { ...state, epoch: epoch + 1, batch: 0 });
    lastSave = Date.now();
  }
}

const validation = (epoch: number, { step }: TrainingState, metrics: Metrics) =>
  ({ type: 'validation', step, epoch, metrics }) as const;

const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
