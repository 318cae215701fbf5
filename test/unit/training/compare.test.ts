// The parts of a comparison that need no training: its rows, its time, its folder and its tables.
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Score } from '../../../src/kernel/evaluation';
import { durationOf } from '../../../src/kernel/training/compare';
import {
  CompareFolder,
  differencesOf,
  type CompareConfig,
  type RowResult,
} from '../../../src/kernel/training/compareFolder';
import { tableMarkdown } from '../../../src/kernel/training/compareMarkdown';
import { rowNames, rowOptions, rowsFor, type SharedOptions } from '../../../src/kernel/training/compareRows';
import { compareTable, tableCsv } from '../../../src/kernel/training/compareTable';
import { paceOf } from '../../../src/kernel/training/compareTrial';
import { trainDefaults } from '../../../src/kernel/training/options';
import type { RunEvent } from '../../../src/protocol';
import { temporaryFolder } from '../../support/temporaryFolder';

const shared: SharedOptions = { ...trainDefaults, data: '/data', lr: null, baseRate: 1e-3, slices: 8, splitSeed: 5 };

describe('the rows', () => {
  it('differ in what they are named after, and in nothing else', () => {
    const { variant: _, ...adapted } = rowOptions('med-sa', shared, 7, 2);
    expect(adapted).toMatchObject({ tune: 'adapters', depth: 'sd-trans', slices: 8, prompt: null, lr: 1e-3 });
    expect(adapted).toMatchObject({ epochs: 7, seed: 2, splitSeed: 5 });
    // Four images a step are one chunk of eight slices, as nearly as it goes.
    expect(adapted.batch).toBe(1);
    for (const prompt of ['none', 'add', 'concat'] as const) {
      expect(rowOptions(`prompt-${prompt}`, shared, 7, 2)).toMatchObject({ ...adapted, prompt });
    }
    const flat = { ...adapted, depth: 'none', slices: null, batch: 4 };
    expect(rowOptions('depth-none', shared, 7, 2)).toMatchObject(flat);
    expect(rowOptions('decoder', shared, 7, 2)).toMatchObject({ ...flat, tune: 'decoder' });
    expect(rowOptions('lora', shared, 7, 2)).toMatchObject({ ...flat, tune: 'lora' });
    expect(rowOptions('medsam', shared, 7, 2)).toMatchObject({ ...flat, tune: 'full', lr: 1e-4 });
    expect(rowOptions('medsam', { ...shared, lr: 0.02 }, 7, 2).lr).toBe(0.02);
  });

  it('on pictures have no depth', () => {
    const pictures = { ...shared, slices: null };
    expect(rowOptions('med-sa', pictures, 1, 0)).toMatchObject({ depth: 'none', slices: null, batch: 4 });
    const { kept, notes } = rowsFor(rowNames, pictures);
    expect(kept).toEqual(rowNames.filter((name) => name !== 'depth-none'));
    expect(notes).toEqual([expect.stringContaining('depth-none is left out')]);
    expect(rowsFor(rowNames, shared)).toEqual({ kept: rowNames, notes: [] });
    expect(() => rowsFor(['depth-none'], pictures)).toThrow(/nothing is left to compare/);
  });
});

const start = (time: number): RunEvent => ({
  type: 'start',
  time,
  epochs: 10,
  stepsPerEpoch: 4,
  samples: { train: 4, validation: 1 },
  device: 'cpu',
  resumedFrom: null,
});
const step = (time: number, epoch: number, progress: number): RunEvent => ({
  ...{ type: 'step', time, step: 1, epoch, loss: 1, learningRate: 1, imagesPerSecond: 1, progress },
});
const validation = (time: number, epoch: number): RunEvent => ({
  type: 'validation',
  time,
  step: 1,
  epoch,
  metrics: {},
});
const checkpoint = (time: number, epoch: number): RunEvent => ({
  ...{ type: 'checkpoint', time, step: 1, epoch, file: 'last', best: false },
});

