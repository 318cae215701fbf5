import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../../src/kernel/checkpoints';
import { CancelledError } from '../../../src/kernel/errors';
import type { TrainOptions } from '../../../src/kernel/training/options';
import { resumeRun, startRun } from '../../../src/kernel/training/run';
import type { Executor } from '../../../src/kernel/runtime/types';
import type { RunEvent } from '../../../src/protocol';
import { testExecutor } from '../../support/executor';
import { temporaryFolder } from '../../support/temporaryFolder';
import { drawTinyPairs, writeTinyModel } from '../../support/tinyModel';
import { decodedEvents, eventFilesOf } from './tensorboard/eventFile';
import { bitsOf, courseOf, eventsOf, stoppedAt, tinyMaterial, undisturbed } from './tinyRun';

// Whole runs: seconds by themselves, more beside other work.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const folder = temporaryFolder('resume');
const whole = path.join(folder, 'whole');
let executor: Executor;
let options: TrainOptions;

beforeAll(async () => {
  executor = await testExecutor();
  options = await tinyMaterial(folder);
  expect(await startRun(options, whole, undisturbed(executor))).toBe('done');
});

const steps = (): Extract<RunEvent, { type: 'step' }>[] => eventsOf(whole).filter((event) => event.type === 'step');

/** The end of `run` is that of the run that nobody stopped. */
async function expectSameEnd(run: string): Promise<void> {
  expect(courseOf(run)).toEqual(courseOf(whole));
  for (const checkpoint of ['state', 'best', 'last'] as const) {
    expect(await bitsOf(run, checkpoint)).toEqual(await bitsOf(whole, checkpoint));
  }
}

const atStep = (step: number) => (event: RunEvent) => event.type === 'step' && event.step === step;
const atValidation = (epoch: number) => (event: RunEvent) => event.type === 'validation' && event.epoch === epoch;

describe('a run that is stopped and resumed', () => {
  const moments: [string, () => (event: RunEvent) => boolean][] = [
    ['before the first validation', () => (event) => event.type === 'start'],
    ['before the first batch', () => atValidation(0)],
    ['in the first batch', () => atStep(1)],
    ['in the middle of an epoch', () => atStep(steps().filter(({ epoch }) => epoch === 1)[1].step)],
    // Stopped in the last batch of an epoch, it ends in the validation after it.
    [
      'in the last batch of an epoch',
      () =>
        atStep(
          steps()
            .filter(({ epoch }) => epoch === 1)
            .at(-1)!.step,
        ),
    ],
    ['between two epochs', () => atValidation(1)],
  ];

  it.each(moments)('%s ends as if nothing had happened', async (moment, isTheMoment) => {
    const run = path.join(folder, moment.replaceAll(' ', '-'));
    expect(await startRun(options, run, stoppedAt(executor, isTheMoment()))).toBe('stopped');
    expect(eventsOf(run).at(-1)).toMatchObject({ type: 'end', status: 'stopped' });
    expect(courseOf(run).length).toBeLessThan(courseOf(whole).length);
    expect(await resumeRun(run, undisturbed(executor))).toBe('done');
    await expectSameEnd(run);
  });

  it('stopped again and again ends as if nothing had happened', async () => {
    const run = path.join(folder, 'again');
    let outcome = await startRun(options, run, stoppedAt(executor, atStep(1)));
    let sittings = 1;
    for (; outcome === 'stopped'; sittings++) {
      let seen = 0;
      const context = stoppedAt(executor, ({ type }) => type === 'step' && ++seen === 1);
      outcome = await resumeRun(run, context);
    }
    expect(sittings).toBeGreaterThan(4);
    await expectSameEnd(run);
  });

  it('killed without a word, with events after its last checkpoint, ends the same', async () => {
    const run = path.join(folder, 'killed');
    await startRun(options, run, stoppedAt(executor, atValidation(1)));
    // What a kill leaves: events that no checkpoint knows of, the last one cut short.
    fs.appendFileSync(path.join(run, 'events.jsonl'), `${JSON.stringify(steps()[0])}\n{"type":"st`);
    expect(await resumeRun(run, undisturbed(executor))).toBe('done');
    await expectSameEnd(run);
  });

  it('tells where it went on from', async () => {
    const run = path.join(folder, 'told');
    await startRun(options, run, stoppedAt(executor, atValidation(1)));
    await resumeRun(run, undisturbed(executor));
    const first = eventsOf(whole).find((event) => event.type === 'checkpoint');
    const starts = eventsOf(run).filter((event) => event.type === 'start');
    expect(starts.map(({ resumedFrom }) => resumedFrom)).toEqual([null, first!.step]);
  });

  it('tells of every step what it came to', () => {
    for (const { loss, parts = {}, gradientNorm, memoryMB, progress = 0 } of steps()) {
      expect(Object.keys(parts)).toEqual(['dice', 'bce', 'iou']);
      expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).toBeCloseTo(loss, 5);
      expect(gradientNorm).toBeGreaterThan(0);
      expect(memoryMB).toBeGreaterThan(30);
      expect(progress).toBeGreaterThan(0);
    }
    const progress = steps().map((step) => step.progress ?? 0);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(progress.at(-1)).toBe(1);
    expect(new Set(progress).size).toBe(6); // batches
  });

  it('shows TensorBoard what its log holds', async () => {
    const run = path.join(folder, 'shown');
    await startRun(options, run, stoppedAt(executor, atStep(2)));
    await resumeRun(run, undisturbed(executor));
    const [file, ...more] = eventFilesOf(run);
    expect(more).toEqual([]);
    const losses = decodedEvents(file).flatMap(({ step, scalars }) =>
      scalars?.['train/loss'] === undefined ? [] : [[step, scalars['train/loss']]],
    );
    expect(losses).toEqual(steps().map(({ step, loss }) => [step, loss]));
  });

  it('has nothing left to do when it was done', async () => {
    const run = path.join(folder, 'done');
    fs.cpSync(whole, run, { recursive: true });
    expect(await resumeRun(run, undisturbed(executor))).toBe('done');
    await expectSameEnd(run);
  });
});

