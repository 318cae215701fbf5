import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { runsLines } from '../../../src/kernel/cli/runsReport';
import { listRuns } from '../../../src/kernel/notebook/runList';
import { stopRun } from '../../../src/kernel/notebook/runProcess';
import { RunDirectory, type NewRunEvent } from '../../../src/kernel/training/runDirectory';
import { temporaryFolder } from '../../support/temporaryFolder';

const folder = temporaryFolder('list');
const start = (time: number, resumedFrom: number | null = null) => ({
  ...{ type: 'start', time, epochs: 5, stepsPerEpoch: 2, samples: { train: 4, validation: 2 } },
  ...{ device: 'cpu', resumedFrom },
});
const scored = (time: number, epoch: number, dice: number) => ({
  ...{ type: 'validation', time, step: 2 * epoch, epoch },
  metrics: { '1-point': { dice, iou: dice / 2 } },
});
const end = (time: number, status: string, message: string | null = null) => ({ type: 'end', time, status, message });

/** What a run leaves; `lock`: the lines of its lock. */
function leave(name: string, events: readonly object[], lock: readonly (string | number)[] | null = null): string {
  const run = path.join(folder, name);
  fs.mkdirSync(path.join(run, 'checkpoints'), { recursive: true });
  fs.writeFileSync(path.join(run, 'config.json'), '{"version":1,"epochs":5}');
  fs.writeFileSync(path.join(run, 'events.jsonl'), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  if (lock !== null) fs.writeFileSync(path.join(run, 'run.lock'), [...lock, ''].join('\n'));
  const longAgo = new Date(Date.now() - 3_600_000);
  for (const file of ['config.json', 'events.jsonl']) fs.utimesSync(path.join(run, file), longAgo, longAgo);
  return run;
}

const listed = (name: string) => listRuns(path.join(folder, name))[0];
const dead = [999_999_999, os.hostname(), 'somebody', ''];

describe('a list of runs', () => {
  it('tells how runs ended, how far they came, and for how long they were worked on', () => {
    leave('done', [
      start(1000),
      scored(2000, 0, 0.1),
      scored(9000, 4, 0.8),
      scored(10_000, 5, 0.7),
      end(11_000, 'done'),
    ]);
    expect(listed('done')).toMatchObject({
      run: path.join(folder, 'done'),
      ...{ name: 'done', status: 'done', epochs: 5, epoch: 5, bestDice: 0.8, started: 1000, seconds: 10 },
      ...{ device: 'cpu', lastEvent: { type: 'end', time: 11_000 }, process: null },
    });
    leave('stopped', [start(0), scored(3000, 1, 0.5), end(4000, 'stopped', 'resume it')]);
    expect(listed('stopped')).toMatchObject({ status: 'stopped', epoch: 1, message: 'resume it', seconds: 4 });
    // A break of a day between two sittings.
    const resumed = [
      start(0),
      scored(3000, 1, 0.5),
      end(4000, 'stopped'),
      start(86_400_000, 2),
      end(86_402_000, 'failed', 'no space'),
    ];
    leave('failed', resumed);
    expect(listed('failed')).toMatchObject({ status: 'failed', message: 'no space', seconds: 6 });
  });

  it('knows a run whose process is gone from one that is worked on', async () => {
    leave('killed', [start(0), scored(3000, 1, 0.5)], dead);
    expect(listed('killed')).toMatchObject({ status: 'stale', process: null });
    expect(listed('killed').message).toMatch(/med-sa resume/);
    leave('unlocked', [start(0)]);
    expect(listed('unlocked').status).toBe('stale');
    // Stopped, and taken up again by a process that still reads the data: this one.
    const taken = leave('taken', [start(0), end(1000, 'stopped')]);
    const { run } = RunDirectory.open(taken);
    expect(listed('taken')).toMatchObject({ status: 'running', process: { pid: process.pid, host: os.hostname() } });
    run.close();
    expect(listed('taken').status).toBe('stopped');
    // On another machine of a shared home: as long as its lock is touched.
    const elsewhere = [process.pid, 'elsewhere', 'somebody', ''];
    leave('far', [start(0)], elsewhere);
    expect(listed('far').status).toBe('running');
    const silent = leave('silent', [start(0)], elsewhere);
    const longAgo = new Date(Date.now() - 3_600_000);
    fs.utimesSync(path.join(silent, 'run.lock'), longAgo, longAgo);
    expect(listed('silent').status).toBe('stale');
  });

  it('never signals a process that does not hold the run on this machine', () => {
    const later = new Date();
    for (const name of ['far', 'killed', 'unlocked']) {
      const lock = path.join(folder, name, 'run.lock');
      if (fs.existsSync(lock)) fs.utimesSync(lock, later, later);
      expect(stopRun(path.join(folder, name), 10)).toBe(false);
    }
    // This very process's number in the lock of a process that is gone.
    if (process.platform === 'linux') {
      const reused = leave('reused', [start(0)], [process.pid, os.hostname(), 'somebody', 'another start']);
      expect(stopRun(reused, 10)).toBe(false);
    }
  });

  it('finds runs in folders of runs, the last one begun first, and nothing else', () => {
    leave('group/inner/second', [start(2000), end(3000, 'done')]);
    leave('group/first', [start(1000), end(3000, 'done')]);
    fs.mkdirSync(path.join(folder, 'group', 'model', 'checkpoints'), { recursive: true });
    fs.writeFileSync(path.join(folder, 'group', 'model', 'config.json'), '{"hidden_size": 3}');
    fs.mkdirSync(path.join(folder, 'group', 'broken', 'checkpoints'), { recursive: true });
    fs.writeFileSync(path.join(folder, 'group', 'broken', 'config.json'), '{');
    expect(listRuns(path.join(folder, 'group')).map(({ name }) => name)).toEqual(['second', 'first']);
    expect(listRuns(path.join(folder, 'nowhere'))).toEqual([]);
  });

  it('reads a run that has only begun, and logs of older and newer versions', async () => {
    const run = await RunDirectory.create(path.join(folder, 'young'), { epochs: 7 });
    expect(listed('young')).toMatchObject({ status: 'running', epochs: 7, epoch: 0, lastEvent: null, bestDice: null });
    run.append({ type: 'step', step: 1, epoch: 1, loss: 1, learningRate: 1, imagesPerSecond: 1 } as NewRunEvent);
    fs.appendFileSync(run.file('events.jsonl'), '{"type":"surprise","time":9}\n{"type":"step"');
    expect(listed('young').lastEvent).toMatchObject({ type: 'step' });
    run.close();
  });

  it('is a table for people, with what to do about those that are stale', () => {
    const lines = runsLines([listed('done'), listed('killed')], folder, 131_000);
    expect(lines[0]).toMatch(/^run +status +epochs +best Dice +worked +device +last event$/);
    expect(lines[1]).toMatch(/^done +done +5\/5 +0\.8000 +10 s +cpu +end, 2 min ago$/);
    expect(lines[2]).toMatch(/^killed +stale +1\/5 +0\.5000 +3 s +cpu +validation, 2 min 8 s ago$/);
    expect(lines[3]).toMatch(/^killed: its process is gone; go on with: med-sa resume/);
    expect(runsLines([], folder)).toEqual([`no runs in ${folder}`]);
  });
});
