// A run's folder that somebody else made: links in the place of its files, and a config that names files of others.
import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../../src/kernel/errors';
import { listRuns } from '../../../src/kernel/notebook/runList';
import { RunLog } from '../../../src/kernel/notebook/runLog';
import { RunDirectory } from '../../../src/kernel/training/runDirectory';
import { temporaryFolder } from '../../support/temporaryFolder';

const secret = 'another one’s diary\n'.repeat(20);

describe('a run’s folder with links to files elsewhere', () => {
  let outer: string;
  let run: string;
  let diary: string;

  beforeEach(async () => {
    outer = temporaryFolder('hostile-run');
    run = path.join(outer, 'runs', 'one');
    diary = path.join(outer, 'diary.txt');
    fs.writeFileSync(diary, secret);
    (await RunDirectory.create(run, { data: '/data' })).close();
  });

  const tree = (): string[] => fs.readdirSync(outer, { recursive: true, encoding: 'utf8' }).sort();
  const put = (name: string, target: string): void => {
    const file = path.join(run, name);
    fs.rmSync(file, { recursive: true, force: true });
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.symlinkSync(target, file);
  };

  it.each([
    'events.jsonl',
    'log.txt',
    'run.lock',
    'tb/unfinished.tmp',
    'checkpoints/state.safetensors',
    'checkpoints/best.safetensors',
  ])('is not worked on when %s leads to a file', (name) => {
    put(name, diary);
    const before = tree();
    expect(() => RunDirectory.open(run)).toThrow(UserError);
    expect(() => RunDirectory.open(run)).toThrow(`${path.join(run, name)} is a link to ${diary}, outside of the run`);
    expect(fs.readFileSync(diary, 'utf8')).toBe(secret);
    expect(tree()).toEqual(before);
  });

  it.each(['tb', 'checkpoints'])('is not worked on when the folder %s leads elsewhere', (name) => {
    const elsewhere = path.join(outer, 'elsewhere');
    fs.mkdirSync(elsewhere);
    // As an atomic write leaves it: the clean-up of a run would take it for its own.
    fs.writeFileSync(path.join(elsewhere, '.state.safetensors.0123456789ab.tmp'), secret);
    put(name, '../../elsewhere');
    expect(() => RunDirectory.open(run)).toThrow(/is a link to .*elsewhere, outside of the run/);
    expect(fs.readdirSync(elsewhere)).toEqual(['.state.safetensors.0123456789ab.tmp']);
  });

  it('makes nothing where a link, or a link to a link, leads to nothing', () => {
    put('events.jsonl', path.join(outer, 'new.txt'));
    expect(() => RunDirectory.open(run)).toThrow(/events\.jsonl is a link to .*new\.txt/);
    put('events.jsonl', 'other.jsonl');
    put('other.jsonl', path.join(outer, 'new.txt'));
    expect(() => RunDirectory.open(run)).toThrow(/events\.jsonl is a link to .*new\.txt/);
    expect(fs.existsSync(path.join(outer, 'new.txt'))).toBe(false);
  });

  it('is no place for a new run either', async () => {
    const planted = path.join(outer, 'planted');
    fs.mkdirSync(planted);
    fs.symlinkSync(diary, path.join(planted, 'events.jsonl'));
    await expect(RunDirectory.create(planted, {})).rejects.toThrow(/events\.jsonl is a link to .*diary\.txt/);
    expect(fs.readFileSync(diary, 'utf8')).toBe(secret);
    expect(RunDirectory.exists(planted)).toBe(false);
  });

  it('is a run where the links stay inside, or the whole folder is one', () => {
    put('events.jsonl', 'renamed.jsonl');
    fs.writeFileSync(path.join(run, 'renamed.jsonl'), '');
    const link = path.join(outer, 'short');
    fs.symlinkSync(run, link);
    RunDirectory.open(link).run.close();
  });

  it('takes a lock that is a link to nothing for one that was left behind', () => {
    put('run.lock', 'nothing');
    fs.lutimesSync(path.join(run, 'run.lock'), 1, 1);
    const { run: opened } = RunDirectory.open(run);
    expect(fs.lstatSync(path.join(run, 'run.lock')).isFile()).toBe(true);
    opened.close();
    expect(fs.readdirSync(run).join()).not.toMatch(/lock|nothing/);
  });

  it('names no best adapters by a link, and shows none of what its log or config lead to', () => {
    const checkpoint = {
      type: 'checkpoint',
      time: 1,
      step: 1,
      epoch: 1,
      file: 'checkpoints/best.safetensors',
      best: true,
    };
    fs.writeFileSync(path.join(run, 'events.jsonl'), `${JSON.stringify(checkpoint)}\n`);
    fs.writeFileSync(path.join(run, 'checkpoints', 'best.safetensors'), 'its own');
    expect(listRuns(run)).toMatchObject([{ best: path.join(run, 'checkpoints', 'best.safetensors') }]);
    put('checkpoints/best.safetensors', diary);
    expect(listRuns(run)).toMatchObject([{ best: null }]);
    put('events.jsonl', diary);
    expect(JSON.stringify(listRuns(run))).not.toContain('diary');
    put('config.json', diary);
    expect(listRuns(run)).toEqual([]);
    expect(() => RunDirectory.config(run)).toThrow(/config\.json is not JSON/);
    expect(() => RunDirectory.config(run)).not.toThrow(/diary/);
  });

  it.skipIf(process.platform === 'win32')('is told at once when its files are devices without end', async () => {
    put('events.jsonl', '/dev/zero');
    put('run.lock', '/dev/zero');
    expect(listRuns(run)).toHaveLength(1);
    expect(await new RunLog(run).next()).toMatchObject({ events: [], more: false });
    put('config.json', '/dev/zero');
    expect(listRuns(run)).toEqual([]);
    expect(() => RunDirectory.config(run)).toThrow(/config\.json is no regular file/);
  });
});