describe('a run with patience', () => {
  const impatient = (): TrainOptions => ({ ...options, patience: 2, epochs: 30, lr: 1e-9, schedule: 'constant' });
  const patient = path.join(folder, 'patient');

  it('ends when its validation Dice has not risen for so many epochs, and says so', async () => {
    expect(await startRun(impatient(), patient, undisturbed(executor))).toBe('done');
    const checkpoints = eventsOf(patient).filter((event) => event.type === 'checkpoint');
    const waited = checkpoints.map(({ sinceBest }) => sinceBest);
    expect(waited.slice(-3)).toEqual([0, 1, 2]);
    expect(checkpoints.map(({ best }) => best)).toEqual(waited.map((epochs) => epochs === 0));
    expect(eventsOf(patient).at(-1)).toMatchObject({
      type: 'end',
      status: 'done',
      early: true,
      message: expect.stringContaining(
        `after epoch ${checkpoints.length} of 30: no better validation Dice for 2 epochs`,
      ),
    });
    // Nothing is done again.
    const before = courseOf(patient);
    expect(await resumeRun(patient, undisturbed(executor))).toBe('done');
    expect(courseOf(patient)).toEqual(before);
    expect(eventsOf(patient).at(-1)).toMatchObject({ type: 'end', early: true });
  });

  it('goes on counting when it is resumed', async () => {
    const run = path.join(folder, 'counting');
    const waiting = (event: RunEvent): boolean => event.type === 'checkpoint' && event.sinceBest === 1;
    expect(await startRun(impatient(), run, stoppedAt(executor, waiting))).toBe('stopped');
    expect(await resumeRun(run, undisturbed(executor))).toBe('done');
    expect(courseOf(run)).toEqual(courseOf(patient));
  });
});

