import { promptsFor, type PromptSetting, type Random } from '../datasets';
import { UserError } from '../errors';
import { tensorData, type TensorData } from '../graph';
import type { ProgramCache } from '../runtime/programCache';
import type { Executor } from '../runtime/types';
import { gridOf, type SamConfig } from '../sam/config';
import { adamWDefaults, scheduleAt } from './adamw';
import { TrainingBatch } from './batch';
import type { EmbeddingCache } from './embeddings';
import type { ExampleSource } from './examples';
import type { LossName } from './losses';
import { learningRateAt, scheduleDefaults, type ScheduleName } from './schedule';
import type { TrainingState } from './state';
import {
  compileTrainStep,
  lossPartPrefix,
  stepInputs,
  stepOutputs,
  type Recompute,
  type TrainStepOptions,
} from './trainStep';
import type { Trainable } from './trainable';

/** What shapes the steps of a run. */
export interface StepSetup {
  /** The base model's sizes at the side that images enter with. */
  readonly config: SamConfig;
  readonly trainable: Trainable;
  readonly promptsPerImage: number;
  /** Most prompts per sample: the first one and the corrective clicks after it. */
  readonly prompts: number;
  /** The only kind of prompts, with as many clicks as it has; null: a mixture. */
  readonly promptSetting: PromptSetting | null;
  readonly loss: LossName;
  readonly weightDecay: number;
  /** Largest gradient norm, 1 by default; null: none. */
  readonly clipNorm?: number | null;
  /** Train the three ambiguous masks too. */
  readonly multimask: boolean;
  /** Side of the targets that the loss sees. */
  readonly targetSide: number;
  readonly recompute: Recompute;
  readonly accumulate: number;
  /** `embedding`: the encoder does not train; its outputs are kept. */
  readonly from: 'image' | 'embedding';
}

/** What the steps of a run have in common. */
export interface StepperSetup extends StepSetup {
  readonly executor: Executor;
  readonly examples: ExampleSource;
  /** Of `from: 'embedding'`; else null. */
  readonly embeddings: EmbeddingCache | null;
  /** Peak learning rate. */
  readonly lr: number;
  /** How it gets there and what follows; a short warm-up and a cosine by default. */
  readonly schedule?: ScheduleName;
  readonly warmup?: number;
}

/** What one optimiser step came to. */
export interface StepReport {
  readonly loss: number;
  /** What the loss is the sum of. */
  readonly parts: Record<string, number>;
  /** Before clipping. */
  readonly gradientNorm: number;
  readonly learningRate: number;
  readonly imagesPerSecond: number;
}

/** Of a mixture most batches end with the first prompt; some go on with corrective clicks, each a step of its own. */
const stepShares: readonly (readonly [below: number, steps: number])[] = [
  [0.6, 1],
  [0.85, 2],
  [1, 3],
];

/** Optimiser steps of a batch. */
function drawSteps(random: Random, most: number, setting: PromptSetting | null): number {
  if (setting !== null) return 1 + promptsFor(setting).clicks;
  const draw = random.next();
  return Math.min(most, stepShares.find(([below]) => draw < below)![1]);
}

/** Optimiser steps that a batch takes on average. */
export function meanSteps(most: number, setting: PromptSetting | null): number {
  if (setting !== null) return 1 + promptsFor(setting).clicks;
  const from = (index: number): number => (index === 0 ? 0 : stepShares[index - 1][0]);
  return stepShares.reduce((sum, [below, steps], index) => sum + (below - from(index)) * Math.min(most, steps), 0);
}

/** All of a step's program but its batch. */
export const stepOptions = (setup: StepSetup): Omit<TrainStepOptions, 'images'> => ({
  config: setup.config,
  adapters: setup.trainable.adapters,
  layout: setup.trainable.layout,
  frozen: setup.trainable.frozen,
  from: setup.from,
  promptsPerImage: setup.promptsPerImage,
  targetSide: setup.targetSide,
  loss: setup.loss,
  iouWeight: 1,
  multimask: setup.multimask,
  optimiser: {
    ...adamWDefaults,
    weightDecay: setup.weightDecay,
    clipNorm: setup.clipNorm === undefined ? 1 : setup.clipNorm,
  },
  recompute: setup.recompute,
  accumulate: setup.accumulate,
});

/** The steps of one batch: changes `state` in place and reports each. @throws DivergedError */
export function stepper(setup: StepperSetup, programs: ProgramCache) {
  const { config, executor, examples, embeddings, promptSetting } = setup;
  const { optimiser } = stepOptions(setup);
  const schedule = { ...scheduleDefaults, ...setup };
  const lowResSide = 4 * gridOf(config);

  return async function* (
    state: TrainingState,
    indices: readonly number[],
    random: Random,
    progress: number,
  ): AsyncGenerator<StepReport> {
    const drawn = await Promise.all(
      indices.map((index, place) => examples.example(index, random.fork(`example ${place}`))),
    );
    // The slices of a chunk stand side by side.
    const chosen = drawn.flat();
    const prompts = random.fork('prompts');
    const batch = new TrainingBatch(chosen, config.imageSize, setup.promptsPerImage, prompts, promptSetting);
    const seen: Record<string, TensorData> = embeddings
      ? { [stepInputs.embedding]: await embeddings.of(chosen) }
      : { [stepInputs.image]: batch.images() };
    const steps = drawSteps(random.fork('steps'), setup.prompts, promptSetting);
    for (let index = 0; index < steps; index++) {
      const started = performance.now();
      const loaded = await programs.get(`step-${chosen.length}`, () =>
        compileTrainStep({ ...stepOptions(setup), images: chosen.length }),
      );
      const partOutputs = loaded.program.outputs
        .map(({ name }) => name)
        .filter((name) => name.startsWith(lossPartPrefix));
      const learningRate = learningRateAt(progress, schedule);
      const flat = (data: Float32Array): TensorData => tensorData([data.length], data);
      const scheduled = Object.entries(scheduleAt(state.step + 1, learningRate, optimiser));
      const result = await executor.run(
        loaded,
        {
          ...seen,
          ...batch.feeds(lowResSide, setup.targetSide),
          [stepInputs.parameters]: flat(state.parameters),
          [stepInputs.firstMoment]: flat(state.firstMoment),
          [stepInputs.secondMoment]: flat(state.secondMoment),
          ...Object.fromEntries(scheduled.map(([name, value]) => [name, tensorData([], [value])])),
        },
        { fetch: [...stepOutputs, ...partOutputs] },
      );
      const [loss, gradientNorm] = [result.loss.data[0], result.gradient_norm.data[0]];
      if (!Number.isFinite(loss + gradientNorm)) throw new DivergedError(state.step + 1, learningRate);
      state.parameters = result.next_parameters.data;
      state.firstMoment = result.next_first_moment.data;
      state.secondMoment = result.next_second_moment.data;
      state.step++;
      const parts = partOutputs.map((name) => [name.slice(lossPartPrefix.length), result[name].data[0]] as const);
      const imagesPerSecond = (chosen.length * 1000) / (performance.now() - started);
      yield { loss, parts: Object.fromEntries(parts), gradientNorm, learningRate, imagesPerSecond };
      if (index + 1 < steps) batch.correct(result.low_res_masks);
    }
  };
}

/** The loss or its gradient is no number any more. */
export class DivergedError extends UserError {
  override name = 'DivergedError';
  constructor(step: number, learningRate: number) {
    super(`the loss is no number at step ${step}: train with a learning rate below ${learningRate.toPrecision(2)}`);
  }
}
