import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../../src/kernel/checkpoints';
import { UserError } from '../../../src/kernel/errors';
import { RunDirectory, type NewRunEvent } from '../../../src/kernel/training/runDirectory';
import { runHolder } from '../../../src/kernel/training/runLock';
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
    run.close();
    expect(RunDirectory.open(run.folder).config).toEqual({ version: 1, data: '/data' });
  });

  it('is no run before what it must hold is written, and lets go when that fails', async () => {
    const unfinished = path.join(folder, 'unfinished');
    const failing = async (): Promise<void> => {
      throw new Error('no space');
    };
    await expect(RunDirectory.create(unfinished, {}, failing)).rejects.toThrow('no space');
    expect(RunDirectory.exists(unfinished)).toBe(false);
    await RunDirectory.create(unfinished, {}, async (run) => {
      expect(RunDirectory.exists(run.folder)).toBe(false);
    });
    expect(RunDirectory.exists(unfinished)).toBe(true);
  });

  it('goes into a folder where a starter left its notes', async () => {
    const noted = path.join(folder, 'noted');
    fs.mkdirSync(noted);
    fs.writeFileSync(path.join(noted, 'notes.txt'), 'begun by a script');
    await RunDirectory.create(noted, {});
    expect(RunDirectory.exists(noted)).toBe(true);
  });

  it('does not begin where a run is', async () => {
    const run = await RunDirectory.create(path.join(folder, 'taken'), { first: true });
    await expect(RunDirectory.create(run.folder, {})).rejects.toThrow(/holds a run already: name another folder/);
    expect(RunDirectory.config(run.folder)).toEqual({ version: 1, first: true });
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
    const known = await run.flush();
    run.append(step(3));
    expect(stepsOf(run)).toEqual([1, 2, 3]);

    run.close();
    const { run: opened } = RunDirectory.open(run.folder);
    opened.rewind(known);
    expect(stepsOf(opened)).toEqual([1, 2]);
    opened.append(step(4));
    expect(stepsOf(opened)).toEqual([1, 2, 4]);
    expect(await opened.flush()).toBe(fs.statSync(opened.file('events.jsonl')).size);
  });

  it('never lengthens a log that lost its end', async () => {
    const run = await RunDirectory.create(path.join(folder, 'lost'), {});
    run.append(step(1));
    run.close();
    const { run: opened } = RunDirectory.open(run.folder);
    opened.rewind(100_000);
    opened.append(step(2));
    expect(stepsOf(opened)).toEqual([1, 2]);
    expect(await opened.flush()).toBe(fs.statSync(opened.file('events.jsonl')).size);
  });

  it('rewinds where nothing was written yet', async () => {
    const run = await RunDirectory.create(path.join(folder, 'unwritten'), {});
    run.rewind(0);
    expect(await run.flush()).toBe(0);
  });

  it('holds no half event after the disk was full, and says that it was', async () => {
    const run = await RunDirectory.create(path.join(folder, 'full'), {});
    run.append(step(1));
    const append = fs.appendFileSync;
    const full = vi.spyOn(fs, 'appendFileSync').mockImplementation((file, data) => {
      append(file, Buffer.from(data as Uint8Array).subarray(0, 20));
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    });
    expect(() => run.append(step(2))).toThrow(/events\.jsonl could not be written: the disk is full; free some space/);
    expect(fs.readFileSync(run.file('events.jsonl'), 'utf8')).toMatch(/^\{"type":"step","step":1,.*\}\n$/);
    full.mockRestore();
    run.append(step(3));
    expect(stepsOf(run)).toEqual([1, 3]);
    expect(await run.flush()).toBe(fs.statSync(run.file('events.jsonl')).size);
  });

  it('begins without what a run has left that lost its config, or had none yet', async () => {
    const first = await RunDirectory.create(path.join(folder, 'lost-config'), {});
    first.append(step(1));
    first.close();
    fs.rmSync(first.file('config.json'));
    const half = first.file('checkpoints', '.state.safetensors.0123456789ab.tmp');
    fs.writeFileSync(half, 'half a state');
    const run = await RunDirectory.create(first.folder, {});
    expect(fs.existsSync(half)).toBe(false);
    run.append(step(7));
    expect(stepsOf(run)).toEqual([7]);
    expect(await run.flush()).toBe(fs.statSync(run.file('events.jsonl')).size);
  });

  it('stamps each event with its time', async () => {
    const run = await RunDirectory.create(path.join(folder, 'stamped'), {});
    const before = Date.now();
    const event = run.append(step(1));
    expect(event.time).toBeGreaterThanOrEqual(before);
    expect(eventsOf(run.folder)).toEqual([event]);
  });
});

