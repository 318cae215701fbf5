import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { understood } from '../../../src/extension/kernelProcess';
import type { Executor } from '../../../src/kernel/runtime/types';
import { forecastRun, type ForecastContext } from '../../../src/kernel/training/forecast';
import type { TrainOptions } from '../../../src/kernel/training/options';
import { startRun } from '../../../src/kernel/training/run';
import { meanSteps } from '../../../src/kernel/training/stepper';
import { Random } from '../../../src/kernel/datasets';
import { testExecutor } from '../../support/executor';
import { temporaryFolder } from '../../support/temporaryFolder';
import { drawTinyPairs } from '../../support/tinyModel';
import { eventsOf, tinyMaterial, undisturbed } from './tinyRun';

const folder = temporaryFolder('forecast');
let executor: Executor;
let options: TrainOptions;
const context = (): ForecastContext => ({ executor, notes: [], signal: new AbortController().signal });

beforeAll(async () => {
  executor = await testExecutor();
  options = await tinyMaterial(folder);
});

describe('the forecast of a run', () => {
  it('tells what the run then does', async () => {
    const before = fs.readdirSync(folder);
    const forecast = await forecastRun(options, context());
    expect(fs.readdirSync(folder), 'nothing is written').toEqual(before);
    expect(understood('training/forecast', forecast)).toEqual(forecast);

    const run = path.join(folder, 'run');
    await startRun(options, run, undisturbed(executor));
    const [start] = eventsOf(run).filter((event) => event.type === 'start');
    expect(forecast).toMatchObject({
      layout: 'pairs',
      cases: { train: start.samples.train, validation: start.samples.validation },
      examples: { count: start.samples.train, exact: true },
      device: 'cpu',
      memory: { fits: true, instead: null },
    });
    const config = JSON.parse(fs.readFileSync(path.join(run, 'config.json'), 'utf8')) as { batch: number };
    const perEpoch = Math.ceil(start.samples.train / config.batch) * meanSteps(options.prompts, null);
    const { step, epoch, validation, preparation } = forecast.seconds!;
    expect(step).toBeGreaterThan(0);
    expect(epoch).toBeCloseTo(perEpoch * step);
    expect(validation).toBeGreaterThan(0);
    expect(preparation).toBe(0);
  });

  it('reckons with the embeddings of a frozen encoder', async () => {
    const { seconds } = await forecastRun({ ...options, tune: 'decoder' }, context());
    expect(seconds!.preparation).toBeGreaterThan(0);
  });

  it('reckons the examples of a large set from the first images', async () => {
    const many = path.join(folder, 'many');
    await drawTinyPairs(many, 30);
    const { examples, cases } = await forecastRun({ ...options, data: many }, context());
    expect(examples).toEqual({ count: cases.train, exact: false });
  });

  it('says that a step does not fit, and does not try it', async () => {
    const free = vi.spyOn(process, 'availableMemory').mockReturnValue(2 ** 27);
    const forecast = await forecastRun(options, context());
    free.mockRestore();
    expect(understood('training/forecast', forecast)).toEqual(forecast);
    const { memory, seconds } = forecast;
    expect(memory).toMatchObject({ fits: false, available: 2 ** 27 });
    expect(memory.step).toBeGreaterThan(2 ** 27);
    expect(seconds).toBeNull();
  });

  it('stops when nobody wants it any more', async () => {
    await expect(forecastRun(options, { ...context(), signal: AbortSignal.abort() })).rejects.toThrow('cancelled');
  });
});

describe('the mean number of steps of a batch', () => {
  it('is what batches come to', () => {
    expect(meanSteps(1, null)).toBe(1);
    expect(meanSteps(3, '3-points')).toBe(3);
    const random = new Random(3);
    const drawn = Array.from({ length: 20_000 }, () => random.next()).map((at) => (at < 0.6 ? 1 : at < 0.85 ? 2 : 3));
    expect(drawn.reduce((sum: number, steps) => sum + steps, 0) / drawn.length).toBeCloseTo(meanSteps(3, null), 1);
  });
});
