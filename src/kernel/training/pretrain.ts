import type { RunEvent } from '../../protocol';
import { writeSafetensors } from '../checkpoints';
import { Random } from '../datasets';
import { drawPhantom } from '../datasets/phantoms';
import type { TensorData } from '../graph';
import { pictureCase } from '../inference/slicedCase';
import { initialSam } from '../medsa/initialise';
import type { Executor } from '../runtime/types';
import { modelFileNotes, type ModelFile } from '../inference/modelFile';
import { samConfigs, type SamConfig } from '../sam/config';
import { samShapes } from '../sam/shapes';
import { phantomExamples } from './examples';
import type { LossName } from './losses';
import { resampleModel } from './resampleModel';
import { RunDirectory } from './runDirectory';
import { freshState, readState } from './state';
import { trainableOf } from './trainable';
import { train, type TrainingOutcome } from './trainer';
import { Validator } from './validator';

/** One stage of pre-training; the embedded model is taught coarse first, then at its own size. */
export interface PretrainStage {
  readonly imageSize: number;
  /** Sizes in which the model is taught; a stage that changes them resamples the model of the one before. */
  readonly sizes: Pick<SamConfig, 'patchSize' | 'globalAttention'>;
  readonly epochs: number;
  /** Images per epoch. */
  readonly images: number;
  readonly batch: number;
  readonly promptsPerImage: number;
  readonly loss: LossName;
  readonly lr: number;
  /** Added to the seed, so that no stage draws the pictures of another. */
  readonly stream: number;
}

const stage = (own: Omit<PretrainStage, 'loss'>): PretrainStage => ({ ...own, loss: 'dice-ce' });
const coarse = { patchSize: 16, globalAttention: [1, 3, 5] };
const fine = { patchSize: samConfigs.phantom.patchSize, globalAttention: samConfigs.phantom.globalAttention };

/**
 * Few patches first: a picture of 256 cells costs a quarter of one of 1024, and shapes and prompts are learned on it as
 * well as detail is not. The focal loss brings a model from nothing off the ground but prefers no mask to a doubtful one;
 * Dice with cross-entropy goes on. Patches of 16 pixels, those of the first two stages, could be seen at a mask's edge.
 */
export const pretrainStages: readonly PretrainStage[] = [
  {
    imageSize: 128,
    sizes: coarse,
    epochs: 16,
    images: 1600,
    batch: 16,
    promptsPerImage: 4,
    loss: 'focal-dice',
    lr: 1e-3,
    stream: 128,
  },
  stage({
    imageSize: 256,
    sizes: coarse,
    epochs: 12,
    images: 800,
    batch: 8,
    promptsPerImage: 4,
    lr: 7e-4,
    stream: 256,
  }),
  stage({ imageSize: 128, sizes: fine, epochs: 12, images: 1600, batch: 8, promptsPerImage: 4, lr: 7e-4, stream: 129 }),
  stage({ imageSize: 256, sizes: fine, epochs: 5, images: 800, batch: 4, promptsPerImage: 6, lr: 4e-4, stream: 257 }),
  stage({ imageSize: 256, sizes: fine, epochs: 8, images: 1000, batch: 4, promptsPerImage: 6, lr: 5e-4, stream: 258 }),
];

export interface PretrainContext {
  readonly executor: Executor;
  readonly signal: AbortSignal;
  readonly seed: number;
  readonly onEvent?: (event: RunEvent) => void;
}

/** The model that a stage teaches, at its own side. */
const configOf = ({ sizes }: PretrainStage): SamConfig => ({ ...samConfigs.phantom, ...sizes });

/** Runs or resumes one stage in `folder`, from the model of the stage before (null: from nothing). */
export async function pretrainStage(
  stage: PretrainStage,
  folder: string,
  before: Pick<ModelFile, 'tensors' | 'config'> | null,
  { executor, signal, seed, onEvent }: PretrainContext,
): Promise<TrainingOutcome> {
  const config = configOf(stage);
  const tensors = before
    ? resampleModel(before.tensors, before.config, config)
    : initialSam(samShapes(config), new Random(seed).fork('initial model'));
  const trainable = trainableOf('full', config, tensors, new Random(seed));
  const started = RunDirectory.exists(folder);
  const run = started ? RunDirectory.open(folder).run : await RunDirectory.create(folder, { ...stage, seed });
  let state = freshState(trainable.layout.pack(trainable.initial));
  if (started) {
    const saved = await readState(run.checkpoint('state'), trainable.layout.size);
    run.rewind(saved.eventBytes);
    state = saved.state;
  }
  const sized = { ...config, imageSize: stage.imageSize };
  // Objects of every family that training never draws.
  const validator = new Validator({
    executor,
    config: sized,
    trainable,
    cases: unseenPhantoms(100, sized.imageSize, seed),
    settings: ['1-point', '3-points', 'bbox-0.75'],
    seed,
  });
  try {
    return await train(
      {
        run,
        executor,
        config: sized,
        trainable,
        examples: phantomExamples(stage.images, stage.imageSize),
        epochs: stage.epochs,
        batch: stage.batch,
        promptsPerImage: stage.promptsPerImage,
        prompts: 3,
        promptSetting: null,
        recompute: 'none',
        accumulate: 1,
        loss: stage.loss,
        lr: stage.lr,
        weightDecay: 0.05,
        multimask: true,
        seed: seed + stage.stream,
        targetSide: 128,
        from: 'image',
        embeddings: null,
        validate: (present, stop) => validator.score(present, stop),
        save: (file, { parameters }) => writeModel(file, config, trainable.layout.unpack(parameters), trainable.frozen),
        checkpointSeconds: 180,
        onEvent,
      },
      state,
      signal,
    );
  } finally {
    run.close();
    await validator.dispose();
  }
}

/** Writes a whole SAM with its config, half precision. */
export function writeModel(
  file: string,
  config: SamConfig,
  trained: ReadonlyMap<string, TensorData>,
  fixed: ReadonlyMap<string, TensorData>,
): Promise<void> {
  const metadata = { ...modelFileNotes, config: JSON.stringify(config) };
  return writeSafetensors(file, new Map([...trained, ...fixed]), metadata, { half: true });
}

/** Phantoms that training never draws: their seeds lie in a stream of their own. */
export function unseenPhantoms(count: number, side: number, seed: number) {
  const random = new Random(seed).fork('unseen phantoms');
  return {
    length: count,
    get: async (index: number) => {
      const own = random.fork(index);
      for (;;) {
        const { image, objects } = drawPhantom(own, { width: side, height: side });
        if (objects.length > 0) return pictureCase(String(index), image, 'target', own.pick(objects));
      }
    },
  };
}
