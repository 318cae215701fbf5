import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { writeSafetensors } from '../../../src/kernel/checkpoints';
import { CancelledError } from '../../../src/kernel/errors';
import { composeModel, readAdapters, readModel, tuneNames, type Tune } from '../../../src/kernel/inference';
import type { Tensor } from '../../../src/kernel/graph';
import type { Executor } from '../../../src/kernel/runtime/types';
import type { TrainOptions } from '../../../src/kernel/training/options';
import { startRun } from '../../../src/kernel/training/run';
import { testExecutor } from '../../support/executor';
import { drawDiscs, writeMask } from '../../support/drawnImage';
import { temporaryFolder } from '../../support/temporaryFolder';
import { drawTinyPairs } from '../../support/tinyModel';
import { bitsOf, eventsOf, tinyMaterial, undisturbed } from './tinyRun';

// Whole runs: seconds by themselves, more beside other work.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const folder = temporaryFolder('run');
let executor: Executor;
let options: TrainOptions;

beforeAll(async () => {
  executor = await testExecutor();
  options = await tinyMaterial(folder);
});

const diceOf = (run: string): number[] =>
  eventsOf(run).flatMap((event) => (event.type === 'validation' ? [event.metrics['1-point'].dice] : []));

const meanLoss = (run: string, epoch: number): number => {
  const losses = eventsOf(run).flatMap((event) => (event.type === 'step' && event.epoch === epoch ? [event.loss] : []));
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
};

/** A run that has learnt: 24 epochs at a high rate, on eight pictures as they are. */
async function learn(tune: Tune, changed: Partial<TrainOptions> = {}, name: string = tune): Promise<string> {
  const run = path.join(folder, name);
  const all = { ...options, augment: false, ...changed, tune, epochs: 24, prompts: 1, lr: 1e-2 };
  expect(await startRun(all, run, undisturbed(executor))).toBe('done');
  return run;
}

/** The tiny model after `tune: full` taught it discs: adapters are made for a model that knows something. */
async function writeTaughtModel(run: string): Promise<string> {
  const base = await readModel(options.model);
  const { tensors } = await readAdapters(path.join(run, 'checkpoints', 'best.safetensors'), base);
  const file = path.join(folder, 'taught.safetensors');
  const metadata = { config: JSON.stringify(base.config) };
  await writeSafetensors(file, new Map([...base.tensors, ...tensors]), metadata);
  return file;
}

describe('training', () => {
  const runs = new Map<Tune, string>();

  beforeAll(async () => {
    runs.set('full', await learn('full'));
    runs.set('decoder', await learn('decoder'));
    const [model, data] = [await writeTaughtModel(runs.get('full')!), path.join(folder, 'faint')];
    await drawTinyPairs(data, 8, { contrast: 0.2 });
    runs.set('adapters', await learn('adapters', { model, data }));
    runs.set('lora', await learn('lora', { model, data, rank: 4, alpha: 8, loraDecoder: true }));
  });

  describe.each(tuneNames)('tune: %s', (tune) => {
    it('teaches: the loss falls and the Dice of unseen subjects rises', () => {
      const run = runs.get(tune)!;
      const dice = diceOf(run);
      expect(dice).toHaveLength(25);
      expect(Math.max(...dice)).toBeGreaterThan(Math.max(0.8, dice[0] + 0.2));
      expect(meanLoss(run, 24)).toBeLessThan(0.5 * meanLoss(run, 1));
    });

    it('leaves what a predictor takes', async () => {
      const { model } = JSON.parse(fs.readFileSync(path.join(runs.get(tune)!, 'config.json'), 'utf8')) as TrainOptions;
      const base = await readModel(model);
      const best = await readAdapters(path.join(runs.get(tune)!, 'checkpoints', 'best.safetensors'), base);
      expect(best).toMatchObject({ name: tune, tune, imageSize: base.config.imageSize });
      expect(best.step).toBeGreaterThan(0);
      expect(best.options === null).toBe(tune === 'decoder' || tune === 'full');
    });

    it('calls best what has the best Dice', () => {
      const dice = diceOf(runs.get(tune)!).slice(1);
      const isBest = eventsOf(runs.get(tune)!).flatMap((event) => (event.type === 'checkpoint' ? [event.best] : []));
      expect(isBest).toEqual(dice.map((value, epoch) => value > Math.max(-1, ...dice.slice(0, epoch))));
    });
  });
});

describe('adapters with the mask decoder', () => {
  it('teach both, leave the encoder, and are what a predictor computes with', async () => {
    const run = await learn('adapters', { withDecoder: true }, 'with decoder');
    const base = await readModel(options.model);
    const read = await readAdapters(path.join(run, 'checkpoints', 'last.safetensors'), base);
    const { tune, options: attached, tensors } = read;
    expect([tune, attached]).toEqual(['adapters', expect.objectContaining({ variant: 'paper', prompt: 'hyper' })]);
    const ofBase = [...tensors].filter(([name]) => base.tensors.has(name));
    expect(ofBase.map(([name]) => name).sort()).toEqual(
      [...base.tensors.keys()].filter((name) => name.startsWith('mask_decoder.')).sort(),
    );
    const changed = ofBase.filter(([name, { data }]) => data.some((v, i) => v !== base.tensors.get(name)!.data[i]));
    expect(changed.length).toBeGreaterThan(0.8 * ofBase.length);
    const up = tensors.get('image_encoder.blocks.0.space_adapter.up.weight')!;
    expect(up.data.some((value) => value !== 0)).toBe(true);
    const dice = diceOf(run);
    expect(Math.max(...dice)).toBeGreaterThan(Math.max(0.8, dice[0] + 0.2));
    const used = (composeModel(base, read).weights(changed[0][0]) as Tensor<'constant'>).attributes.value;
    expect(used).toMatchObject({ data: changed[0][1].data });
  });
});

