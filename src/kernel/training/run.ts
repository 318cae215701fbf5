import type { RunEvent } from '../../protocol';
import { gigabytes } from '../bytes';
import { UserError } from '../errors';
import { isModelPath } from '../inference/modelFile';
import { writeAdapters } from '../inference/adapterFile';
import type { Executor } from '../runtime/types';
import type { EmbeddingCache } from './embeddings';
import { openMaterial, stepSetup, validationSettings, type Material } from './material';
import { availableMemory, requireMemory } from './preflight';
import type { TrainOptions } from './options';
import { parseRunConfig } from './runConfig';
import { RunDirectory } from './runDirectory';
import { stepOptions } from './stepper';
import { freshState, readState, type TrainingState } from './state';
import { isExhausted, saveState, train, type TrainingOutcome } from './trainer';
import { keepEmbeddings, readImages, type TrainingImages } from './trainingImages';
import { Validator } from './validator';

export interface RunContext {
  readonly executor: Executor;
  readonly signal: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
  /** What is being waited for before training begins and in a validation, as "reading images 3/24". */
  readonly onProgress?: (message: string) => void;
}

/**
 * Begins a run in `folder`.
 * @throws UserError when the folder holds a run, or data, model or options are wrong, and CancelledError when the signal
 * is raised while they are read: nothing is written then.
 */
export async function startRun(options: TrainOptions, folder: string, context: RunContext): Promise<TrainingOutcome> {
  RunDirectory.requireFree(folder);
  const material = await gather(options, context);
  const { base, baseHash, split, trainable } = material;
  const state = freshState(trainable.layout.pack(trainable.initial));
  const config = {
    ...options,
    // A resumed run may be called from another folder.
    model: isModelPath(options.model) ? base.file : options.model,
    modelHash: baseHash,
    dataset: material.dataset,
    split: { ...split, ...material.splitFigures },
  };
  const run = await RunDirectory.create(folder, config, (begun) => saveState(begun, state));
  try {
    return await conduct(run, options, material, state, null, context);
  } finally {
    run.close();
  }
}

/**
 * Goes on with a run that was stopped or killed.
 * @throws UserError when it cannot be resumed, CancelledError when the signal is raised while its data are read: it
 * stays as it was.
 */
export async function resumeRun(folder: string, context: RunContext): Promise<TrainingOutcome> {
  const { run, config } = RunDirectory.open(folder);
  try {
    return await goOn(run, config, context);
  } finally {
    run.close();
  }
}

async function goOn(run: RunDirectory, config: unknown, context: RunContext): Promise<TrainingOutcome> {
  const { modelHash, split, ...options } = parseRunConfig(run.folder, config);
  const material = await gather(options, context);
  if (modelHash !== material.baseHash) {
    throw new UserError(`${run.folder} began with another file of the model ${options.model}: put that file back`, {
      file: material.base.file,
    });
  }
  if (JSON.stringify(split) !== JSON.stringify(material.split)) {
    throw new UserError(
      `${options.data} holds other groups than when ${run.folder} began, which would mix training and validation: ` +
        'put the data back, or start a new run',
      { file: options.data },
    );
  }
  const { state, eventBytes } = await readState(run.checkpoint('state'), material.trainable.layout.size);
  run.rewind(eventBytes);
  return conduct(run, options, material, state, state.step, context);
}

/** What a run works on, read and found in order. */
interface Gathered extends Material {
  readonly images: TrainingImages;
  /** Of `tune: decoder`; else null. */
  readonly embeddings: EmbeddingCache | null;
}

/** Reads everything that the options name. */
async function gather(options: TrainOptions, { executor, onProgress, signal }: RunContext): Promise<Gathered> {
  const material = await openMaterial(options, { onProgress, signal });
  const { config, cases } = material;
  const images = await readImages(options, cases, config.imageSize, { onProgress, signal });
  const { examples, views } = images;
  // Only here is it known what the images left free.
  if (executor.device === 'cpu') {
    const count = Math.min(options.batch, examples.size) * examples.slices;
    const { total } = requireMemory({ ...stepOptions(stepSetup(options, material)), images: count });
    onProgress?.(`a step takes about ${gigabytes(total)} of memory, ${gigabytes(availableMemory())} are free`);
  }
  const encoder = { executor, config, frozen: material.trainable.frozen, weights: material.baseHash };
  const embeddings = views === null ? null : await keepEmbeddings(views, encoder, { onProgress, signal });
  return { ...material, images, embeddings };
}

async function conduct(
  run: RunDirectory,
  options: TrainOptions,
  { base, baseHash, config, trainable, images: { examples, held }, embeddings }: Gathered,
  state: TrainingState,
  resumedFrom: number | null,
  { executor, signal, onEvent, onProgress }: RunContext,
): Promise<TrainingOutcome> {
  const emit = run.recorder(onEvent);
  const { seed } = options;
  const validator = new Validator({
    executor,
    config,
    trainable,
    cases: held,
    settings: validationSettings(options),
    seed,
  });
  try {
    emit({
      type: 'start',
      epochs: options.epochs,
      stepsPerEpoch: Math.ceil(examples.size / options.batch),
      samples: { train: examples.size, validation: held.length },
      device: executor.device,
      resumedFrom,
    });
    run.log(`${resumedFrom === null ? 'started' : `resumed from step ${resumedFrom}`} on ${executor.device}`);
    const outcome = await train(
      {
        run,
        executor,
        ...stepSetup(options, { config, trainable }),
        examples,
        embeddings,
        epochs: options.epochs,
        batch: options.batch,
        lr: options.lr,
        schedule: options.schedule,
        warmup: options.warmup,
        patience: options.patience,
        validateEvery: options.validateEvery,
        seed,
        validate:
          options.validateEvery === 0
            ? null
            : (present, stop) =>
                validator.score(present, stop, (done, total) => onProgress?.(`validating images ${done}/${total}`)),
        save: (file, { parameters, step }) =>
          writeAdapters(file, trainable.layout.unpack(parameters), {
            tune: options.tune,
            options: trainable.adapters,
            imageSize: config.imageSize,
            base: base.name,
            baseHash,
            step,
            withDecoder: options.withDecoder,
          }),
        checkpointSeconds: options.checkpointSeconds,
        onEvent,
      },
      state,
      signal,
    );
    const early = outcome === 'done' && state.epoch <= options.epochs && isExhausted(state, options.patience);
    const message = early
      ? givenUp(options, state)
      : outcome === 'done'
        ? null
        : `resume with: med-sa resume ${run.folder}`;
    emit({ type: 'end', status: outcome, message, ...(early ? { early } : {}) });
    run.log(outcome);
    return outcome;
  } catch (error) {
    if (run.lost) throw error;
    const message = error instanceof Error ? error.message : String(error);
    try {
      emit({ type: 'end', status: 'failed', message });
      run.log(`failed: ${error instanceof Error ? (error.stack ?? message) : message}`);
    } catch {
      // A full disk takes neither: what went wrong first is what the user has to know.
    }
    throw error;
  } finally {
    await validator.dispose();
    await embeddings?.dispose();
  }
}

const givenUp = ({ epochs }: TrainOptions, { epoch, sinceBest }: TrainingState): string =>
  `ended after epoch ${epoch - 1} of ${epochs}: no better validation Dice for ${sinceBest} epochs`;
