// Settings that save memory compute the same step.
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets/random';
import { tensorData, type TensorData } from '../../../src/kernel/graph';
import { attachmentShapes } from '../../../src/kernel/medsa/attachment';
import { defaultAdapters } from '../../../src/kernel/medsa/options';
import { ParameterLayout } from '../../../src/kernel/training/parameters';
import { adamWDefaults, scheduleAt } from '../../../src/kernel/training/adamw';
import { compileTrainStep, stepInputs, type TrainStepOptions } from '../../../src/kernel/training/trainStep';
import { trainableOf } from '../../../src/kernel/training/trainable';
import { testExecutor } from '../../support/executor';
import { expectClose, randomTensor } from '../../support/tensors';
import { tinyConfig, tinyTensors } from '../../support/tinyModel';

const executor = await testExecutor();
const [images, prompts, tokens] = [3, 2, 3];
const batch = images * prompts;

describe.each(['adapters', 'lora', 'full'] as const)('a step of tune: %s', (tune) => {
  const random = new Random(7);
  const trainable = trainableOf(tune, tinyConfig, tinyTensors(5), random);
  const parameters = trainable.layout.pack(trainable.initial);
  const noise = randomTensor(random, [parameters.length]);
  // Off the initial zeros, or half of all gradients would be zero.
  parameters.forEach((value, index) => (parameters[index] = value + 0.05 * noise.data[index]));
  const zeros = tensorData([parameters.length], new Float32Array(parameters.length));
  const feeds = {
    image: randomTensor(random, [images, 3, 64, 64]),
    points: tensorData(
      [batch, tokens, 2],
      Array.from({ length: batch * tokens * 2 }, () => random.integer(64)),
    ),
    labels: tensorData(
      [batch, tokens],
      Array.from({ length: batch * tokens }, (_, i) => [1, 0, -1][i % 3]),
    ),
    masks: randomTensor(random, [batch, 1, 32, 32]),
    has_mask: tensorData([batch], [1, 0, 1, 1, 0, 1]),
    target: tensorData(
      [batch, 1, 64, 64],
      Array.from({ length: batch * 4096 }, () => (random.chance(0.3) ? 1 : 0)),
    ),
    [stepInputs.parameters]: tensorData([parameters.length], parameters),
    [stepInputs.firstMoment]: zeros,
    [stepInputs.secondMoment]: zeros,
    ...Object.fromEntries(
      Object.entries(scheduleAt(1, 1e-3, adamWDefaults)).map(([name, value]) => [name, tensorData([], [value])]),
    ),
  };

  async function step(changed: Partial<TrainStepOptions>): Promise<Record<string, TensorData>> {
    const program = compileTrainStep({
      config: tinyConfig,
      ...trainable,
      from: 'image',
      images,
      promptsPerImage: prompts,
      targetSide: 64,
      loss: 'dice-ce',
      iouWeight: 1,
      multimask: true,
      optimiser: { ...adamWDefaults, clipNorm: 1 },
      ...changed,
    });
    return executor.run(await executor.load(program), feeds);
  }

  it('has a loss that is the sum of its parts', async () => {
    const result = await step({ accumulate: 2, iouWeight: 0.5 });
    const parts = Object.entries(result).filter(([name]) => name.startsWith('loss.'));
    expect(parts.map(([name]) => name)).toEqual([
      'loss.dice',
      'loss.bce',
      'loss.iou',
      'loss.multimask',
      'loss.multimask_iou',
    ]);
    const sum = parts.reduce((total, [, { data }]) => total + data[0], 0);
    expect(sum).toBeCloseTo(result.loss.data[0], 5);
    expect(parts.every(([, { data }]) => data[0] > 0)).toBe(true);
  });

  it.each<[string, Partial<TrainStepOptions>]>([
    ['computing blocks again', { recompute: 'blocks' }],
    ['a batch in two parts, the last one larger', { accumulate: 2 }],
    ['a batch in as many parts as images', { accumulate: 3 }],
    ['more parts than images', { accumulate: 8 }],
    ['both', { recompute: 'blocks', accumulate: 3 }],
  ])('is the same with %s', async (_, changed) => {
    const expected = await step({});
    const found = await step(changed);
    expect(found.gradient_norm.data[0]).toBeGreaterThan(0);
    for (const name of [
      'loss',
      'loss.dice',
      'loss.multimask_iou',
      'low_res_masks',
      'iou',
      'gradient',
      'next_parameters',
      'next_second_moment',
    ]) {
      expectClose(found[name], expected[name], 2e-5, name);
    }
  });
});

// Slices that see each other cannot be torn apart.
describe('a step of depth chunks', () => {
  const adapters = { ...defaultAdapters(tinyConfig), slices: 2 };
  const random = new Random(9);
  const shapes = attachmentShapes(tinyConfig, adapters);
  const layout = new ParameterLayout(shapes);
  const zeros = tensorData([layout.size], new Float32Array(layout.size));
  const feeds = {
    image: randomTensor(random, [6, 3, 64, 64]),
    points: tensorData(
      [6, tokens, 2],
      Array.from({ length: 6 * tokens * 2 }, () => random.integer(64)),
    ),
    labels: tensorData(
      [6, tokens],
      Array.from({ length: 6 * tokens }, (_, i) => [1, 0, -1][i % 3]),
    ),
    masks: randomTensor(random, [6, 1, 32, 32]),
    has_mask: tensorData([6], [1, 0, 1, 1, 0, 1]),
    // The third slice does not show the class.
    target: tensorData(
      [6, 1, 64, 64],
      Array.from({ length: 6 * 4096 }, (_, i) => (Math.floor(i / 4096) !== 2 && random.chance(0.3) ? 1 : 0)),
    ),
    [stepInputs.parameters]: randomTensor(random, [layout.size]),
    [stepInputs.firstMoment]: zeros,
    [stepInputs.secondMoment]: zeros,
    ...Object.fromEntries(
      Object.entries(scheduleAt(1, 1e-3, adamWDefaults)).map(([name, value]) => [name, tensorData([], [value])]),
    ),
  };
  feeds[stepInputs.parameters].data.forEach((value, index, all) => (all[index] = 0.05 * value));

  async function step(changed: Partial<TrainStepOptions>): Promise<Record<string, TensorData>> {
    const program = compileTrainStep({
      config: tinyConfig,
      adapters,
      layout,
      frozen: tinyTensors(5),
      from: 'image',
      images: 6,
      promptsPerImage: 1,
      targetSide: 64,
      loss: 'dice-ce',
      iouWeight: 1,
      multimask: false,
      optimiser: { ...adamWDefaults, clipNorm: 1 },
      ...changed,
    });
    return executor.run(await executor.load(program), feeds);
  }

  it.each<[string, Partial<TrainStepOptions>]>([
    ['two parts', { accumulate: 2 }],
    ['as many parts as chunks', { accumulate: 3 }],
    ['more parts than chunks', { accumulate: 6, recompute: 'blocks' }],
  ])('is the same in %s', async (_, changed) => {
    const [expected, found] = [await step({}), await step(changed)];
    expect(found.gradient_norm.data[0]).toBeGreaterThan(0);
    for (const name of ['loss', 'low_res_masks', 'gradient', 'next_parameters']) {
      expectClose(found[name], expected[name], 2e-5, name);
    }
  });

  it('sees the neighbours: other chunks, another answer', async () => {
    const chunks = await step({});
    const threes = await step({ adapters: { ...adapters, slices: 3 } });
    expect(threes.low_res_masks.data).not.toEqual(chunks.low_res_masks.data);
  });
});
