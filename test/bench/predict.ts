import { Random } from '../../src/kernel/datasets/random';
import { compile, input, tensorData, type TensorData } from '../../src/kernel/graph';
import { createLocalExecutor, type LocalExecutor } from '../../src/kernel/runtime/localExecutor';
import type { Program } from '../../src/kernel/runtime/types';
import { gridOf, samConfigs, type SamConfig } from '../../src/kernel/sam/config';
import { promptTokens } from '../../src/kernel/sam/promptTokens';
import { decodePrompts, encodeImages } from '../../src/kernel/sam/sam';
import { benchRow, medianMilliseconds, type Bench, type BenchRow } from './bench';
import { noise, untrained } from './untrained';

/** How long a person waits for the model itself; random weights take as long as trained ones. */
export const predict: Bench = {
  description: 'an image embedding and the answer to a click, by model, on the CPU',
  async run() {
    const executor = await createLocalExecutor({ device: 'cpu' });
    try {
      const rows = [
        await encodeRow(executor, samConfigs.phantom, { runs: 15, goal: 500 }),
        await clickRow(executor, samConfigs.phantom, { runs: 50, goal: 15 }),
        await clickRow(executor, samConfigs.vit_b, { runs: 30, goal: 50 }),
      ];
      return { rows };
    } finally {
      await executor.dispose();
    }
  },
};

interface Plan {
  readonly runs: number;
  /** Milliseconds. */
  readonly goal: number;
}

async function encodeRow(executor: LocalExecutor, config: SamConfig, plan: Plan): Promise<BenchRow> {
  const shape = [1, 3, config.imageSize, config.imageSize];
  const program = compile('encode', { embedding: encodeImages(untrained(config), input('images', shape)) });
  const feeds = { images: noise(new Random(2), shape, 1) };
  return timed(executor, program, feeds, { ...plan, name: `encode an image, ${config.name}` });
}

/** One click on an embedding: a positive point, no previous mask. */
async function clickRow(executor: LocalExecutor, config: SamConfig, plan: Plan): Promise<BenchRow> {
  const grid = gridOf(config);
  const centre = config.imageSize / 2;
  const { points, labels } = promptTokens({ points: [{ x: centre, y: centre, label: 1 }], box: null });
  const feeds = {
    embedding: noise(new Random(3), [1, config.outChannels, grid, grid], 1),
    points: tensorData([1, labels.length, 2], points),
    labels: tensorData([1, labels.length], labels),
    masks: tensorData([1, 1, 4 * grid, 4 * grid], new Float32Array(16 * grid * grid)),
    hasMask: tensorData([1], [0]),
  };
  const port = (name: keyof typeof feeds) => input(name, feeds[name].shape);
  const { masks, iou } = decodePrompts(untrained(config), port('embedding'), {
    points: port('points'),
    labels: port('labels'),
    masks: port('masks'),
    hasMask: port('hasMask'),
  });
  const program = compile('decode', { logits: masks, iou });
  return timed(executor, program, feeds, { ...plan, name: `answer a click, ${config.name}` });
}

async function timed(
  executor: LocalExecutor,
  program: Program,
  feeds: Readonly<Record<string, TensorData>>,
  { name, runs, goal }: Plan & { readonly name: string },
): Promise<BenchRow> {
  console.error(`${name} (${runs} runs) …`);
  const loaded = await executor.load(program);
  try {
    const ours = await medianMilliseconds(runs, () => executor.run(loaded, feeds));
    return benchRow({ name, ours, goal, unit: 'ms' });
  } finally {
    await executor.release(loaded);
  }
}
