import { Random } from '../../src/kernel/datasets/random';
import { compile, input, slice, tensorData, type TensorData } from '../../src/kernel/graph';
import { compileEncoder } from '../../src/kernel/inference/programs';
import { initialAdapters } from '../../src/kernel/medsa/initialise';
import { defaultAdapters } from '../../src/kernel/medsa/options';
import { adapterShapes } from '../../src/kernel/medsa/shapes';
import type { Executor, Program } from '../../src/kernel/runtime/types';
import { gridOf, type SamConfig } from '../../src/kernel/sam/config';
import { decodePrompts, encodeImages } from '../../src/kernel/sam/sam';
import { samShapes } from '../../src/kernel/sam/shapes';
import { adamWDefaults, scheduleAt } from '../../src/kernel/training/adamw';
import { ParameterLayout } from '../../src/kernel/training/parameters';
import { freshState } from '../../src/kernel/training/state';
import { compileTrainStep, stepInputs, stepOutputs, trainingModel } from '../../src/kernel/training/trainStep';
import { noise, untrainedTensors } from './untrained';

export const workNames = ['step', 'forward', 'encode'] as const;
export type WorkName = (typeof workNames)[number];

/** One thing to time, the same here and in PyTorch. */
export interface Work {
  readonly what: WorkName;
  /** A model's sizes, at the side its tensors are made for. */
  readonly config: SamConfig;
  /** Side of the images that enter, pixels. */
  readonly imageSize: number;
  readonly batch: number;
}

/** A loaded program; `run` feeds it, runs it and fetches its outputs, as the product does. */
export interface LoadedWork {
  run(): Promise<void>;
  release(): Promise<void>;
}

type Feeds = Record<string, TensorData>;

/** Builds the program of `work` with random weights and loads it. */
export async function loadWork(executor: Executor, work: Work): Promise<LoadedWork> {
  const config = { ...work.config, imageSize: work.imageSize };
  const frozen = untrainedTensors(samShapes(work.config));
  const images = noise(new Random(2), [work.batch, 3, work.imageSize, work.imageSize], 1);
  switch (work.what) {
    case 'encode': {
      const model = trainingModel({ config, adapters: null, frozen }, new Map());
      return constantWork(executor, compileEncoder(model, work.batch), { image: images });
    }
    case 'forward': {
      const feeds = { image: images, ...oneClick(config, work.batch) };
      return constantWork(executor, forwardProgram(config, frozen, feeds), feeds);
    }
    case 'step':
      return stepWork(executor, config, frozen, images);
  }
}

async function constantWork(executor: Executor, program: Program, feeds: Feeds): Promise<LoadedWork> {
  const loaded = await executor.load(program);
  return {
    run: async () => void (await executor.run(loaded, feeds)),
    release: () => executor.release(loaded),
  };
}

/** One positive point in the middle of each image, and the token that is no point; no previous mask. */
function oneClick(config: SamConfig, batch: number): Feeds {
  const centre = config.imageSize / 2;
  const side = 4 * gridOf(config);
  const each = (values: readonly number[]): number[] => Array.from({ length: batch }, () => values).flat();
  return {
    [stepInputs.points]: tensorData([batch, 2, 2], each([centre, centre, 0, 0])),
    [stepInputs.labels]: tensorData([batch, 2], each([1, -1])),
    [stepInputs.masks]: tensorData([batch, 1, side, side], new Float32Array(batch * side * side)),
    [stepInputs.hasMask]: tensorData([batch], new Float32Array(batch)),
  };
}

/** Encoder and decoder with adapters: image and prompts → the single mask and its IoU. */
function forwardProgram(config: SamConfig, frozen: ReadonlyMap<string, TensorData>, feeds: Feeds): Program {
  const adapters = defaultAdapters(config);
  const trained = untrainedTensors(adapterShapes(config, adapters));
  const model = trainingModel({ config, adapters, frozen: new Map([...frozen, ...trained]) }, new Map());
  const port = (name: string) => input(name, feeds[name].shape);
  const { masks, iou } = decodePrompts(model, encodeImages(model, port(stepInputs.image)), {
    points: port(stepInputs.points),
    labels: port(stepInputs.labels),
    masks: port(stepInputs.masks),
    hasMask: port(stepInputs.hasMask),
  });
  return compile('forward', { low_res_masks: slice(masks, 1, 0, 1), iou: slice(iou, 1, 0, 1) });
}

/** An optimiser step as a fine-tune runs it, its state fed and fetched: each run continues from the last. */
async function stepWork(
  executor: Executor,
  config: SamConfig,
  frozen: ReadonlyMap<string, TensorData>,
  images: TensorData,
): Promise<LoadedWork> {
  const [batch, , side] = images.shape;
  const adapters = defaultAdapters(config);
  const shapes = adapterShapes(config, adapters);
  const layout = new ParameterLayout(shapes);
  const optimiser = { ...adamWDefaults, clipNorm: 1 };
  const loaded = await executor.load(
    compileTrainStep({
      config,
      adapters,
      layout,
      frozen,
      from: 'image',
      images: batch,
      promptsPerImage: 1,
      targetSide: side,
      loss: 'dice-ce',
      iouWeight: 1,
      multimask: false,
      optimiser,
    }),
  );
  const random = new Random(3);
  const state = freshState(layout.pack(initialAdapters(shapes, random)));
  const target = noise(random, [batch, 1, side, side], 1);
  const fixed = {
    [stepInputs.image]: images,
    [stepInputs.target]: tensorData(
      target.shape,
      target.data.map(Math.sign).map((sign) => (sign > 0 ? 1 : 0)),
    ),
    ...oneClick(config, batch),
  };
  const flat = (data: Float32Array): TensorData => tensorData([data.length], data);
  return {
    async run() {
      const schedule = Object.entries(scheduleAt(++state.step, 1e-4, optimiser));
      const result = await executor.run(
        loaded,
        {
          ...fixed,
          [stepInputs.parameters]: flat(state.parameters),
          [stepInputs.firstMoment]: flat(state.firstMoment),
          [stepInputs.secondMoment]: flat(state.secondMoment),
          ...Object.fromEntries(schedule.map(([name, value]) => [name, tensorData([], [value])])),
        },
        {
          fetch: stepOutputs,
        },
      );
      if (!Number.isFinite(result.loss.data[0])) throw new Error(`the loss of step ${state.step} is no number`);
      state.parameters = result.next_parameters.data;
      state.firstMoment = result.next_first_moment.data;
      state.secondMoment = result.next_second_moment.data;
    },
    release: () => executor.release(loaded),
  };
}
