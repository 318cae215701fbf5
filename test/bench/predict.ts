import { Random } from '../../src/kernel/datasets/random';
import type { RgbImage } from '../../src/kernel/imaging';
import { SamPredictor } from '../../src/kernel/inference';
import { createEngine } from '../../src/kernel/runtime/engine';
import type { Executor } from '../../src/kernel/runtime/types';
import { samConfigs, type SamConfig } from '../../src/kernel/sam/config';
import { benchRow, medianMilliseconds, type Bench, type BenchRow } from './bench';
import { untrained } from './untrained';

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
      const rows = [
        await encodeRow(embedded, { name: 'encode an image, phantom', runs: 15, goal: 500 }),
        await clickRow(embedded, [640, 480], { name: 'answer a click, phantom', runs: 50, goal: 15 }),
        await clickRow(full, [1024, 768], { name: 'answer a click, vit_b', runs: 30, goal: 50 }),
        await clickRow(full, [4288, 2848], { name: 'answer a click on 12 megapixels, vit_b', runs: 15, goal: 100 }),
      ];
      return { rows };
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
