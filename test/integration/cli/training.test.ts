// A run that is stopped, or killed, and resumed ends as if nothing had happened; its adapters answer prompts.
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors } from '../../../src/kernel/checkpoints';
import type { RunEvent } from '../../../src/protocol';
import { temporaryFolder } from '../../support/temporaryFolder';
import { writeTinyModel } from '../../support/tinyModel';
import { commandLine, type CommandLine, type Running } from './commandLine';

const folder = temporaryFolder('training');
const at = (...parts: string[]): string => path.join(folder, ...parts);
const epochs = 3;
const model = ['--model', 'tiny.safetensors'];
const training = ['train', '--data', 'drawn', ...model, '--epochs', `${epochs}`, '--batch', '2', '--seed', '8'];
const cpu = ['--device', 'cpu'];
let medSa: CommandLine;

beforeAll(async () => {
  medSa = await commandLine(folder);
  await writeTinyModel(at('tiny.safetensors'));
  const drawn = await medSa.json([
    'phantoms',
    '--out',
    'drawn',
    '--family',
    'vertebrae',
    '--count',
    '12',
    '--seed',
    '5',
  ]);
  expect(drawn).toMatchObject({ folder: at('drawn'), count: 12, subjects: 3, kind: '2d', family: 'vertebrae' });
});

function eventsOf(run: string): RunEvent[] {
  const file = at(run, 'events.jsonl');
  if (!fs.existsSync(file)) return [];
  const log = fs.readFileSync(file, 'utf8');
  const lines = log.slice(0, log.lastIndexOf('\n') + 1).split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as RunEvent);
}

/** Waits until the run's log fulfils something; it must not end before. */
async function until(run: string, running: Running, holds: (events: RunEvent[]) => boolean): Promise<void> {
  let over = false;
  void running.ended.then(() => (over = true));
  while (!holds(eventsOf(run))) {
    if (over) throw new Error(`the run ended too early: ${(await running.ended).stderr}`);
    await sleep(5);
  }
}

const stepsIn = (events: RunEvent[], epoch: number): number =>
  events.filter((event) => event.type === 'step' && event.epoch === epoch).length;

/** What must not depend on interruptions: parameters, moments, position, adapters, losses and scores. */
async function essence(run: string) {
  const state = await readSafetensors(at(run, 'checkpoints', 'state.safetensors'));
  const { eventBytes, ...position } = JSON.parse(state.metadata.position) as Record<string, unknown>;
  expect(eventBytes).toBeGreaterThan(0);
  const best = await readSafetensors(at(run, 'checkpoints', 'best.safetensors'));
  const last = await readSafetensors(at(run, 'checkpoints', 'last.safetensors'));
  const curve = eventsOf(run).flatMap((event) => {
    if (event.type === 'step') return [[event.step, event.epoch, event.loss, event.learningRate]];
    return event.type === 'validation' ? [[event.step, event.epoch, event.metrics]] : [];
  });
  return { state: state.tensors, position, best, last, curve };
}