describe('the pace of a trial', () => {
  it('is that of its steps, and of the first validation, where no epoch has ended', () => {
    // Half an epoch, 0.05 of ten, takes 2 s after the first step: 4 s an epoch, and a validation of 1 s.
    const events = [
      start(3000),
      validation(4000, 0),
      step(9000, 1, 0.02),
      step(10_000, 1, 0.045),
      step(11_000, 1, 0.07),
    ];
    expect(paceOf(events, 1000)).toEqual({ preparation: 8, epoch: 5 });
  });

  it('is the mean of whole epochs after the first, where there are some', () => {
    const events = [start(0), validation(50, 0), step(9000, 1, 0.1), validation(9500, 1), checkpoint(9600, 1)];
    events.push(step(10_000, 2, 0.2), checkpoint(11_000, 2), step(12_000, 3, 0.3), checkpoint(12_600, 3));
    expect(paceOf(events, 0)).toEqual({ preparation: 9, epoch: 1.5 });
  });

  it('counts what ends an epoch where one has ended', () => {
    const events = [start(0), validation(50, 0), step(1000, 1, 0.05), step(2000, 1, 0.1), checkpoint(2500, 1)];
    events.push(step(3500, 2, 0.15), step(4500, 2, 0.175));
    // A quarter of an epoch in a second.
    expect(paceOf(events, 0).epoch).toBeCloseTo(4 + 0.5, 9);
  });

  it('counts a validation once in so many epochs', () => {
    const events = [start(0), validation(2000, 0), step(3000, 1, 0.05), step(4000, 1, 0.1)];
    expect(paceOf(events, 0).epoch).toBeCloseTo(2 + 2, 9);
    expect(paceOf(events, 0, 20).epoch).toBeCloseTo(2 + 0.1, 9);
    expect(paceOf(events, 0, 0).epoch).toBeCloseTo(2, 9);
    events.push(checkpoint(4500, 1), step(5500, 2, 0.15), step(6500, 2, 0.175));
    expect(paceOf(events, 0, 20).epoch).toBeCloseTo(4 + 0.5 + 0.1, 9);
  });
});

it('the time of a run leaves out how long it lay', () => {
  const events = [start(0), step(4000, 1, 0.1), checkpoint(5000, 1), start(60_000), step(61_000, 2, 0.2)];
  expect(durationOf(events)).toEqual({ epochs: 1, seconds: 6 });
});

const scores = (dice: readonly number[], className = 'disc'): Score[] =>
  dice.map((value, index) => ({
    ...{ case: `case-${index}`, group: `g${index}`, className, setting: '1-point' },
    ...{ dice: value, iou: value / (2 - value), hd95: value === 0 ? null : 10 * (1 - value), unit: 'mm' },
  }));
const result = (row: RowResult['row'], seed: number | null, rowScores: readonly Score[]): RowResult => ({
  ...{ row, seed, device: 'cpu', parameters: { trained: seed === null ? 0 : 500_000, all: 16_000_000 } },
  ...{ training: seed === null ? null : { epochs: 12, seconds: 90 }, scores: [...rowScores] },
});
const config: CompareConfig = {
  training: { batch: 4, lr: null },
  modelHash: 'abc',
  budget: { epochs: 3 },
  evaluation: { settings: ['1-point'], seed: 0, checkpoint: 'last' },
  split: { train: ['a'], validation: ['b'] },
};

