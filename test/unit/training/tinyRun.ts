// A run of a few seconds: the tiny model on eight drawn pictures of four subjects.
import fs from 'node:fs';
import path from 'node:path';
import { readSafetensors } from '../../../src/kernel/checkpoints';
import { trainOptions, type TrainOptions } from '../../../src/kernel/training/options';
import type { RunContext } from '../../../src/kernel/training/run';
import type { Executor } from '../../../src/kernel/runtime/types';
import type { RunEvent } from '../../../src/protocol';
import { drawTinyPairs, writeTinyModel } from '../../support/tinyModel';

/** Writes model and data into a folder. @returns the options of a run on them. */
export async function tinyMaterial(folder: string): Promise<TrainOptions> {
  const [model, data] = [path.join(folder, 'tiny.safetensors'), path.join(folder, 'data')];
  await writeTinyModel(model);
  await drawTinyPairs(data, 8);
  return trainOptions({ data, model, epochs: 2, batch: 2, lr: 3e-3, valFraction: 0.25, device: 'cpu' });
}

/** A context that is never stopped. */
export const undisturbed = (executor: Executor): RunContext => ({
  executor,
  signal: new AbortController().signal,
});

/** A context that is stopped as soon as an event is the one waited for. */
export function stoppedAt(executor: Executor, isTheMoment: (event: RunEvent) => boolean): RunContext {
  const stop = new AbortController();
  return { executor, signal: stop.signal, onEvent: (event) => isTheMoment(event) && stop.abort() };
}

export const eventsOf = (run: string): RunEvent[] =>
  fs
    .readFileSync(path.join(run, 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent);

/** What happened in training, without the times: equal for two runs that computed the same. */
export const courseOf = (run: string): object[] =>
  eventsOf(run)
    .filter(({ type }) => type !== 'start' && type !== 'end')
    .map((event) => ({ ...event, time: 0, ...(event.type === 'step' ? { imagesPerSecond: 0, memoryMB: 0 } : {}) }));

/** Every tensor of a checkpoint, bit for bit. */
export async function bitsOf(run: string, checkpoint: 'state' | 'best' | 'last'): Promise<Record<string, string>> {
  const { tensors } = await readSafetensors(path.join(run, 'checkpoints', `${checkpoint}.safetensors`));
  const hex = (data: Float32Array): string =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
  return Object.fromEntries([...tensors].map(([name, { data }]) => [name, hex(data)]));
}
