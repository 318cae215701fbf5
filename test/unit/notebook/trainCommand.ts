import fs from 'node:fs';
import type os from 'node:os';
import path from 'node:path';

/**
 * Writes a script that keeps the contract of `med-sa train`, in milliseconds instead of minutes. The name of the data
 * folder says what happens: "broken" is refused, "endless" trains until it is stopped, "deaf" does not stop on SIGINT,
 * "crash" dies in the middle.
 */
export function writeTrainCommand(folder: string): string {
  const file = path.join(folder, 'cli.js');
  fs.writeFileSync(file, `(${train.toString()})(require('node:fs'), require('node:path'), require('node:os'));`);
  return file;
}

function train(nodeFs: typeof fs, nodePath: typeof path, nodeOs: typeof os): void {
  const [, , command, ...rest] = process.argv;
  const options: Record<string, string> = {};
  for (let at = 0; at < rest.length; at += 2) options[rest[at].slice(2)] = rest[at + 1];
  if (command === 'evaluate') {
    console.error('evaluating');
    console.log(JSON.stringify({ asked: rest.join(' ') }));
    return;
  }
  const kind = nodePath.basename(options.data);
  if (kind === 'broken') {
    console.error(`${options.data}: pairs.csv is missing: add it`);
    process.exit(1);
  }
  const run = options.out;
  process.on('SIGINT', () => {
    if (kind === 'deaf') return;
    log({ type: 'end', status: 'stopped', message: 'resume it' });
    process.exit(0);
  });
  nodeFs.mkdirSync(nodePath.join(run, 'checkpoints'), { recursive: true });
  nodeFs.writeFileSync(nodePath.join(run, 'config.json'), JSON.stringify(options));
  nodeFs.writeFileSync(nodePath.join(run, 'run.lock'), `${process.pid}\n${nodeOs.hostname()}\nsomebody\n\n`);
  const log = (event: object) =>
    nodeFs.appendFileSync(nodePath.join(run, 'events.jsonl'), `${JSON.stringify({ ...event, time: Date.now() })}\n`);
  const epochs = Number(options.epochs ?? 3);
  log({
    type: 'start',
    epochs,
    stepsPerEpoch: 2,
    samples: { train: 4, validation: 2 },
    device: 'cpu',
    resumedFrom: null,
  });
  log({ type: 'validation', step: 0, epoch: 0, metrics: { '1-point': { dice: 0.4, iou: 0.3 } } });
  let epoch = 0;
  setInterval(() => {
    epoch++;
    for (const step of [2 * epoch - 1, 2 * epoch]) {
      log({ type: 'step', step, epoch, loss: 1 / step, learningRate: 1e-4, imagesPerSecond: 8 });
    }
    log({ type: 'validation', step: 2 * epoch, epoch, metrics: { '1-point': { dice: 0.5 + epoch / 10, iou: 0.3 } } });
    log({ type: 'checkpoint', step: 2 * epoch, epoch, file: 'checkpoints/best.safetensors', best: true });
    nodeFs.writeFileSync(nodePath.join(run, 'checkpoints', 'best.safetensors'), 'adapters');
    if (kind === 'crash') {
      console.error('out of memory');
      process.exit(9);
    }
    if (epoch < epochs || kind === 'endless' || kind === 'deaf') return;
    log({ type: 'end', status: 'done', message: null });
    process.exit(0);
  }, 120);
}
