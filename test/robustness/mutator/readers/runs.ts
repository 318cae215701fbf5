// Run directories and their logs.
import fs from 'node:fs';
import path from 'node:path';
import type { RunEvent } from '../../../../src/protocol';
import { listRuns, runsBeside } from '../../../../src/kernel/notebook/runList';
import { RunLog } from '../../../../src/kernel/notebook/runLog';
import { curveTables } from '../../../../src/kernel/notebook/runCurves';
import { RunProgress } from '../../../../src/kernel/notebook/runSummary';
import { trainOptions } from '../../../../src/kernel/training/options';
import { parseRunConfig } from '../../../../src/kernel/training/runConfig';
import { RunDirectory, runFormat } from '../../../../src/kernel/training/runDirectory';
import { readEvents } from '../../../../src/kernel/training/runEvents';
import { readSummary } from '../../../../webview/training/messages';
import { expectThat, fileReader, type Reader, type Seed } from '../reader';

const scores = { dice: 0.7, iou: 0.6, classes: { heart: { dice: 0.7, iou: 0.6, n: 3 } } };
const step = (at: number): RunEvent => ({
  type: 'step',
  time: 1000 * at,
  step: at,
  epoch: 1,
  loss: 1 / at,
  parts: { bce: 0.5 / at, dice: 0.5 / at },
  gradientNorm: 1,
  learningRate: 1e-3,
  imagesPerSecond: 10,
  memoryMB: 300,
  progress: at / 20,
});
const log: RunEvent[] = [
  {
    type: 'start',
    time: 1,
    epochs: 2,
    stepsPerEpoch: 10,
    samples: { train: 40, validation: 8 },
    device: 'cpu',
    resumedFrom: null,
  },
  { type: 'validation', time: 2, step: 0, epoch: 0, metrics: { '1-point': scores } },
  ...Array.from({ length: 12 }, (_, at) => step(at + 1)),
  { type: 'validation', time: 13_000, step: 10, epoch: 1, metrics: { '1-point': scores, 'bbox-0.5': scores } },
  {
    type: 'checkpoint',
    time: 13_001,
    step: 10,
    epoch: 1,
    file: 'checkpoints/best.safetensors',
    best: true,
    sinceBest: 0,
  },
  {
    type: 'start',
    time: 14_000,
    epochs: 2,
    stepsPerEpoch: 10,
    samples: { train: 40, validation: 8 },
    device: 'cpu',
    resumedFrom: 10,
  },
  step(11),
  { type: 'end', time: 15_000, status: 'done', message: null, early: false },
];

const config = {
  version: runFormat,
  ...trainOptions({ data: '/data' }),
  modelHash: 'ab'.repeat(32),
  split: { train: ['a', 'b'], validation: ['c'] },
};

const run = (): Seed => ({
  files: {
    'run/config.json': Buffer.from(JSON.stringify(config, null, 2)),
    'run/events.jsonl': Buffer.from(log.map((event) => `${JSON.stringify(event)}\n`).join('')),
    'run/run.lock': Buffer.from(`999999\nelsewhere\nid\n\n`),
    'run/checkpoints/keep.txt': Buffer.from('a folder that is there'),
  },
  place: 'run',
});

/** Whatever a log holds, what is shown of it is a summary that pages take, and JSON. */
function checkSummary(folder: string, events: readonly RunEvent[]): void {
  const progress = new RunProgress(folder);
  for (const event of events) progress.apply(event);
  const { summary, done, best } = progress.report();
  const sent = JSON.parse(JSON.stringify(summary)) as unknown;
  expectThat(readSummary(sent) !== null, 'a summary that no page takes');
  expectThat(Number.isFinite(done), `done ${done}`);
  expectThat(best === null || path.isAbsolute(best), 'a best checkpoint without a path');
  for (const { steps, curves } of curveTables(events)) {
    expectThat(
      curves.every(({ values }) => values.length === steps.length),
      'a curve of another length',
    );
    expectThat(
      steps.every((one, at) => at === 0 || one > steps[at - 1]),
      'steps that do not rise',
    );
  }
}

async function readLog(file: string): Promise<void> {
  const folder = path.dirname(file);
  const events = readEvents(folder);
  const tail = new RunLog(folder);
  const parts: RunEvent[] = [];
  for (let more = true; more;) {
    const next = await tail.next();
    parts.push(...next.events);
    ({ more } = next);
  }
  expectThat(JSON.stringify(parts) === JSON.stringify(events), 'two readings of one log differ');
  checkSummary(folder, events);
}

/** Lists it, follows it, and opens it to go on. */
async function readRun(folder: string): Promise<void> {
  for (const listed of listRuns(path.dirname(folder))) {
    expectThat(Number.isFinite(listed.seconds), 'no time');
    JSON.stringify(listed);
  }
  runsBeside(folder);
  await readLog(path.join(folder, 'events.jsonl'));
  const { run: opened, config: found } = RunDirectory.open(folder);
  try {
    const { epochs, batch } = parseRunConfig(folder, found);
    expectThat(Number.isSafeInteger(epochs) && Number.isSafeInteger(batch), 'options that are no counts');
    opened.rewind(200);
    opened.append({ type: 'end', status: 'stopped', message: null });
    expectThat(fs.readFileSync(opened.file('events.jsonl'), 'utf8').endsWith('}\n'), 'a log without an end');
  } finally {
    opened.close();
  }
}

export const runReaders: readonly Reader[] = [
  fileReader('events.jsonl', 6, async () => [{ files: { 'events.jsonl': run().files['run/events.jsonl'] } }], readLog),
  fileReader('run directory', 5, async () => [run()], readRun),
];