describe('a run that validates seldom', () => {
  it('validates after every so many epochs and after the last, and its patience ends on a validation', async () => {
    const run = path.join(folder, 'seldom');
    const seldom = { ...options, epochs: 7, validateEvery: 3, lr: 1e-9, schedule: 'constant' as const };
    expect(await startRun(seldom, run, undisturbed(executor))).toBe('done');
    const epochsOf = (type: RunEvent['type']) =>
      eventsOf(run).flatMap((event) => (event.type === type && 'epoch' in event ? [event.epoch] : []));
    expect(epochsOf('validation')).toEqual([0, 3, 6, 7]);
    expect(epochsOf('checkpoint')).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(fs.existsSync(path.join(run, 'checkpoints', 'best.safetensors'))).toBe(true);

    const never = path.join(folder, 'never');
    expect(await startRun({ ...seldom, epochs: 2, validateEvery: 0 }, never, undisturbed(executor))).toBe('done');
    expect(eventsOf(never).filter(({ type }) => type === 'validation')).toEqual([]);
    expect(await bitsOf(never, 'best')).toEqual(await bitsOf(never, 'last'));

    const impatient = path.join(folder, 'seldom-impatient');
    expect(await startRun({ ...seldom, epochs: 30, patience: 4 }, impatient, undisturbed(executor))).toBe('done');
    expect(eventsOf(impatient).findLast((event) => event.type === 'checkpoint')).toMatchObject({ sinceBest: 6 });
    expect(eventsOf(impatient).at(-1)).toMatchObject({ early: true });
  });
});

describe('a run that cannot be resumed says why', () => {
  const copyOfWhole = (name: string): string => {
    const run = path.join(folder, name);
    fs.cpSync(whole, run, { recursive: true });
    return run;
  };
  const change = (file: string, edit: (config: Record<string, unknown>) => void): void => {
    const config = JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, unknown>;
    edit(config);
    fs.writeFileSync(file, JSON.stringify(config));
  };
  const resuming = (run: string) => resumeRun(run, undisturbed(executor));

  it('no run there', async () => {
    await expect(resuming(path.join(folder, 'nowhere'))).rejects.toThrow(/nowhere holds no run/);
  });

  it('made by a newer version', async () => {
    const run = copyOfWhole('newer');
    change(path.join(run, 'config.json'), (config) => (config.version = 2));
    await expect(resuming(run)).rejects.toThrow(/newer version of Med-SA Notebook/);
  });

  it('a state of a newer version', async () => {
    const run = copyOfWhole('newer-state');
    const file = path.join(run, 'checkpoints', 'state.safetensors');
    const { tensors, metadata } = await readSafetensors(file);
    await writeSafetensors(file, tensors, { ...metadata, version: '2' });
    await expect(resuming(run)).rejects.toThrow(/newer version of Med-SA Notebook/);
  });

  it('a config that is no JSON, or none of a run', async () => {
    const run = copyOfWhole('damaged');
    const file = path.join(run, 'config.json');
    for (const [content, said] of [
      ['{', /is not JSON/],
      ['null', /states no version/],
      ['{"version":1}', /config\.json: data/],
    ] as const) {
      fs.writeFileSync(file, content);
      await expect(resuming(run)).rejects.toThrow(said);
    }
  });

  it('another model in the place of the one it began with', async () => {
    const run = copyOfWhole('other-model');
    const model = path.join(folder, 'other.safetensors');
    await writeTinyModel(model, 2);
    change(path.join(run, 'config.json'), (config) => (config.model = model));
    await expect(resuming(run)).rejects.toThrow(/another file of the model/);
  });

  it('data of other subjects, which would mix training and validation', async () => {
    const run = copyOfWhole('other-data');
    const data = path.join(folder, 'more');
    await drawTinyPairs(data, 12);
    change(path.join(run, 'config.json'), (config) => (config.data = data));
    await expect(resuming(run)).rejects.toThrow(/other groups than when/);
  });

  it('stopped while its data are read, it stays as it was', async () => {
    const run = copyOfWhole('reading');
    const before = fs.readFileSync(path.join(run, 'events.jsonl'), 'utf8');
    await expect(resumeRun(run, { executor, signal: AbortSignal.abort() })).rejects.toThrow(CancelledError);
    expect(fs.readFileSync(path.join(run, 'events.jsonl'), 'utf8')).toBe(before);
  });
});
