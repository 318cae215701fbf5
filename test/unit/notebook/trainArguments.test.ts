import { describe, expect, expectTypeOf, it } from 'vitest';
import { train } from '../../../src/kernel/cli/commands/train';
import { parseCommandLine } from '../../../src/kernel/cli/parse';
import { trainArguments } from '../../../src/kernel/notebook/trainArguments';
import type { TrainOptions } from '../../../src/kernel/training/options';
import type { FineTuneChoices } from '../../../src/protocol';

/** Every choice, with a value that is not its default. */
const chosen: Required<FineTuneChoices> = {
  model: 'sam_vit_b',
  tune: 'lora',
  layout: 'decathlon',
  classes: ['liver=1', 'whole=1+2'],
  valData: '/held-out',
  valFraction: 0.3,
  fold: { fold: 2, folds: 5 },
  splitSeed: 4,
  variant: 'released',
  depth: 'sd-trans',
  slices: 8,
  prompt: 'concat',
  bottleneck: 12,
  decoderBottleneck: 16,
  scale: 0.25,
  withDecoder: true,
  rank: 4,
  alpha: 2,
  loraDecoder: true,
  epochs: 3,
  batch: 2,
  imageSize: 64,
  promptSetting: 'bbox-0.75',
  augment: false,
  flip: false,
  loss: 'bce',
  learningRate: 1e-7,
  schedule: 'step',
  warmup: 0.1,
  clip: 0,
  patience: 5,
  validateEvery: 3,
  checkpointSeconds: 0,
  seed: 7,
  recompute: 'blocks',
  accumulate: 2,
  device: 'cpu',
};
const read = (choices: object) =>
  parseCommandLine(train.spec, ['--data', '/d', '--out', '/r', ...trainArguments({ ...choices })]).values;

describe('the choices of a fine-tune', () => {
  it('reach med-sa train as they were made', () => {
    const { augment, flip, learningRate, ...same } = chosen;
    const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    expect([augment, flip]).toEqual([false, false]);
    expect(read(chosen)).toMatchObject({
      ...Object.fromEntries(Object.entries(same).map(([name, value]) => [kebab(name), value])),
      lr: learningRate,
      'no-augment': true,
      'no-flip': true,
    });
  });

  it('are all that med-sa train can be told, beside what the kernel settles', () => {
    const settled = ['data', 'dry-run', 'out', 'json', 'engine', 'precision', 'threads'];
    const told = trainArguments({ ...chosen }).filter((word) => word.startsWith('--'));
    expect([...told.map((word) => word.slice(2)), ...settled].sort()).toEqual(Object.keys(train.spec.options).sort());
  });

  it('are left to the trainer where they are not made', () => {
    expect(trainArguments({ epochs: undefined, model: null, augment: true, flip: true, loraDecoder: false })).toEqual(
      [],
    );
  });

  it('are refused where the trainer knows nothing of them, or they are of another kind', () => {
    expect(() => trainArguments({ epoch: 3 })).toThrow(/^fineTune takes no epoch: it takes .*epochs/);
    expect(() => trainArguments({ augment: 'no' })).toThrow('augment is true or false, not no');
    expect(() => trainArguments({ fold: 2 })).toThrow('fold is written as { fold: 0, folds: 5 }');
    expect(() => trainArguments({ classes: 'liver' })).toThrow('classes wants a list');
    expect(() => read({ tune: 'adapter' })).toThrow(/--tune is "adapter": did you mean adapters/);
  });

  it('name the values that the trainer knows', () => {
    type Named = 'tune' | 'variant' | 'depth' | 'prompt' | 'promptSetting' | 'loss' | 'schedule' | 'recompute';
    type Values<T extends Record<Named, unknown>> = { [Name in Named]: NonNullable<T[Name]> };
    type Chosen = Values<Required<FineTuneChoices>>;
    expectTypeOf<Chosen>().toExtend<Values<TrainOptions>>();
    expectTypeOf<Values<TrainOptions>>().toExtend<Chosen>();
  });
});