describe('a run', () => {
  it('is the same under the same seed and another under another', async () => {
    const short = { ...options, epochs: 1, prompts: 1 };
    for (const [name, seed] of [
      ['once', 3],
      ['twice', 3],
      ['other', 4],
    ] as const) {
      await startRun({ ...short, seed }, path.join(folder, name), undisturbed(executor));
    }
    const [once, twice, other] = await Promise.all(
      ['once', 'twice', 'other'].map((name) => bitsOf(path.join(folder, name), 'last')),
    );
    expect(twice).toEqual(once);
    expect(other).not.toEqual(once);
  });

  it('never validates on a subject that it trains on', async () => {
    const { split, dataset } = JSON.parse(fs.readFileSync(path.join(folder, 'once', 'config.json'), 'utf8')) as {
      split: { train: string[]; validation: string[]; choice: object; cases: object };
      dataset: object;
    };
    expect(split).toMatchObject({ choice: { fraction: 0.25, seed: 3 }, cases: { train: 6, validation: 2 } });
    expect(dataset).toEqual({ layout: 'pairs', classes: ['target'] });
    expect(split.validation).toHaveLength(1);
    expect(split.train).toHaveLength(3);
    expect(split.train).not.toContain(split.validation[0]);
  });

  it('keeps the image size that it trained at', async () => {
    const run = path.join(folder, 'small');
    await startRun({ ...options, imageSize: 48, epochs: 1, prompts: 1 }, run, undisturbed(executor));
    const best = await readAdapters(path.join(run, 'checkpoints', 'best.safetensors'), await readModel(options.model));
    expect(best.imageSize).toBe(48);
  });

  it('tells when the loss is no number any more, and keeps the last good state', async () => {
    const run = path.join(folder, 'diverged');
    const wild = { ...options, tune: 'full', lr: 1e20, epochs: 3, prompts: 1 } as const;
    await expect(startRun(wild, run, undisturbed(executor))).rejects.toThrow(
      /no number at step \d+: train with a learning rate below/,
    );
    expect(eventsOf(run).at(-1)).toMatchObject({ type: 'end', status: 'failed' });
    expect(Object.keys(await bitsOf(run, 'state'))).toContain('parameters');
    expect(fs.readFileSync(path.join(run, 'log.txt'), 'utf8')).toContain('failed: DivergedError');
  });

  it('does not overwrite another', async () => {
    const config = fs.readFileSync(path.join(folder, 'once', 'config.json'));
    await expect(startRun(options, path.join(folder, 'once'), undisturbed(executor))).rejects.toThrow(
      /once holds a run already: name another folder for --out, or resume that run/,
    );
    expect(fs.readFileSync(path.join(folder, 'once', 'config.json'))).toEqual(config);
  });
});

describe('nothing is written when', () => {
  const run = path.join(folder, 'wrong');
  const expectNothing = async (wrong: Partial<TrainOptions>, said: RegExp): Promise<void> => {
    await expect(startRun({ ...options, ...wrong }, run, undisturbed(executor))).rejects.toThrow(said);
    expect(fs.existsSync(run)).toBe(false);
  };
  /** Good pairs but for the last one, whose mask is replaced. */
  const dataWith = async (name: string, mask: (file: string) => Promise<void>): Promise<string> => {
    const data = path.join(folder, name);
    await drawTinyPairs(data, 4);
    await mask(path.join(data, 'mask-3.png'));
    return data;
  };

  it('there are no data', () => expectNothing({ data: path.join(folder, 'absent') }, /absent does not exist/));

  it('a mask is of another size than its image', async () => {
    const data = await dataWith('sizes', (file) =>
      writeMask(drawDiscs(20, 20, [{ x: 9, y: 9, radius: 5, level: 9 }]), file),
    );
    await expectNothing({ data }, /mask-3\.png is 20×20 but its image .* is 60×48/);
  });

  it('a mask is empty', async () => {
    const data = await dataWith('empty', (file) => writeMask(drawDiscs(60, 48, []), file));
    await expectNothing({ data }, /mask-3\.png is empty/);
  });

  it('an image cannot be read', async () => {
    const data = await dataWith('unreadable', async (file) => fs.writeFileSync(file, 'no picture'));
    await expectNothing({ data }, /mask-3\.png/);
  });

  it('the data are of one subject only', async () => {
    const data = path.join(folder, 'single');
    await drawTinyPairs(data, 2);
    await expectNothing({ data }, /at least two are needed/);
  });

  it('there is no such model', () =>
    expectNothing({ model: path.join(folder, 'nobody.safetensors') }, /nobody\.safetensors does not exist/));

  it('the image size does not fit the patches', () =>
    expectNothing({ imageSize: 60 }, /image size 60 is no multiple of the model's patch of 8 pixels/));

  it('the signal is raised while the data are read', async () => {
    const context = { executor, signal: AbortSignal.abort() };
    await expect(startRun(options, run, context)).rejects.toThrow(CancelledError);
    expect(fs.existsSync(run)).toBe(false);
  });
});
