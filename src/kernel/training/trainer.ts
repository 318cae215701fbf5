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
  /** Scores the present parameters; null: nothing to validate on. */
  readonly validate: ((state: TrainingState, signal?: AbortSignal) => Promise<Metrics>) | null;
  /** Writes what others use (adapters, or a model). */
  readonly save: (file: string, state: TrainingState) => Promise<void>;
  /** Longest time between two checkpoints, seconds. */
  readonly checkpointSeconds: number;
  readonly onEvent?: (event: RunEvent) => void;
}

export type TrainingOutcome = 'done' | 'stopped';

/**
 * Trains from `state` to the end of the last epoch, or until the signal. What a batch contains follows from the seed and
 * its position alone, so that a resumed run repeats the uninterrupted one bit for bit.
 * @throws DivergedError when the loss is no number any more; the last checkpoint stays as it was.
 */
export async function train(setup: TrainerSetup, state: TrainingState, signal: AbortSignal): Promise<TrainingOutcome> {
  const { run } = setup;
  const programs = createProgramCache(setup.executor, 8);
  const saveState = (): Promise<void> => writeState(run.checkpoint('state'), state, run.eventBytes);
  try {
    // Before anything happens: a run that is stopped or killed early can be resumed too.
    if (state.step === 0) await saveState();
    await trainEpochs(setup, state, programs, signal);
    return 'done';
  } catch (error) {
    if (!(error instanceof CancelledError)) throw error;
    // At step 0 the state on disk is this one, and knows nothing of the first validation: it will happen again.
    if (state.step > 0) await saveState();
    return 'stopped';
  } finally {
    await programs.clear();
  }
}

/** The loop itself; a signal ends it between two batches or in a validation, where `state` is whole. */
async function trainEpochs(
  setup: TrainerSetup,
  state: TrainingState,
  programs: ProgramCache,
  signal: AbortSignal,
): Promise<void> {
  const { run, examples, epochs } = setup;
  const emit = run.recorder(setup.onEvent);
  const batches = Math.ceil(examples.size / setup.batch);
  const root = new Random(setup.seed);
  const takeStep = stepper(setup, programs);

  if (state.step === 0 && setup.validate) emit(validation(0, state, await setup.validate(state, signal)));
  let lastSave = Date.now();

  for (; state.epoch <= epochs; state.epoch++, state.batch = 0) {
    const order = root.fork(`order ${state.epoch}`).shuffle([...Array(examples.size).keys()]);
    for (; state.batch < batches; state.batch++) {
      if (signal.aborted) throw new CancelledError();
      const random = root.fork(`epoch ${state.epoch}`).fork(state.batch);
      const indices = order.slice(state.batch * setup.batch, (state.batch + 1) * setup.batch);
      const progress = (state.epoch - 1 + state.batch / batches) / epochs;
      for await (const { loss, learningRate, imagesPerSecond } of takeStep(state, indices, random, progress)) {
        emit({ type: 'step', step: state.step, epoch: state.epoch, loss, learningRate, imagesPerSecond });
      }
      if (Date.now() - lastSave > setup.checkpointSeconds * 1000 && state.batch + 1 < batches) {
        await writeState(run.checkpoint('state'), { ...state, batch: state.batch + 1 }, run.eventBytes);
        lastSave = Date.now();
      }
      // A step blocks this thread: let signals and timers through.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const metrics = setup.validate ? await setup.validate(state, signal) : {};
    if (setup.validate) emit(validation(state.epoch, state, metrics));
    const dice = mean(Object.values(metrics).map((metric) => metric.dice));
    const best = dice === null || state.bestDice === null || dice > state.bestDice;
    if (best) state.bestDice = dice;
    await setup.save(run.checkpoint('last'), state);
    if (best) await setup.save(run.checkpoint('best'), state);
    const file = best ? 'checkpoints/best.safetensors' : 'checkpoints/last.safetensors';
    emit({ type: 'checkpoint', step: state.step, epoch: state.epoch, file, best });
    await writeState(run.checkpoint('state'), { ...state, epoch: state.epoch + 1, batch: 0 }, run.eventBytes);
    lastSave = Date.now();
  }
}

const validation = (epoch: number, { step }: TrainingState, metrics: Metrics) =>
  ({ type: 'validation', step, epoch, metrics }) as const;

const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
