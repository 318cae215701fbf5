import { describe, expect, it } from 'vitest';
import { Output } from '../../../src/kernel/cli/output';
import { TrainingReport } from '../../../src/kernel/cli/trainingReport';
import type { RunEvent } from '../../../src/protocol';
import { KeptStreams } from './streams';

const start: RunEvent = {
  type: 'start',
  time: 0,
  epochs: 4,
  stepsPerEpoch: 10,
  samples: { train: 40, validation: 5 },
  device: 'cpu',
  resumedFrom: 12,
};
const step = (progress: number): RunEvent => ({
  type: 'step',
  time: 0,
  step: 13,
  epoch: 2,
  loss: 0.25,
  learningRate: 1e-3,
  imagesPerSecond: 8,
  progress,
});

describe('the report of a training', () => {
  it('counts what is read, computed and trained on one line of progress', () => {
    const streams = new KeptStreams({ isTTY: true, columns: 100 });
    const report = new TrainingReport('/runs/one', new Output(streams, false));
    report.waiting('reading the model phantom-sam');
    report.waiting('reading validation images 3/5');
    report.waiting('computing embeddings 2/40');
    report.event(start);
    report.event(step(0.275));
    report.waiting('validating images 4/5');
    const drawn = streams.err.split(/\r\x1b\[K|\n/).map((text) => text.replace(/^[█░]* /, ''));
    expect(drawn.filter((text) => text !== '')).toEqual([
      'reading the model phantom-sam',
      '3/5 validation images read',
      '2/40 embeddings computed',
      '11/40 batches, epoch 2/4, loss 0.2500, 8.0 images/s',
      '4/5 images validated',
    ]);
    expect(streams.out).toBe('training on 40 images, validating on 5, 4 epochs on cpu, resumed from step 12\n');
  });

  it('says why a run ended before its last epoch', () => {
    const streams = new KeptStreams();
    const report = new TrainingReport('/runs/one', new Output(streams, false));
    report.event({ type: 'end', time: 0, status: 'done', message: 'no better Dice', early: true });
    report.event({ type: 'end', time: 0, status: 'stopped', message: 'resume it' });
    expect(streams.out).toBe('no better Dice\n');
  });
});
