// A lock lets one process work at a time, whatever dies in between and whatever clocks say.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { UserError } from '../../src/kernel/errors';
import { lockHolder, takeLock } from '../../src/kernel/fileLock';
import { temporaryFolder } from '../support/temporaryFolder';

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const fresh = (): string => path.join(temporaryFolder('lock'), 'lock');
const hour = 3_600_000;
const linux = process.platform === 'linux';

function touched(file: string, at: number): void {
  const time = new Date(at);
  fs.utimesSync(file, time, time);
}

/** A lock of a process that nobody here can ask after. */
function elsewhere(ageMs: number): string {
  const file = fresh();
  fs.writeFileSync(file, '17\nanother machine\nword\nboot 1\npid:[1]\n');
  touched(file, Date.now() - ageMs);
  return file;
}

const failing = (code: string) => (): never => {
  throw Object.assign(new Error(`${code}: not here`), { code });
};

describe('taking a lock', () => {
  it('shows nobody a part of it', () => {
    const file = fresh();
    const link = fs.linkSync;
    const opened = vi.spyOn(fs, 'openSync');
    const linked = vi.spyOn(fs, 'linkSync').mockImplementation((from, to) => {
      expect(fs.existsSync(to)).toBe(false);
      expect(fs.readFileSync(from, 'utf8')).toMatch(new RegExp(`^${process.pid}\n(.*\n){4}$`));
      link(from, to);
    });
    const lock = takeLock(file, 'at it');
    expect(linked).toHaveBeenCalledOnce();
    expect(opened.mock.calls.filter(([name, flags]) => name === file && flags !== 'r')).toEqual([]);
    expect(fs.readdirSync(path.dirname(file))).toEqual(['lock']);
    lock.release();
    expect(fs.readdirSync(path.dirname(file))).toEqual([]);
  });

  it('works on a disk without links', () => {
    vi.spyOn(fs, 'linkSync').mockImplementation(failing('EPERM'));
    const file = fresh();
    const lock = takeLock(file, 'at it');
    expect(lockHolder(file)).toMatchObject({ pid: process.pid, atWork: true });
    expect(() => takeLock(file, 'at it')).toThrow(`Process ${process.pid} is at it: wait until it has ended`);
    expect(fs.readdirSync(path.dirname(file))).toEqual(['lock']);
    lock.release();
    takeLock(file, 'at it').release();
  });

  it('removes what processes left that were killed while they did, and nothing else', () => {
    const file = fresh();
    const folder = path.dirname(file);
    const others = ['.lock.txt', 'lock.json', '.other.0123456789ab.tmp'];
    const remains = ['.lock.0123456789ab.tmp', 'lock.01234567-89ab-4cde-8f01-23456789abcd'];
    for (const name of [...others, ...remains]) fs.writeFileSync(path.join(folder, name), '');
    takeLock(file, 'at it').release();
    expect(fs.readdirSync(folder).sort()).toEqual([...others].sort());
  });

  it('says why nothing can be written', () => {
    const file = path.join(temporaryFolder(), 'missing', 'lock');
    expect(() => takeLock(file, 'at it')).toThrow(UserError);
    expect(() => takeLock(file, 'at it')).toThrow(/lock could not be written: the folder .*missing does not exist/);
    const present = fresh();
    vi.spyOn(fs, 'writeFileSync').mockImplementation(failing('ENOSPC'));
    expect(() => takeLock(present, 'at it')).toThrow(/lock could not be written: the disk is full/);
    expect(fs.readdirSync(path.dirname(present))).toEqual([]);
  });
});

