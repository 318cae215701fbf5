import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Runs } from '../../../src/kernel/notebook/runs';
import { RunProgress } from '../../../src/kernel/notebook/runSummary';
import type { RunReport } from '../../../src/kernel/notebook/calls';
import { temporaryFolder } from '../../support/temporaryFolder';
import { writeTrainCommand } from './trainCommand';

const folder = temporaryFolder('runs');
const cli = writeTrainCommand(folder);
const never = new AbortController().signal;
const runsOf = (graceMs?: number) =>
  new Runs({ cli: () => cli, runsFolder: null, defaults: { model: 'tiny', device: 'cpu', engine: 'tfjs' }, graceMs });
const asked = (data: string) => ({ notebook: 'n', folder, data });

describe('runs', () => {
  it('start with what was asked for, report while they train, and end with their best adapters', async () => {
    const runs = runsOf();
    const run = await runs.start({ ...asked('hearts'), epochs: 4, learningRate: 0.001, tune: 'adapters', seed: 3 });
    expect(path.dirname(run)).toBe(path.join(folder, 'runs'));
    expect(path.basename(run)).toMatch(/^hearts-\d{8}-\d{6}/);
    const reports: RunReport[] = [];
    const last = await runs.follow(run, (report) => reports.push(report), never);
    expect(JSON.parse(fs.readFileSync(path.join(run, 'config.json'), 'utf8'))).toMatchObject({
      data: path.join(folder, 'hearts'),
      model: 'tiny',
      epochs: '4',
      lr: '0.001',
      seed: '3',
    });
    expect(last).toMatchObject({ before: 0.4, best: path.join(run, 'checkpoints', 'best.safetensors') });
    expect(last.summary).toMatchObject({ run, status: 'done', epochs: 4, epoch: 4, bestDice: 0.9 });
    expect(last.summary.loss).toHaveLength(8);
    expect(last.summary.dice['1-point'][0]).toEqual([0, 0.4]);
    expect(reports.some(({ summary }) => summary.status === 'running' && summary.loss.length < 8)).toBe(true);

    // Another kernel, later, reads the same from the folder.
    const again = await runsOf().follow(run, () => undefined, never);
    expect(again).toEqual(last);
  });

  it('that are refused say why, in the words of the command', async () => {
    await expect(runsOf().start(asked('broken'))).rejects.toThrow(/did not start: .*pairs\.csv is missing: add it/);
  });

  it('stop on request, also by another kernel than the one that started them', async () => {
    const run = await runsOf().start(asked('endless'));
    const other = runsOf();
    // The run has to say which process it is first.
    await expect.poll(() => other.stop(run)).toBe(true);
    expect((await other.follow(run, () => undefined, never)).summary).toMatchObject({ status: 'stopped' });
    await expect.poll(() => other.stop(run)).toBe(false);
  });

  it('that do not stop are ended after the grace, and say how to go on', async () => {
    const runs = runsOf(150);
    const run = await runs.start(asked('deaf'));
    const reports: RunReport[] = [];
    const following = runs.follow(run, (report) => reports.push(report), never);
    await expect.poll(() => reports.length).toBeGreaterThan(1);
    expect(runs.stop(run)).toBe(true);
    expect((await following).summary).toMatchObject({
      status: 'stale',
      message: expect.stringMatching(/SIGKILL.*med-sa resume/),
    });
  });

  it('that crash are shown as failed, with their last words', async () => {
    const runs = runsOf();
    const run = await runs.start(asked('crash'));
    const { summary } = await runs.follow(run, () => undefined, never);
    expect(summary).toMatchObject({
      status: 'failed',
      message: expect.stringMatching(/out of memory; continue it with: med-sa resume/),
    });
    expect(summary.loss).toHaveLength(2);
  });

  it('may be left alone: the run goes on when nobody follows it any more', async () => {
    const runs = runsOf();
    const run = await runs.start(asked('endless'));
    const controller = new AbortController();
    const following = runs.follow(run, () => undefined, controller.signal);
    controller.abort();
    await expect(following).rejects.toThrow('cancelled');
    const size = () => fs.statSync(path.join(run, 'events.jsonl'), { throwIfNoEntry: false })?.size ?? 0;
    // A run's folder is there before its first event.
    await expect.poll(size).toBeGreaterThan(0);
    const before = size();
    await expect.poll(size).toBeGreaterThan(before);
    runs.stop(run);
  });

  it('are looked for where they are said to be', async () => {
    await expect(runsOf().watch(folder, () => undefined)).rejects.toThrow(/is no run/);
  });

  it('whose process is gone without a word are shown as stale, with what to do', async () => {
    const run = path.join(folder, 'abandoned');
    fs.mkdirSync(run);
    fs.writeFileSync(path.join(run, 'config.json'), '{}');
    fs.writeFileSync(path.join(run, 'run.lock'), `999999999\n${os.hostname()}\nsomebody\n\n`);
    const start = {
      type: 'start',
      time: 1,
      epochs: 5,
      stepsPerEpoch: 1,
      samples: { train: 1, validation: 1 },
      device: 'cpu',
      resumedFrom: null,
    };
    fs.writeFileSync(
      path.join(run, 'events.jsonl'),
      `${JSON.stringify(start)}\nno JSON\n{"type":"new kind"}\n{"type":"ste`,
    );
    const { summary } = await runsOf().follow(run, () => undefined, never);
    expect(summary).toMatchObject({ status: 'stale', epochs: 5, message: expect.stringContaining('med-sa resume') });
  });
});

describe('the progress of a run', () => {
  it('keeps a long curve short, with its beginning and its end', () => {
    const progress = new RunProgress('/runs/long');
    for (let step = 1; step <= 50_000; step++) {
      progress.apply({ type: 'step', time: 0, step, epoch: 1, loss: 1 / step, learningRate: 1, imagesPerSecond: 1 });
    }
    const { loss } = progress.report().summary;
    expect(loss.length).toBeLessThanOrEqual(600);
    expect(loss.length).toBeGreaterThan(250);
    expect(loss[0][0]).toBeLessThan(300);
    expect(loss[loss.length - 1][0]).toBeGreaterThan(49_000);
  });

  it('forgets what a resumed run repeats', () => {
    const progress = new RunProgress('/runs/again');
    const step = (at: number) =>
      progress.apply({ type: 'step', time: 0, step: at, epoch: 1, loss: at, learningRate: 1, imagesPerSecond: 1 });
    [1, 2, 3].forEach(step);
    progress.apply({ type: 'end', time: 0, status: 'stopped', message: 'resume it' });
    progress.apply({
      type: 'start',
      time: 0,
      epochs: 3,
      stepsPerEpoch: 2,
      samples: { train: 1, validation: 1 },
      device: 'cpu',
      resumedFrom: 2,
    });
    step(3);
    expect(progress.report().summary).toMatchObject({
      status: 'running',
      message: null,
      loss: [
        [1, 1],
        [2, 2],
        [3, 3],
      ],
    });
  });
});
