import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../../src/protocol';
import { RunDirectory, type NewRunEvent } from '../../../../src/kernel/training/runDirectory';
import { temporaryFolder } from '../../../support/temporaryFolder';
import { decodedEvents, eventFilesOf, type DecodedEvent } from './eventFile';

const folder = temporaryFolder('tensorboard');

const start: NewRunEvent = {
  type: 'start',
  epochs: 2,
  stepsPerEpoch: 3,
  samples: { train: 6, validation: 2 },
  device: 'cpu',
  resumedFrom: null,
};
const step = (number: number): NewRunEvent => ({
  type: 'step',
  step: number,
  epoch: 1,
  loss: 1 / number,
  parts: { dice: 0.3, bce: 0.7 },
  gradientNorm: 2 * number,
  learningRate: 1e-3,
  imagesPerSecond: 8,
  memoryMB: 300,
  progress: 0.5,
});
const validation: NewRunEvent = {
  type: 'validation',
  step: 3,
  epoch: 1,
  metrics: {
    '1-point': { dice: 0.5, iou: 0.25, classes: { tumour: { dice: 0.75, iou: 0.5, n: 4 } } },
    'bbox-0.75': { dice: 0.125, iou: 0.0625 },
  },
};

const onlyFile = (run: string): DecodedEvent[] => {
  const files = eventFilesOf(run);
  expect(files).toHaveLength(1);
  return decodedEvents(files[0]);
};
const stepsOf = (events: readonly DecodedEvent[]): number[] =>
  events.flatMap(({ step: at, scalars }) => (scalars?.['train/loss'] === undefined ? [] : [at]));

describe('TensorBoard’s file of a run', () => {
  it('begins with its version and a new session, then holds every value at its step and time', async () => {
    const run = await RunDirectory.create(path.join(folder, 'new'), {});
    const written: RunEvent[] = [start, step(1), step(3), validation].map((event) => run.append(event));
    run.append({ type: 'checkpoint', step: 3, epoch: 1, file: 'checkpoints/best.safetensors', best: true });
    const [version, session, first, second, scores, ...more] = onlyFile(run.folder);
    expect(version).toEqual({ wallTime: written[0].time / 1000, step: 0, fileVersion: 'brain.Event:2' });
    expect(session).toMatchObject({ step: 0, session: 1 });
    expect(first).toEqual({
      wallTime: written[1].time / 1000,
      step: 1,
      scalars: {
        'train/loss': 1,
        'train/loss_dice': Math.fround(0.3),
        'train/loss_bce': Math.fround(0.7),
        'train/gradient_norm': 2,
        'train/learning_rate': Math.fround(1e-3),
        'train/epoch': 1,
        'train/images_per_second': 8,
        'train/memory_mb': 300,
      },
    });
    expect(second).toMatchObject({ step: 3, scalars: { 'train/loss': Math.fround(1 / 3), 'train/gradient_norm': 6 } });
    expect(scores).toMatchObject({
      step: 3,
      scalars: {
        'validation/1-point/dice': 0.5,
        'validation/1-point/iou': 0.25,
        'validation/1-point/tumour/dice': 0.75,
        'validation/1-point/tumour/iou': 0.5,
        'validation/bbox-0.75/dice': 0.125,
        'validation/bbox-0.75/iou': 0.0625,
      },
    });
    expect(more).toEqual([]);
    run.close();
  });

  it('is written anew from the log by whoever goes on with the run: nothing twice, nothing of what was cut', async () => {
    const run = await RunDirectory.create(path.join(folder, 'resumed'), {});
    [start, step(1), step(2)].forEach((event) => run.append(event));
    const known = await run.flush();
    [step(3), validation].forEach((event) => run.append(event));
    const [before] = eventFilesOf(run.folder);
    // Killed in the middle of a record.
    fs.truncateSync(before, fs.statSync(before).size - 5);
    expect(() => decodedEvents(before)).toThrow();
    run.close();

    const { run: resumed } = RunDirectory.open(run.folder);
    resumed.rewind(known);
    resumed.append({ ...start, resumedFrom: 2 } as NewRunEvent);
    expect(stepsOf(onlyFile(run.folder))).toEqual([1, 2]);
    resumed.append(step(3));
    expect(stepsOf(onlyFile(run.folder))).toEqual([1, 2, 3]);
    // TensorBoard reads files in the order of their names, and forgets at the newer one's start what the older one said.
    expect(path.basename(eventFilesOf(run.folder)[0]) > path.basename(before)).toBe(true);
    resumed.close();
  });

  it('is made for a run of a version that wrote none', async () => {
    const run = await RunDirectory.create(path.join(folder, 'old'), {});
    run.close();
    const old = { type: 'step', time: 1000, step: 1, epoch: 1, loss: 0.5, learningRate: 1, imagesPerSecond: 2 };
    fs.writeFileSync(run.file('events.jsonl'), `${JSON.stringify(old)}\n`);
    const { run: resumed } = RunDirectory.open(run.folder);
    resumed.rewind(fs.statSync(run.file('events.jsonl')).size);
    resumed.append({ ...start, resumedFrom: 1 } as NewRunEvent);
    expect(onlyFile(run.folder).at(-1)).toEqual({
      wallTime: 1,
      step: 1,
      scalars: { 'train/loss': 0.5, 'train/epoch': 1, 'train/learning_rate': 1, 'train/images_per_second': 2 },
    });
    resumed.close();
  });
});
