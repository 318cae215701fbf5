import { Random } from '../datasets';
import { tensorData, type TensorData } from '../graph';
import type { RunEvent } from '../../protocol';
import { createProgramCache } from '../runtime/programCache';
import type { Executor } from '../runtime/types';
import { gridOf, type SamConfig } from '../sam/config';
import { adamWDefaults, scheduleAt, type AdamWOptions } from './adamw';
import { TrainingBatch } from './batch';
import { embeddingCache } from './embeddings';
import type { ExampleSource } from './examples';
import type { LossName } from './losses';
import type { RunDirectory } from './runDirectory';
import { learningRateAt } from './schedule';
import { writeState, type TrainingState } from './state';
import { compileTrainStep, stepInputs } from './trainStep';
import type { Trainable } from './trainable';

export type Metrics = Record<string, { dice: number; iou: number }>;

export interface TrainerSetup {
  readonly run: RunDirectory;
  readonly executor: Executor;
  /** The base model's sizes at the side that images enter with. */
  readonly config: SamConfig;
  readonly trainable: Trainable;
  readonly examples: ExampleSource;
  readonly epochs: number;
  readonly batch: number;
  readonly promptsPerImage: number;
  /** Most prompts per sample: the first one and the corrective clicks after it. */
  readonly prompts: number;
  readonly loss: LossName;
  readonly lr: number;
  readonly weightDecay: number;
  readonly multimask: boolean;
  readonly seed: number;
  /** Side of the targets that the loss sees. */
  readonly targetSide: number;
  /** `embedding`: the encoder does not train; its outputs are kept. */
  readonly from: 'image' | 'embedding';
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
 */
export async function train(setup: TrainerSetup, state: TrainingState, signal: AbortSignal): Promise<TrainingOutcome> {
  const { run, examples, epochs } = setup;
  const emit = (event: Parameters<RunDirectory['append']>[0]): void => setup.onEvent?.(run.append(event));
  const batches = Math.ceil(examples.size / setup.batch);
  const root = new Random(setup.seed);
  const takeStep = stepper(setup);
  const saveState = (): Promise<void> => writeState(run.checkpoint('state'), state, run.eventBytes);

  if (state.step === 0 && state.batch === 0 && state.epoch === 1) {
    if (setup.validate) emit(validation(0, state, await setup.validate(state, signal)));
    await saveState();
  }
  let lastSave = Date.now();

  for (; state.epoch <= epochs; state.epoch++, state.batch = 0) {
    const order = root.fork(`order ${state.epoch}`).shuffle([...Array(examples.size).keys()]);
    for (; state.batch < batches; state.batch++) {
      if (signal.aborted) {
        await saveState();
        return 'stopped';
      }
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
    const metrics = setup.validate ? await setup.validate(state) : {};
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
  return 'done';
}

const validation = (epoch: number, { step }: TrainingState, metrics: Metrics) =>
  ({ type: 'validation', step, epoch, metrics }) as const;

const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;

interface StepReport {
  readonly loss: number;
  readonly learningRate: number;
  readonly imagesPerSecond: number;
}

/** Most batches end with the first prompt; some go on with corrective clicks, each a step of its own. */
function drawSteps(random: Random, most: number): number {
  const draw = random.next();
  return Math.min(most, draw < 0.6 ? 1 : draw < 0.85 ? 2 : 3);
}

/** The steps of one batch: changes `state` in place and reports each. */
function stepper(setup: TrainerSetup) {
  const { config, trainable, executor, examples } = setup;
  const optimiser: AdamWOptions = { ...adamWDefaults, weightDecay: setup.weightDecay, clipNorm: 1 };
  const programs = createProgramCache(executor, 8);
  const lowResSide = 4 * gridOf(config);
  const embeddings = setup.from === 'embedding' ? embeddingCache(executor, config, trainable.frozen) : null;

  return async function* (
    state: TrainingState,
    indices: readonly number[],
    random: Random,
    progress: number,
  ): AsyncGenerator<StepReport> {
    const chosen = await Promise.all(
      indices.map((index, place) => examples.example(index, random.fork(`example ${place}`))),
    );
    const batch = new TrainingBatch(chosen, config.imageSize, setup.promptsPerImage, random.fork('prompts'));
    const seen: Record<string, TensorData> = embeddings
      ? { [stepInputs.embedding]: await embeddings(indices, chosen) }
      : { [stepInputs.image]: batch.images() };
    const steps = drawSteps(random.fork('steps'), setup.prompts);
    for (let index = 0; index < steps; index++) {
      const started = performance.now();
      const { tokens } = batch;
      const loaded = await programs.get(`${indices.length}-${tokens}`, () =>
        compileTrainStep({
          config,
          adapters: trainable.adapters,
          layout: trainable.layout,
          frozen: trainable.frozen,
          from: setup.from,
          images: indices.length,
          promptsPerImage: setup.promptsPerImage,
          tokens,
          targetSide: setup.targetSide,
          loss: setup.loss,
          iouWeight: 1,
          multimask: setup.multimask,
          optimiser,
        }),
      );
      const learningRate = learningRateAt(progress, setup.lr);
      const flat = (data: Float32Array): TensorData => tensorData([data.length], data);
      const schedule = Object.entries(scheduleAt(state.step + 1, learningRate, optimiser));
      const result = await executor.run(
        loaded,
        {
          ...seen,
          ...batch.feeds(lowResSide, setup.targetSide),
          [stepInputs.parameters]: flat(state.parameters),
          [stepInputs.firstMoment]: flat(state.firstMoment),
          [stepInputs.secondMoment]: flat(state.secondMoment),
          ...Object.fromEntries(schedule.map(([name, value]) => [name, tensorData([], [value])])),
        },
        { fetch: ['loss', 'low_res_masks', 'next_parameters', 'next_first_moment', 'next_second_moment'] },
      );
      const loss = result.loss.data[0];
      if (!Number.isFinite(loss)) throw new DivergedError(state.step + 1, learningRate);
      state.parameters = result.next_parameters.data;
      state.firstMoment = result.next_first_moment.data;
      state.secondMoment = result.next_second_moment.data;
      state.step++;
      yield { loss, learningRate, imagesPerSecond: (indices.length * 1000) / (performance.now() - started) };
      if (index + 1 < steps) batch.correct(result.low_res_masks);
    }
  };
}

/** The loss is no number any more. */
export class DivergedError extends Error {
  override name = 'DivergedError';
  constructor(step: number, learningRate: number) {
    super(`the loss is no number at step ${step}: train with a learning rate below ${learningRate.toPrecision(2)}`);
  }
}