describe('the lock of a run', () => {
  const lockOf = (run: string): string => path.join(run, 'run.lock');

  it('keeps a second process out, which learns who is at work', async () => {
    const run = await RunDirectory.create(path.join(folder, 'locked'), {});
    expect(() => RunDirectory.open(run.folder)).toThrow(
      `Process ${process.pid} is working on the run ${run.folder}: wait until it has ended`,
    );
    run.close();
    RunDirectory.open(run.folder).run.close();
    expect(fs.existsSync(lockOf(run.folder))).toBe(false);
  });

  it('of a process that was killed is taken over at once, and what it left half written goes', async () => {
    const run = await RunDirectory.create(path.join(folder, 'left'), {});
    run.close();
    fs.writeFileSync(lockOf(run.folder), `999999999\n${os.hostname()}\nsomebody\n\n`);
    const remains = run.file('checkpoints', '.state.safetensors.0123456789ab.tmp');
    fs.writeFileSync(remains, 'half a state');
    RunDirectory.open(run.folder).run.close();
    expect(fs.existsSync(remains)).toBe(false);
  });

  it.runIf(process.platform === 'linux')('is not held by another process that got the same number', async () => {
    const run = await RunDirectory.create(path.join(folder, 'reused'), {});
    run.close();
    fs.writeFileSync(lockOf(run.folder), `${process.ppid}\n${os.hostname()}\nsomebody\nanother time\n`);
    expect(runHolder(run.folder)).toMatchObject({ pid: process.ppid, atWork: false });
    RunDirectory.open(run.folder).run.close();
  });

  it.runIf(process.platform === 'linux')(
    'is held by a process that touches nothing for long, while it lives',
    async () => {
      const run = await RunDirectory.create(path.join(folder, 'silent'), {});
      const longAgo = new Date(Date.now() - 3_600_000);
      fs.utimesSync(lockOf(run.folder), longAgo, longAgo);
      expect(runHolder(run.folder)).toMatchObject({ pid: process.pid, atWork: true });
      run.close();
    },
  );

  it('taken over by somebody else, the first one writes nothing more', async () => {
    const run = await RunDirectory.create(path.join(folder, 'taken-over'), {});
    run.append(step(1));
    fs.writeFileSync(lockOf(run.folder), '1\nanother machine\nsomebody\n\n');
    expect(() => run.append(step(2))).toThrow(/another process has taken over/);
    await expect(run.flush()).rejects.toThrow(/another process has taken over/);
    expect(stepsOf(run)).toEqual([1]);
    run.close();
    expect(fs.existsSync(lockOf(run.folder))).toBe(true);
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
    sinceBest: 4,
  };

  it('comes back bit for bit', async () => {
    await writeState(file, state, 1234);
    expect(await readState(file, 3)).toEqual({ state, eventBytes: 1234 });
  });

  it('of version 0.1, which counted no epochs since the best, is read', async () => {
    await writeState(file, state, 1234);
    const { tensors, metadata } = await readSafetensors(file);
    const { sinceBest: _, ...position } = JSON.parse(metadata.position) as Record<string, unknown>;
    await writeSafetensors(file, tensors, { ...metadata, position: JSON.stringify(position) });
    expect(await readState(file, 3)).toEqual({ state: { ...state, sinceBest: 0 }, eventBytes: 1234 });
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
