import type { RunEvent } from '../../protocol';
import { loadAll, openDataset, Random, splitByGroup, type Sample } from '../datasets';
import { summary } from '../evaluation';
import { CancelledError, UserError } from '../errors';
import { fileHash, readModel, type ModelFile } from '../inference/modelFile';
import { writeAdapters } from '../inference/adapterFile';
import { evaluateSamples } from '../inference/evaluate';
import { SamPredictor } from '../inference/predictor';
import { tensorData } from '../graph';
import type { Executor } from '../runtime/types';
import type { SamConfig } from '../sam/config';
import { datasetExamples } from './examples';
import { trainOptionsSchema, type TrainOptions } from './options';
import { RunDirectory } from './runDirectory';
import { freshState, readState, type TrainingState } from './state';
import { stepInputs, trainingModel } from './trainStep';
import { trainableOf, type Trainable } from './trainable';
import { train, type Metrics, type TrainingOutcome } from './trainer';

export interface RunContext {
  readonly executor: Executor;
  readonly signal: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
  /** What is being waited for before training begins. */
  readonly onProgress?: (message: string) => void;
}

/** Begins a run in `folder`. @throws UserError before anything is written when data, model or options are wrong. */
export async function startRun(options: TrainOptions, folder: string, context: RunContext): Promise<TrainingOutcome> {
  const material = await gather(options, context);
  const { baseHash, train: training, validation } = material;
  const groups = (samples: readonly Sample[]): string[] => [...new Set(samples.map(({ group }) => group))];
  const run = await RunDirectory.create(folder, {
    ...options,
    modelHash: baseHash,
    split: { train: groups(training), validation: groups(validation) },
  });
  const state = freshState(material.trainable.layout.pack(material.trainable.initial));
  return conduct(run, options, material, state, null, context);
}

/** Goes on with a run that was stopped or killed. @throws UserError when it cannot be resumed. */
export async function resumeRun(folder: string, context: RunContext): Promise<TrainingOutcome> {
  const { run, config } = RunDirectory.open(folder);
  const parsed = trainOptionsSchema.loose().safeParse(config);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UserError(`${run.file('config.json')}: ${issue.path.join('.')}: ${issue.message}`, { file: run.folder });
  }
  const material = await gather(parsed.data, context);
  if (parsed.data.modelHash !== material.baseHash) {
    throw new UserError(`${run.folder} began with another file of the model ${parsed.data.model}: put that file back`, {
      file: material.base.file,
    });
  }
  const { state, eventBytes } = await readState(run.checkpoint('state'), material.trainable.layout.size);
  run.rewind(eventBytes);
  return conduct(run, parsed.data, material, state, state.step, context);
}

interface Material {
  readonly base: ModelFile;
  readonly baseHash: string;
  readonly config: SamConfig;
  readonly trainable: Trainable;
  readonly train: readonly Sample[];
  readonly validation: readonly Sample[];
}

/** Reads everything that the options name. */
async function gather(options: TrainOptions, { onProgress }: RunContext): Promise<Material> {
  onProgress?.(`opening ${options.data}`);
  const { samples } = await openDataset(options.data, { layout: options.layout });
  const split =
    options.valData === null
      ? splitByGroup(samples, options.valFraction, options.seed)
      : { train: samples, validation: (await openDataset(options.valData, { layout: options.layout })).samples };
  onProgress?.(`reading the model ${options.model}`);
  const base = await readModel(options.model);
  const config = { ...base.config, imageSize: options.imageSize ?? base.config.imageSize };
  if (config.imageSize % config.patchSize !== 0) {
    throw new UserError(
      `image size ${config.imageSize} is no multiple of the model's patch of ${config.patchSize} pixels`,
    );
  }
  const random = new Random(options.seed).fork('initial parameters');
  const trainable = trainableOf(options.tune, base.config, base.tensors, random);
  return { base, baseHash: await fileHash(base.file), config, trainable, ...split };
}

async function conduct(
  run: RunDirectory,
  options: TrainOptions,
  material: Material,
  state: TrainingState,
  resumedFrom: number | null,
  context: RunContext,
): Promise<TrainingOutcome> {
  const { executor, signal, onEvent, onProgress } = context;
  const { base, baseHash, config, trainable } = material;
  const emit = (event: Parameters<RunDirectory['append']>[0]): void => onEvent?.(run.append(event));
  try {
    const reading = (what: string) => (done: number, total: number) => onProgress?.(`reading ${what} ${done}/${total}`);
    const examples = await datasetExamples(material.train, config.imageSize, { onProgress: reading('images'), signal });
    const held = await loadAll(material.validation, { onProgress: reading('validation images'), signal });
    emit({
      type: 'start',
      epochs: options.epochs,
      stepsPerEpoch: Math.ceil(examples.size / options.batch),
      samples: { train: examples.size, validation: held.length },
      device: executor.device,
      resumedFrom,
    });
    run.log(`${resumedFrom === null ? 'started' : `resumed from step ${resumedFrom}`} on ${executor.device}`);
    const validate = validator(executor, config, trainable, held, options);
    const outcome = await train(
      {
        run,
        executor,
        config,
        trainable,
        examples,
        epochs: options.epochs,
        batch: options.batch,
        promptsPerImage: 1,
        prompts: options.prompts,
        loss: options.loss,
        lr: options.lr,
        weightDecay: options.weightDecay,
        multimask: false,
        seed: options.seed,
        targetSide: config.imageSize,
        from: options.tune === 'decoder' ? 'embedding' : 'image',
        validate,
        save: (file, { parameters, step }) =>
          writeAdapters(file, trainable.layout.unpack(parameters), {
            tune: options.tune,
            options: trainable.adapters,
            base: base.name,
            baseHash,
            step,
          }),
        checkpointSeconds: 60,
        onEvent,
      },
      state,
      signal,
    );
    emit({
      type: 'end',
      status: outcome,
      message: outcome === 'done' ? null : `resume with: med-sa resume ${run.folder}`,
    });
    run.log(outcome);
    return outcome;
  } catch (error) {
    const stopped = error instanceof CancelledError;
    const message = error instanceof Error ? error.message : String(error);
    emit({ type: 'end', status: stopped ? 'stopped' : 'failed', message });
    run.log(`${stopped ? 'stopped' : 'failed'}: ${error instanceof Error ? (error.stack ?? message) : message}`);
    if (stopped) return 'stopped';
    throw error;
  }
}

/** Scores the present parameters with one click per sample, the same clicks every time. */
function validator(
  executor: Executor,
  config: SamConfig,
  trainable: Trainable,
  held: Awaited<ReturnType<typeof loadAll>>,
  { seed }: TrainOptions,
): (state: TrainingState, signal?: AbortSignal) => Promise<Metrics> {
  const parameters = trainable.layout.read(stepInputs.parameters);
  let current = new Float32Array(0);
  const predictor = new SamPredictor({
    model: trainingModel({ config, ...trainable }, parameters.tensors),
    executor,
    modelName: 'training',
    adaptersName: null,
    feeds: () => ({ [stepInputs.parameters]: tensorData([current.length], current) }),
  });
  return async (state, signal) => {
    current = state.parameters as Float32Array<ArrayBuffer>;
    const settings = ['1-point'] as const;
    const scores = await evaluateSamples(predictor, held, new Random(seed).fork('validation'), { settings, signal });
    return Object.fromEntries(
      Object.entries(scores).map(([setting, rows]) => [
        setting,
        { dice: summary(rows.map((row) => row.dice)).mean, iou: summary(rows.map((row) => row.iou)).mean },
      ]),
    );
  };
}
