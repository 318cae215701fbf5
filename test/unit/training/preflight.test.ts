import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets/random';
import { attachmentShapes } from '../../../src/kernel/medsa/attachment';
import { defaultAdapters } from '../../../src/kernel/medsa/options';
import { adamWDefaults } from '../../../src/kernel/training/adamw';
import { ParameterLayout } from '../../../src/kernel/training/parameters';
import { requireMemory, stepMemory } from '../../../src/kernel/training/preflight';
import type { TrainStepOptions } from '../../../src/kernel/training/trainStep';
import { trainableOf } from '../../../src/kernel/training/trainable';
import { tinyConfig, tinyTensors } from '../../support/tinyModel';

/** Deep enough that what a block keeps is most of the memory. */
const config = { ...tinyConfig, embedDim: 128, depth: 6, imageSize: 256 };

const step = (changed: Partial<TrainStepOptions> = {}): TrainStepOptions => ({
  config,
  ...trainableOf('adapters', config, tinyTensors(1, config), new Random(1)),
  from: 'image',
  images: 8,
  promptsPerImage: 1,
  targetSide: 256,
  loss: 'dice-ce',
  iouWeight: 1,
  multimask: false,
  optimiser: adamWDefaults,
  ...changed,
});

/** Without what every process takes: on a model this small it hides the rest. */
const values = (changed: Partial<TrainStepOptions>): number => stepMemory(step(changed)).values;

describe('the memory of a step', () => {
  it('grows with the batch, and shrinks where blocks are computed again or the batch passes in parts', () => {
    expect(values({ images: 16 })).toBeGreaterThan(1.6 * values({ images: 8 }));
    expect(values({ recompute: 'blocks' })).toBeLessThan(0.75 * values({}));
    expect(values({ accumulate: 4 })).toBeLessThan(0.6 * values({}));
    expect(values({ accumulate: 4, recompute: 'blocks' })).toBeLessThan(values({ accumulate: 4 }));
  });

  it('is told where it fits', () => {
    expect(requireMemory(step(), 2 ** 34)).toEqual(stepMemory(step()));
  });
});

describe('a step that does not fit', () => {
  /** What is free when just these settings fit. */
  const free = (changed: Partial<TrainStepOptions>): number => stepMemory(step(changed)).total / 0.9 + 1;

  it.each<[string, Partial<TrainStepOptions>, RegExp]>([
    ['parts', { accumulate: 2 }, /it would with --accumulate 2$/],
    ['recomputation', { recompute: 'blocks' }, /it would with --(recompute blocks|accumulate 2)$/],
    ['both', { recompute: 'blocks', accumulate: 8 }, /it would with --recompute blocks --accumulate \d$/],
  ])('is refused with the settings that would: %s', (_, changed, advice) => {
    expect(() => requireMemory(step(), free(changed))).toThrow(/a training step takes about \d+\.\d GB of memory/);
    expect(() => requireMemory(step(), free(changed))).toThrow(advice);
  });

  it('of chunks passes in parts of whole chunks, and may need fewer slices', () => {
    const adapters = { ...defaultAdapters(config), slices: 4 };
    const layout = new ParameterLayout(attachmentShapes(config, adapters));
    const chunks = { adapters, layout };
    expect(() => requireMemory(step(chunks), free({ ...chunks, accumulate: 2 }))).toThrow(
      /it would with --accumulate 2$/,
    );
    expect(() => requireMemory(step({ ...chunks, images: 4 }), 2 ** 20)).toThrow(
      /no chunk of 4 slices would: take fewer --slices, or a smaller --image-size or --model/,
    );
  });

  it('and says so when none would', () => {
    expect(() => requireMemory(step(), 2 ** 20)).toThrow(/take a smaller --image-size or --model/);
  });
});
