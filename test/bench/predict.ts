import { Random } from '../../src/kernel/datasets/random';
import { constant, sizeOf, tensorData, type TensorData } from '../../src/kernel/graph';
import type { RgbImage } from '../../src/kernel/imaging';
import { SamPredictor } from '../../src/kernel/inference';
import { createEngine } from '../../src/kernel/runtime/engine';
import type { Executor } from '../../src/kernel/runtime/types';
import { samConfigs, type SamConfig } from '../../src/kernel/sam/config';
import type { SamModel } from '../../src/kernel/sam/sam';
import { bare } from '../../src/kernel/sam/seams';
import { samShapes } from '../../src/kernel/sam/shapes';
import { benchRow, medianMilliseconds, type Bench, type BenchRow } from './bench';

/** ViT-B's decoder behind an encoder of one narrow block: a click never runs the encoder. */
const fullSizeDecoder: SamConfig = { ...samConfigs.vit_b, embedDim: 64, depth: 1, heads: 1, globalAttention: [] };

/** How long a person waits in the kernel, engine process and mask at the image's own size included. */
export const predict: Bench = {
  description: 'an image embedding and the answer to a click through the predictor and its engine, on the CPU',
  async run() {
    const engine = createEngine({ device: 'cpu' });
    try {
      const embedded = predictorOf(samConfigs.phantom, engine);
      const full = predictorOf(fullSizeDecoder, engine);
      return [
        await encodeRow(embedded, { name: 'encode an image, phantom', runs: 15, goal: 500 }),
        await clickRow(embedded, [640, 480], { name: 'answer a click, phantom', runs: 50, goal: 15 }),
        await clickRow(full, [1024, 768], { name: 'answer a click, vit_b', runs: 30, goal: 50 }),
        await clickRow(full, [4288, 2848], { name: 'answer a click on 12 megapixels, vit_b', runs: 15, goal: 100 }),
      ];
    } finally {
      await engine.dispose();
    }
  },
};

interface Plan {
  readonly name: string;
  readonly runs: number;
  /** Milliseconds. */
  readonly goal: number;
}

async function encodeRow(predictor: SamPredictor, { name, runs, goal }: Plan): Promise<BenchRow> {
  console.error(`${name} (${runs} runs) …`);
  let seed = 0;
  const ours = await medianMilliseconds(runs, async () => (await predictor.encode(picture(640, 480, seed++))).free());
  return benchRow({ name, ours, goal, unit: 'ms' });
}

/** One click on an encoded image: a positive point, no previous mask. */
async function clickRow(
  predictor: SamPredictor,
  [width, height]: readonly [number, number],
  { name, runs, goal }: Plan,
): Promise<BenchRow> {
  console.error(`${name} (${runs} runs) …`);
  const image = await predictor.encode(picture(width, height, 1));
  const point = { x: width / 2, y: height / 2, label: 1 } as const;
  try {
    const ours = await medianMilliseconds(runs, () => predictor.predict(image, { points: [point], box: null }));
    return benchRow({ name, ours, goal, unit: 'ms' });
  } finally {
    await image.free();
  }
}

function picture(width: number, height: number, seed: number): RgbImage {
  const random = new Random(seed);
  return { width, height, rgb: Uint8Array.from({ length: 3 * width * height }, () => random.integer(256)) };
}

const predictorOf = (config: SamConfig, executor: Executor): SamPredictor =>
  new SamPredictor({ model: untrained(config), executor, modelName: config.name, adaptersName: null });

/** A model with small random weights, made as they are asked for; random ones take as long as trained ones. */
function untrained(config: SamConfig): SamModel {
  const shapes = samShapes(config);
  const random = new Random(1);
  const made = new Map<string, ReturnType<typeof constant>>();
  const weights = (name: string) => {
    const known = made.get(name);
    if (known !== undefined) return known;
    const shape = shapes.get(name);
    if (shape === undefined) throw new Error(`SAM has no tensor ${name}`);
    const tensor = constant(noise(random.fork(name), shape, 0.02), name);
    made.set(name, tensor);
    return tensor;
  };
  return { config, weights, seams: bare };
}

const noise = (random: Random, shape: readonly number[], size: number): TensorData =>
  tensorData(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => random.uniform(-size, size)),
  );
