import path from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { Random } from '../../../src/kernel/datasets';
import { embeddedModel, openPredictor, readAdapters, readModel } from '../../../src/kernel/inference';
import { answerCase } from '../../../src/kernel/inference/caseAnswers';
import type { Executor } from '../../../src/kernel/runtime/types';
import { openCases } from '../../../src/kernel/training/caseStore';
import { trainOptions, type TrainOptions } from '../../../src/kernel/training/options';
import { OverlapTally } from '../../../src/kernel/training/overlapTally';
import { resumeRun, startRun } from '../../../src/kernel/training/run';
import { openDataset, splitCases } from '../../../src/kernel/datasets';
import { promptModes } from '../../../src/kernel/medsa/options';
import { testExecutor } from '../../support/executor';
import { temporaryFolder } from '../../support/temporaryFolder';
import { writeTinyModel } from '../../support/tinyModel';
import { drawTinyVolumes } from '../../support/tinyVolumes';
import { bitsOf, courseOf, eventsOf, stoppedAt, undisturbed } from './tinyRun';

// Whole runs: seconds by themselves, more beside other work.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const folder = temporaryFolder('volume-run');
const chunks = { depth: 'sd-trans', slices: 4 } as const;
let executor: Executor;
let options: TrainOptions;

beforeAll(async () => {
  executor = await testExecutor();
  const [model, data] = [path.join(folder, 'tiny.safetensors'), path.join(folder, 'data')];
  await writeTinyModel(model);
  await drawTinyVolumes(data, 4);
  const given = { data, model, epochs: 1, batch: 2, prompts: 1, lr: 3e-3, valFraction: 0.25, device: 'cpu' } as const;
  options = trainOptions(given);
});

const validations = (run: string) =>
  eventsOf(run).flatMap((event) => (event.type === 'validation' ? [event.metrics] : []));

describe('training on volumes', () => {
  // Table 3 of the paper.
  it.each(promptModes.flatMap((prompt) => [{ prompt }, { ...chunks, prompt }]))('runs with %o', async (changed) => {
    const run = path.join(folder, Object.values(changed).join('-'));
    expect(await startRun({ ...options, ...changed }, run, undisturbed(executor))).toBe('done');
    const base = await readModel(options.model);
    const { options: attached } = await readAdapters(path.join(run, 'checkpoints', 'best.safetensors'), base);
    expect(attached).toMatchObject({ slices: 'slices' in changed ? 4 : null, prompt: changed.prompt });
    const [before, after] = validations(run);
    for (const { classes } of [before['1-point'], after['1-point']]) {
      expect(Object.keys(classes!).sort()).toEqual(['1', '2']);
      expect(classes!['1'].n).toBe(1);
    }
  });

  it('counts slices without depth, and chunks with it', () => {
    const start = (run: string) => eventsOf(path.join(folder, run)).find((event) => event.type === 'start')!;
    // A ball shows on about seven slices, twice in each of three volumes.
    expect(start('hyper').samples.train).toBeGreaterThan(30);
    expect(start('sd-trans-4-hyper').samples.train).toBeGreaterThanOrEqual(9);
    expect(start('sd-trans-4-hyper').samples.train).toBeLessThanOrEqual(12);
  });

  it('scores volumes as a predictor with the written adapters does', async () => {
    const run = path.join(folder, 'sd-trans-4-hyper');
    const adapters = path.join(run, 'checkpoints', 'last.safetensors');
    const predictor = await openPredictor({ model: options.model, adapters, executor });
    expect(predictor.chunkSlices).toBe(4);
    const { cases } = await openDataset(options.data, {});
    const held = await openCases(splitCases(cases, { fraction: options.valFraction, seed: options.seed }).validation);
    const tally = new OverlapTally(['1-point']);
    const random = new Random(options.seed).fork('validation').fork(0);
    const seen: number[] = [];
    const item = await held.get(0);
    for await (const answer of answerCase(predictor, item, random, { settings: ['1-point'] })) {
      tally.add(answer.className, answer.setting, answer.mask, answer.target);
      if (answer.className === '1') seen.push(answer.slice);
    }
    tally.endCase();
    expect(seen).toEqual(item.visible('1'));
    const [expected, found] = [validations(run)[1]['1-point'], tally.metrics()['1-point']];
    expect(found.dice).toBeCloseTo(expected.dice, 3);
    expect(found.classes['2'].iou).toBeCloseTo(expected.classes!['2'].iou, 3);
    await predictor.dispose();
  });

  it('teaches: the loss falls and the Dice of an unseen volume rises', async () => {
    const run = path.join(folder, 'learns');
    const embedded = { model: embeddedModel, imageSize: 64, epochs: 8, lr: 3e-3 };
    await startRun({ ...options, ...chunks, ...embedded }, run, undisturbed(executor));
    const losses = eventsOf(run).flatMap((event) => (event.type === 'step' ? [event.loss] : []));
    const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    const third = Math.floor(losses.length / 3);
    const dice = validations(run).map((metrics) => metrics['1-point'].dice);
    expect(mean(losses.slice(-third))).toBeLessThan(0.8 * mean(losses.slice(0, third)));
    expect(Math.max(...dice)).toBeGreaterThan(dice[0] + 0.1);
  });
});

describe('a run on volumes, stopped and resumed', () => {
  it.each([
    ['chunks', { ...chunks }],
    ['kept embeddings', { tune: 'decoder' as const }],
  ])('ends as if nothing had happened: %s, augmented', async (name, changed) => {
    const given = { ...options, ...changed, epochs: 2, prompts: 3 };
    const [whole, cut] = [path.join(folder, `${name}-whole`), path.join(folder, `${name}-cut`)];
    await startRun(given, whole, undisturbed(executor));
    await startRun(
      given,
      cut,
      stoppedAt(executor, (event) => event.type === 'step' && event.step === 3),
    );
    expect(await resumeRun(cut, undisturbed(executor))).toBe('done');
    const untimed = (run: string) => courseOf(run).map((event) => ({ ...event, memoryMB: 0 }));
    expect(untimed(cut)).toEqual(untimed(whole));
    expect(await bitsOf(cut, 'state')).toEqual(await bitsOf(whole, 'state'));
  });
});

it('kept embeddings are announced before training begins, in two views where images vary', async () => {
  const said: string[] = [];
  const context = { ...undisturbed(executor), onProgress: (message: string) => said.push(message) };
  const samples = (run: string): number =>
    eventsOf(run).flatMap((event) => (event.type === 'start' ? [event.samples.train] : []))[0];
  for (const augment of [true, false]) {
    said.length = 0;
    const run = path.join(folder, `announced-${augment}`);
    await startRun({ ...options, tune: 'decoder', augment }, run, context);
    const total = samples(run) * (augment ? 2 : 1);
    expect(said).toContain(`computing embeddings ${total}/${total}`);
  }
});

it('volumes without any target are refused', async () => {
  const run = path.join(folder, 'nothing');
  await expect(startRun({ ...options, classes: ['7'] }, run, undisturbed(executor))).rejects.toThrow();
});
