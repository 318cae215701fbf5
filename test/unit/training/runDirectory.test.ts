import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../../src/kernel/checkpoints';
import { UserError } from '../../../src/kernel/errors';
import { RunDirectory, type NewRunEvent } from '../../../src/kernel/training/runDirectory';
import { freshState, readState, writeState } from '../../../src/kernel/training/state';
import { temporaryFolder } from '../../support/temporaryFolder';
import { eventsOf } from './tinyRun';

const folder = temporaryFolder('directory');
const step = (number: number): NewRunEvent => ({
  type: 'step',
  step: number,
  epoch: 1,
  loss: 0.5,
  learningRate: 1e-3,
  imagesPerSecond: 2,
});
const stepsOf = (run: RunDirectory): number[] =>
  eventsOf(run.folder).flatMap((event) => (event.type === 'step' ? [event.step] : []));

describe('RunDirectory', () => {
  it('states its config and version', async () => {
    const run = await RunDirectory.create(path.join(folder, 'new', 'nested'), { data: '/data' });
    expect(RunDirectory.exists(run.folder)).toBe(true);
    expect(RunDirectory.open(run.folder).config).toEqual({ version: 1, data: '/data' });
  });

  it('goes into a folder where a starter left its notes', async () => {
    const noted = path.join(folder, 'noted');
    fs.mkdirSync(noted);
    fs.writeFileSync(path.join(noted, 'process.json'), '{"pid":1}');
    await RunDirectory.create(noted, {});
    expect(RunDirectory.exists(noted)).toBe(true);
  });

  it('does not begin where a run is', async () => {
    const run = await RunDirectory.create(path.join(folder, 'taken'), { first: true });
    await expect(RunDirectory.create(run.folder, {})).rejects.toThrow(/holds a run already: name another folder/);
    expect(RunDirectory.open(run.folder).config).toEqual({ version: 1, first: true });
  });

  it('does not begin where a file is', async () => {
    const file = path.join(folder, 'file');
    fs.writeFileSync(file, '');
    await expect(RunDirectory.create(file, {})).rejects.toThrow(/cannot be made/);
  });

  it('cuts the events that a checkpoint does not know of', async () => {
    const run = await RunDirectory.create(path.join(folder, 'cut'), {});
    run.append(step(1));
    run.append(step(2));
    const known = run.eventBytes;
    run.append(step(3));
    expect(stepsOf(run)).toEqual([1, 2, 3]);

    const { run: opened } = RunDirectory.open(run.folder);
    opened.rewind(known);
    expect(stepsOf(opened)).toEqual([1, 2]);
    opened.append(step(4));
    expect(stepsOf(opened)).toEqual([1, 2, 4]);
    expect(opened.eventBytes).toBe(fs.statSync(opened.file('events.jsonl')).size);
  });

  it('never lengthens a log that lost its end', async () => {
    const run = await RunDirectory.create(path.join(folder, 'lost'), {});
    run.append(step(1));
    const { run: opened } = RunDirectory.open(run.folder);
    opened.rewind(100_000);
    opened.append(step(2));
    expect(stepsOf(opened)).toEqual([1, 2]);
    expect(opened.eventBytes).toBe(fs.statSync(opened.file('events.jsonl')).size);
  });

  it('rewinds where nothing was written yet', async () => {
    const run = await RunDirectory.create(path.join(folder, 'unwritten'), {});
    run.rewind(0);
    expect(run.eventBytes).toBe(0);
  });

  it('stamps each event with its time', async () => {
    const run = await RunDirectory.create(path.join(folder, 'stamped'), {});
    const before = Date.now();
    const event = run.append(step(1));
    expect(event.time).toBeGreaterThanOrEqual(before);
    expect(eventsOf(run.folder)).toEqual([event]);
  });
});

describe('state', () => {
  const file = path.join(folder, 'state.safetensors');
  const state = {
    parameters: Float32Array.from([1, -0.1, 3e-30]),
    firstMoment: Float32Array.from([0.3, 0, 1e-8]),
    secondMoment: Float32Array.from([1e-20, 2, 3]),
    step: 17,
    epoch: 2,
    batch: 3,
    bestDice: 0.1 + 0.2,
  };

  it('comes back bit for bit', async () => {
    await writeState(file, state, 1234);
    expect(await readState(file, 3)).toEqual({ state, eventBytes: 1234 });
  });

  it('of a run that has not begun has no moments', async () => {
    const fresh = freshState(Float32Array.from([1, 2]));
    await writeState(file, fresh, 0);
    const { state: read } = await readState(file, 2);
    expect(read).toEqual(fresh);
    expect([...read.firstMoment, ...read.secondMoment]).toEqual([0, 0, 0, 0]);
    expect(read).toMatchObject({ step: 0, epoch: 1, batch: 0, bestDice: null });
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['is of a newer version', { version: '2' }, /newer version/],
    ['is something else', { format: 'med-sa-adapters' }, /is no training state/],
    ['has a position that is no JSON', { position: '{' }, /metadata are damaged/],
    ['has a position that lacks something', { position: '{"step":1}' }, /metadata are damaged/],
  ])('is refused when it %s', async (_, changed, said) => {
    await writeState(file, state, 0);
    const { tensors, metadata } = await readSafetensors(file);
    await writeSafetensors(file, tensors, { ...metadata, ...changed });
    await expect(readState(file, 3)).rejects.toThrow(said);
    await expect(readState(file, 3)).rejects.toThrow(UserError);
  });

  it('is refused when it has no position at all, or belongs to other parameters', async () => {
    await writeState(file, state, 0);
    await expect(readState(file, 4)).rejects.toThrow(/holds other parameters than this run's model/);
    const { tensors } = await readSafetensors(file);
    await writeSafetensors(file, tensors, { format: 'med-sa-training-state', version: '1' });
    await expect(readState(file, 3)).rejects.toThrow(/metadata are damaged/);
    tensors.delete('second_moment');
    await writeSafetensors(file, tensors, { format: 'med-sa-training-state', version: '1' });
    await expect(readState(file, 3)).rejects.toThrow(UserError);
  });

  it('that is missing is told', async () => {
    await expect(readState(path.join(folder, 'absent.safetensors'), 3)).rejects.toThrow(
      /absent\.safetensors does not exist/,
    );
  });
});