describe.runIf(linux)('a lock names its process beyond its number', () => {
  const own = (): string[] => {
    const file = fresh();
    const lock = takeLock(file, 'at it');
    const lines = fs.readFileSync(file, 'utf8').split('\n');
    lock.release();
    return lines;
  };
  /** A lock with this process's number, and some lines otherwise. */
  const changed = (change: (lines: string[]) => void, touchedAt = Date.now()): string => {
    const [file, lines] = [fresh(), own()];
    change(lines);
    fs.writeFileSync(file, lines.join('\n'));
    touched(file, touchedAt);
    return file;
  };

  it.each<[string, (lines: string[]) => void]>([
    ['of the process that had this number before, in a container that was started again', (l) => (l[3] += '7')],
    ['of the time before the machine was started again', (l) => (l[3] = l[3].replace(/^\S+/, 'another-boot'))],
  ])('%s: taken over at once', (_, change) => {
    const file = changed(change);
    expect(lockHolder(file)).toMatchObject({ pid: process.pid, atWork: false });
    takeLock(file, 'at it').release();
  });

  it('another container on this machine, of its name, is not asked after by its number, nor signalled', () => {
    const dead = changed((lines) => {
      lines[0] = '999999999';
      lines[4] = 'pid:[1]';
    });
    expect(lockHolder(dead)).toMatchObject({ local: false, atWork: true });
    expect(() => takeLock(dead, 'at it')).toThrow(`Process 999999999 on ${os.hostname()} is at it`);
    const silent = changed((lines) => (lines[4] = 'pid:[1]'), Date.now() - hour);
    takeLock(silent, 'at it').release();
  });

  it('its own life is known without a clock', () => {
    for (const at of [0, Date.now() - hour, Date.now() + hour]) {
      const file = fresh();
      const lock = takeLock(file, 'at it');
      touched(file, at);
      expect(lockHolder(file)).toMatchObject({ atWork: true });
      expect(() => takeLock(file, 'at it')).toThrow(/is at it/);
      lock.release();
    }
  });
});

describe('a lock of another machine', () => {
  it.each([
    ['ahead', hour],
    ['back', -hour],
  ])('is respected though the clock here was set %s by an hour', (_, jump) => {
    const file = elsewhere(1000);
    const now = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => now() + jump);
    // A look from outside may err. Whoever takes it asks the disk's clock.
    lockHolder(file);
    expect(() => takeLock(file, 'at it')).toThrow('Process 17 on another machine is at it');
  });

  it.each([
    ['ahead', hour],
    ['back', -hour],
  ])('is respected where it was seen to change, though the clock of the disk was set %s', (_, jump) => {
    const file = elsewhere(1000);
    expect(lockHolder(file)?.atWork).toBe(true);
    touched(file, Date.now() + jump);
    expect(lockHolder(file)?.atWork).toBe(true);
    expect(() => takeLock(file, 'at it')).toThrow(/is at it/);
  });

  it('is left behind when nothing has touched it for two minutes, by a clock that nobody sets', () => {
    const file = elsewhere(1000);
    expect(lockHolder(file)?.atWork).toBe(true);
    const steady = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => steady() + 125_000);
    expect(lockHolder(file)?.atWork).toBe(false);
  });

  it('from the future is left behind: whoever is at work would have touched it since the clock was set', () => {
    takeLock(elsewhere(-hour), 'at it').release();
  });
});

describe('a lock that is held', () => {
  it('is touched every ten seconds, itself and not the one that took its place', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const file = fresh();
    const lock = takeLock(file, 'at it');
    const text = fs.readFileSync(file, 'utf8');
    touched(file, 0);
    vi.advanceTimersByTime(10_001);
    expect(Date.now() - fs.statSync(file).mtimeMs).toBeLessThan(60_000);
    expect(fs.readFileSync(file, 'utf8')).toBe(text);

    fs.rmSync(file);
    fs.writeFileSync(file, 'somebody else');
    touched(file, 0);
    vi.advanceTimersByTime(10_001);
    expect(fs.statSync(file).mtimeMs).toBe(0);
    expect(lock.takenOver()).toBe(true);
    lock.release();
    lock.release();
    expect(fs.readFileSync(file, 'utf8')).toBe('somebody else');
  });
});