describe('a run', () => {
  let uninterrupted: Awaited<ReturnType<typeof essence>>;

  beforeAll(async () => {
    const result = await medSa.json([...training, ...cpu, '--out', 'whole']);
    expect(result).toMatchObject({
      run: at('whole'),
      status: 'done',
      epochs,
      device: 'cpu',
      adapters: at('whole', 'checkpoints', 'best.safetensors'),
    });
    const { dice, bestDice } = result as { dice: { before: number; after: number }; bestDice: number };
    const scores = eventsOf('whole').flatMap((event) =>
      event.type === 'validation' ? [event.metrics['1-point'].dice] : [],
    );
    expect(scores).toHaveLength(epochs + 1);
    expect(dice).toEqual({ before: scores[0], after: scores[epochs] });
    expect(bestDice).toBe(Math.max(...scores.slice(1)));
    uninterrupted = await essence('whole');
  });

  it('stops at Ctrl-C, says how to go on, and goes on to the same end bit for bit', async () => {
    const running = medSa.start([...training, ...cpu, '--out', 'stopped']);
    await until('stopped', running, (events) => stepsIn(events, 2) > 0);
    process.kill(running.pid, 'SIGINT');
    const { code, stdout, stderr } = await running.ended;
    expect({ code, stderr }).toMatchObject({ code: 130, stderr: expect.stringContaining('stopping') });
    expect(stdout).toContain(`go on with: med-sa resume ${at('stopped')}`);
    expect(eventsOf('stopped').at(-1)).toMatchObject({ type: 'end', status: 'stopped' });
    expect(eventsOf('stopped').some((event) => event.type === 'step' && event.epoch === epochs)).toBe(false);

    fs.cpSync(at('stopped'), at('contended'), { recursive: true });
    // From another folder: a run knows where its data and its model are.
    const result = await medSa.json(['resume', at('stopped')]);
    expect(result).toMatchObject({ status: 'done', epochs, dice: { before: expect.any(Number) } });
    expect(await essence('stopped')).toEqual(uninterrupted);
  });

  it('goes on from its last checkpoint when it was killed', async () => {
    const running = medSa.start([...training, ...cpu, '--out', 'killed']);
    await until('killed', running, (events) => stepsIn(events, 2) > 1);
    process.kill(running.pid, 'SIGKILL');
    expect(await running.ended).toMatchObject({ code: null, signal: 'SIGKILL' });
    expect(await medSa.run('resume', 'killed', ...cpu)).toMatchObject({ code: 0 });
    expect(await essence('killed')).toEqual(uninterrupted);
  });

  it('goes on from its beginning when it was killed before its first step', async () => {
    const running = medSa.start([...training, ...cpu, '--out', 'unborn']);
    await until('unborn', running, (events) => events.length > 0);
    process.kill(running.pid, 'SIGKILL');
    await running.ended;
    expect(await medSa.run('resume', 'unborn', ...cpu)).toMatchObject({ code: 0 });
    expect(await essence('unborn')).toEqual(uninterrupted);
  });

  it('is not begun twice, nor resumed while it is worked on', async () => {
    const again = await medSa.run(...training, ...cpu, '--out', 'whole');
    expect(again).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/whole holds a run already.*resume that run\n$/),
    });
    const running = medSa.start([...training, ...cpu, '--out', 'busy']);
    await until('busy', running, (events) => events.length > 0);
    const resumed = await medSa.run('resume', 'busy', ...cpu);
    const { runs } = (await medSa.json(['runs', 'busy'])) as { runs: object[] };
    expect(runs).toMatchObject([{ run: at('busy'), status: 'running', device: 'cpu', process: { pid: running.pid } }]);
    process.kill(running.pid, 'SIGTERM');
    expect(resumed).toMatchObject({ code: 1, stderr: expect.stringContaining(`worked on by process ${running.pid}`) });
    expect((await running.ended).code).toBe(143);
  });

  it('of two processes that resume it at once is left to one; the other learns who that is', async () => {
    const both = [1, 2].map(() => medSa.start(['resume', 'contended', ...cpu]));
    const ended = await Promise.all(both.map((running) => running.ended));
    const winner = ended.findIndex(({ code }) => code === 0);
    expect(ended[1 - winner]).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(new RegExp(`process ${both[winner].pid}\\b`, 'i')),
    });
    expect(await essence('contended')).toEqual(uninterrupted);
  });

  it('is listed, and stopped by its name, so that it can be resumed', async () => {
    const running = medSa.start([
      ...training.map((word) => (word === `${epochs}` ? '500' : word)),
      ...cpu,
      '--out',
      'listed',
    ]);
    await until('listed', running, (events) => stepsIn(events, 1) > 0);
    expect(await medSa.json(['runs', 'stop', 'listed'])).toEqual({
      run: at('listed'),
      stopped: true,
      status: 'stopped',
    });
    expect(await running.ended).toMatchObject({
      code: 130,
      stdout: expect.stringContaining('go on with: med-sa resume'),
    });
    expect(await medSa.json(['runs', 'stop', 'listed'])).toMatchObject({ stopped: false, status: 'stopped' });
    const { code, stdout } = await medSa.run('runs');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^listed +stopped +\d+\/500 /m);
    expect(stdout).toMatch(/^whole +done +3\/3 +0\.\d{4} /m);
    expect(await medSa.run('runs', 'stop', 'drawn')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('holds no run'),
    });
  });

  it('that is done stays as it is when it is resumed', async () => {
    expect(await medSa.json(['resume', 'whole', ...cpu])).toMatchObject({ status: 'done', epochs });
    expect(await essence('whole')).toEqual(uninterrupted);
  });
});