describe('a folder of a comparison', () => {
  it('of a newer version says so, whatever else differs', async () => {
    const folder = path.join(temporaryFolder('comparison'), 'out');
    await CompareFolder.open(folder, config);
    const file = path.join(folder, 'compare.json');
    const written = JSON.parse(fs.readFileSync(file, 'utf8')) as object;
    fs.writeFileSync(file, JSON.stringify({ ...written, version: 2, budget: 'unlimited' }));
    await expect(CompareFolder.open(folder, config)).rejects.toThrow(
      `${folder} was made by a newer version of Med-SA Notebook (format 2; this one knows 1): update to go on with it`,
    );
  });

  it('gives results back as they were, and goes on with the same question only', async () => {
    const folder = path.join(temporaryFolder('comparison'), 'out');
    const written = await CompareFolder.open(folder, config);
    expect(await written.result('lora', 1)).toBeNull();
    const lora = result('lora', 1, scores([0.5, 0]));
    await written.writeResult(lora);
    await written.planEpochs('lora', 9);
    const again = await CompareFolder.open(folder, structuredClone(config));
    expect(await again.result('lora', 1)).toEqual(lora);
    expect([await again.plannedEpochs('lora'), await again.plannedEpochs('med-sa')]).toEqual([9, null]);
    await expect(CompareFolder.open(folder, { ...config, budget: { minutes: 2 } })).rejects.toThrow(
      /differs: budget\.epochs is 3 there and not given here; budget\.minutes is not given there and 2 here/,
    );
    fs.writeFileSync(path.join(folder, 'lora', 'seed-1', 'evaluation.json'), '{"version":1}');
    await expect(again.result('lora', 1)).rejects.toThrow(/damaged.*delete it/);
  });

  it('names what differs, however deep', () => {
    expect(differencesOf({ a: { b: 1, c: ['x'] } }, { a: { b: 1, c: ['x'] } })).toEqual([]);
    expect(differencesOf({ a: { b: 1, c: ['x'] } }, { a: { b: 2, c: ['y'] } })).toEqual([
      'a.b is 1 there and 2 here',
      'a.c is ["x"] there and ["y"] here',
    ]);
  });
});

describe('the table', () => {
  const table = compareTable(
    new Map([
      ['sam', [result('sam', null, [...scores([0.4, 0]), ...scores([0.6, 0.6], 'cup')])]],
      ['med-sa', [0, 1].map((seed) => result('med-sa', seed, [...scores([0.8, 0.6]), ...scores([0.9, 0.7], 'cup')]))],
      ['lora', []],
    ]),
    ['1-point'],
    0,
  );

  it('holds finished rows, classes and their mean, against the first row', () => {
    expect(table.rows.map(({ row }) => row)).toEqual(['sam', 'med-sa']);
    expect(table).toMatchObject({ classes: ['cup', 'disc'], cases: 2, groups: 2, distanceUnit: 'mm' });
    const { cup, disc, '(mean)': mean } = table.rows[1].figures['1-point'];
    expect([cup.dice!.mean, disc.dice!.mean, mean.dice!.mean]).toEqual(
      [0.8, 0.7, 0.75].map((x) => expect.closeTo(x, 12)),
    );
    expect(mean.dice!.difference!.mean).toBeCloseTo(0.75 - 0.4, 12);
    expect(mean.dice!.seedStd).toBe(0);
    expect(table.rows[1].training).toEqual({ epochs: 12, minutes: 1.5 });
  });

  it('is a Markdown table of one width, with a table of classes and its notes', () => {
    const lines = tableMarkdown(table, ['lora, seed 0, failed: no memory']).split('\n');
    const methods = lines.filter((line) => line.startsWith('| ')).slice(0, 4);
    expect(new Set(methods.map((line) => line.length)).size).toBe(1);
    expect(methods[2]).toMatch(/^\| SAM +\| +0 \| +\| +\| +0\.400 \[0\.300, 0\.500\] \| +\|/);
    expect(methods[3]).toMatch(
      /0\.500 M \(3\.1 %\) \| +12 \| 1\.5 \| 0\.750 ± 0\.000 \[0\.650, 0\.850\] \| \+0\.350 \[/,
    );
    expect(lines).toContain('Dice per class:');
    expect(lines.at(-1)).toBe('- lora, seed 0, failed: no memory');
  });

  it('is a line per row, setting, class and metric as CSV', () => {
    const [heading, ...lines] = tableCsv(table).trimEnd().split('\n');
    expect(heading.split(',')).toHaveLength(14);
    expect(lines).toHaveLength(2 * 3 * 3);
    for (const line of lines) expect(line.split(',')).toHaveLength(14);
  });
});
