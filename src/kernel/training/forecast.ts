import type { RunForecast } from '../../protocol';
import { isPicture } from '../datasets/cases';
import { Random, type Case } from '../datasets';
import { CancelledError, UserError } from '../errors';
import { createProgramCache } from '../runtime/programCache';
import type { Executor } from '../runtime/types';
import { openCases, type CaseStore } from './caseStore';
import { EmbeddingCache } from './embeddings';
import { openMaterial, stepSetup, validationSettings, type Material } from './material';
import type { TrainOptions } from './options';
import { availableMemory, judgeMemory } from './preflight';
import { freshState } from './state';
import { meanSteps, stepOptions, stepper } from './stepper';
import { examplesOf, trainingDetail, type TrainingImages } from './trainingImages';
import { Validator } from './validator';

export interface ForecastContext {
  readonly executor: Executor;
  /** Why each faster device does not train. */
  readonly notes: readonly string[];
  readonly signal: AbortSignal;
  readonly onProgress?: (message: string) => void;
}

/** Cases that are read at first; of volumes one is slow enough. */
const fewCases = { pictures: 8, volumes: 2 };

/** A step that takes longer is timed once. */
const quickStepSeconds = 5;

/**
 * Finds out what a run would take, without beginning it: opens data and model, estimates a step's memory, and, where it
 * fits, takes real steps on a few examples against the clock. Nothing is written.
 * @throws UserError when the run could not begin, CancelledError
 */
export async function forecastRun(options: TrainOptions, context: ForecastContext): Promise<RunForecast> {
  const { executor, notes, signal, onProgress } = context;
  const material = await openMaterial(options, { onProgress, signal });
  const { config, cases, trainable, dataset, base } = material;
  onProgress?.('reading a few images');
  const read = await readSome(cases.train, options, config.imageSize, signal);
  const { examples } = read.images;
  const exact = read.store.length === cases.train.length;
  const count = exact ? examples.size : Math.round((examples.size * cases.train.length) / read.store.length);
  const batch = Math.min(options.batch, count);
  const verdict = judgeMemory({
    ...stepOptions(stepSetup(options, material)),
    images: batch * examples.slices,
  });
  // What is free on another device nobody tells.
  const onCpu = executor.device === 'cpu';
  const fits = !onCpu || verdict.fits;
  const { recompute, accumulate } = verdict.instead ?? {};
  const measured = { material, images: read.images, examples: count, batch };
  return {
    data: options.data,
    layout: dataset.layout,
    classes: [...dataset.classes],
    cases: { train: cases.train.length, validation: cases.validation.length },
    examples: { count, exact },
    model: base.name,
    parameters: trainable.layout.size,
    device: executor.device,
    notes: [...notes],
    memory: {
      step: verdict.estimate.total,
      available: onCpu ? availableMemory() : null,
      fits,
      instead: fits || verdict.instead === null ? null : { recompute, accumulate },
    },
    seconds: fits ? await measure(options, measured, context) : null,
  };
}

/** Cases in an order that follows from the seed, as many as it takes to have an example. */
async function readSome(
  cases: readonly Case[],
  options: TrainOptions,
  side: number,
  signal: AbortSignal,
): Promise<{ readonly store: CaseStore; readonly images: Pick<TrainingImages, 'examples' | 'views'> }> {
  const order = new Random(options.seed).fork('forecast').shuffle([...cases]);
  for (let few = isPicture(order[0]) ? fewCases.pictures : fewCases.volumes; ; few *= 2) {
    const store = await openCases(order.slice(0, few), { ...trainingDetail(side), signal });
    const images = examplesOf(options, store, side);
    if (images.examples.size > 0) return { store, images };
    if (few >= cases.length) {
      throw new UserError(`${options.data}: none of the ${cases.length} images to train on shows a target`, {
        file: options.data,
      });
    }
  }
}

interface Measured {
  readonly material: Material;
  readonly images: Pick<TrainingImages, 'examples' | 'views'>;
  /** Of an epoch, and of a batch. */
  readonly examples: number;
  readonly batch: number;
}

/** Seconds of a run's parts. The first of each is left out: programs are built then. */
async function measure(
  options: TrainOptions,
  { material, images, examples, batch }: Measured,
  { executor, signal, onProgress }: ForecastContext,
): Promise<NonNullable<RunForecast['seconds']>> {
  const { config, trainable, baseHash } = material;
  const embeddings =
    images.views === null
      ? null
      : new EmbeddingCache({ executor, config, frozen: trainable.frozen, weights: baseHash, folder: null });
  const programs = createProgramCache(executor, 1);
  try {
    const encoding = embeddings === null ? 0 : await secondsToEncode(embeddings, images, options.seed);
    onProgress?.('measuring a training step');
    const take = stepper(
      { ...stepSetup(options, material), executor, examples: images.examples, embeddings, lr: options.lr },
      programs,
    );
    const state = freshState(trainable.layout.pack(trainable.initial));
    // Fewer may have been read than a batch takes.
    const indices = Array.from({ length: batch }, (_, index) => index % images.examples.size);
    const oneStep = async (): Promise<number> => {
      if (signal.aborted) throw new CancelledError();
      const started = performance.now();
      await take(state, indices, new Random(options.seed).fork('forecast'), 0.5).next();
      return (performance.now() - started) / 1000;
    };
    await oneStep();
    const first = await oneStep();
    const step = first > quickStepSeconds ? first : Math.min(first, await oneStep());
    onProgress?.('measuring a validation');
    return {
      step,
      epoch: Math.ceil(examples / options.batch) * meanSteps(options.prompts, options.promptSetting) * step,
      validation: await secondsToValidate(options, material, executor, signal),
      preparation: encoding * examples * (images.views?.views ?? 0),
    };
  } finally {
    await programs.clear();
    await embeddings?.dispose();
  }
}

/** Of one example; of the second one, where there is one. */
async function secondsToEncode(
  embeddings: EmbeddingCache,
  { examples }: Pick<TrainingImages, 'examples'>,
  seed: number,
): Promise<number> {
  let seconds = 0;
  for (let index = 0; index < Math.min(2, examples.size); index++) {
    const example = await examples.example(index, new Random(seed));
    const started = performance.now();
    await embeddings.of(example);
    seconds = (performance.now() - started) / 1000;
  }
  return seconds;
}

/** Of all held-out pictures, from one of them; null for volumes, which may take minutes each. */
async function secondsToValidate(
  options: TrainOptions,
  { config, trainable, cases: { validation } }: Material,
  executor: Executor,
  signal: AbortSignal,
): Promise<number | null> {
  if (!isPicture(validation[0])) return null;
  const cases = await openCases(validation.slice(0, 1), { signal });
  const validator = new Validator({
    executor,
    config,
    trainable,
    cases,
    settings: validationSettings(options),
    seed: options.seed,
  });
  try {
    const state = freshState(trainable.layout.pack(trainable.initial));
    await validator.score(state, signal);
    const started = performance.now();
    await validator.score(state, signal);
    return ((performance.now() - started) / 1000) * validation.length;
  } finally {
    await validator.dispose();
  }
}