describe('adapters of a run', () => {
  const adapters = ['--adapters', path.join('whole', 'checkpoints', 'best.safetensors')];
  const image = path.join('drawn', 'images', 'phantom-0001.png');

  it('are evaluated per prompt setting and class, the same twice', async () => {
    const asked = ['evaluate', '--data', 'drawn', ...model, ...cpu, '--prompts', '1-point,bbox-0.75'];
    const { seconds, ...frozen } = await medSa.json(asked);
    expect(seconds).toBeGreaterThan(0);
    const number = expect.any(Number);
    const figures = { mean: number, std: number, median: number, interval: [number, number], n: 12 };
    const summary = { n: 12, groups: 3, dice: figures, iou: figures, empty: number };
    const distance = expect.objectContaining({ mean: number, unit: 'px' });
    const setting = { ...summary, hd95: distance, classes: { target: { ...summary, hd95: distance } } };
    const settings = { '1-point': setting, 'bbox-0.75': setting };
    const counts = { cases: 12, samples: 12 };
    const chosen = { model: 'tiny', engine: 'onnx', device: 'cpu', seed: 0, split: null, fold: null };
    const expected = { data: at('drawn'), ...counts, settings, ...chosen };
    expect(frozen).toEqual({ ...expected, adapters: null });
    const { seconds: _, ...trained } = await medSa.json([...asked, ...adapters]);
    expect(trained).toEqual({ ...expected, adapters: 'whole' });
    expect(trained.settings).not.toEqual(frozen.settings);
    const { seconds: __, ...again } = await medSa.json([...asked, ...adapters]);
    expect(again).toEqual(trained);
  });

  it('are evaluated on what their run held out, and every answer is a line of a table', async () => {
    const asked = ['evaluate', '--split', 'whole', ...cpu, ...adapters, '--prompts', '1-point', '--csv', 'answers.csv'];
    const result = await medSa.json(asked);
    const { split } = JSON.parse(fs.readFileSync(at('whole', 'config.json'), 'utf8')) as {
      split: { validation: string[] };
    };
    const [heading, ...lines] = fs.readFileSync(at('answers.csv'), 'utf8').trimEnd().split('\n');
    expect(heading).toBe('case,group,class,setting,dice,iou,hd95,unit');
    expect(new Set(lines.map((line) => line.split(',')[1]))).toEqual(new Set(split.validation));
    expect(result).toMatchObject({ data: at('drawn'), cases: lines.length, model: 'tiny', split: at('whole') });
    const dice = lines.map((line) => Number(line.split(',')[4]));
    const mean = dice.reduce((sum, value) => sum + value, 0) / dice.length;
    const settings = result.settings as Record<string, { dice: { mean: number } }>;
    expect(settings['1-point'].dice.mean).toBeCloseTo(mean, 12);
  });

  it('are evaluated on one of several folds, which hold every group once', async () => {
    const counts: unknown[] = [];
    for (const fold of ['0/3', '1/3', '2/3']) {
      const asked = ['evaluate', '--data', 'drawn', ...model, ...cpu, '--prompts', '1-point', '--fold', fold];
      counts.push((await medSa.json(asked)).cases);
    }
    expect(counts).toEqual([4, 4, 4]);
    expect(await medSa.run('evaluate', '--data', 'drawn', '--fold', '3/3')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('K from 0 to N−1'),
    });
    expect(await medSa.run('evaluate', '--data', 'drawn', '--split', 'whole')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--split and --data exclude each other'),
    });
    expect(await medSa.run('evaluate')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--data or --split'),
    });
  });

  it('segment an image', async () => {
    const asked = ['segment', image, ...model, ...cpu, '--point', '120,130', '--out', 'mask.png'];
    const result = await medSa.json([...asked, ...adapters]);
    expect(result).toMatchObject({ mask: at('mask.png'), model: 'tiny', adapters: 'whole', device: 'cpu', slice: 0 });
    expect(fs.existsSync(at('mask.png'))).toBe(true);
  });

  it('belong to their own base model', async () => {
    await writeTinyModel(at('other.safetensors'), 2);
    const asked = ['segment', image, '--model', 'other.safetensors', ...cpu, '--point', '120,130', ...adapters];
    expect(await medSa.run(...asked)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /best\.safetensors was trained on another model file \(tiny\) than .*other\.safetensors/,
      ),
    });
  });
});
