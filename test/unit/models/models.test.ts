import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError, UserError } from '../../../src/kernel/errors';
import { lockFile } from '../../../src/kernel/fileLock';
import {
  modelSource,
  publishedModel,
  publishedModels,
  refuseEmbedded,
  removeModel,
  requireModelName,
  storedModels,
} from '../../../src/kernel/models';
import { samConfigs } from '../../../src/kernel/sam/config';
import { samShapes } from '../../../src/kernel/sam/shapes';
import { temporaryFolder } from '../../support/temporaryFolder';

describe('the catalogue', () => {
  it.each(publishedModels)('describes $name with whole sums, under a name of its own', (model) => {
    expect(() => requireModelName(model.name)).not.toThrow();
    expect(publishedModels.filter(({ name }) => name === model.name)).toHaveLength(1);
    expect(new URL(model.url).protocol).toBe('https:');
    expect(model.checksums.sha256 ?? '0'.repeat(64)).toMatch(/^[0-9a-f]{64}$/);
    expect(model.checksums.md5 ?? '0'.repeat(32)).toMatch(/^[0-9a-f]{32}$/);
  });

  it.each(publishedModels)('$name has the size of its parameters', ({ encoder, size }) => {
    const shapes = [...samShapes(samConfigs[encoder]).values()];
    const bytes = 4 * shapes.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
    if (!size.exact) expect(size.bytes).toBe(bytes);
    // A checkpoint adds names, and no more than a thousandth.
    expect(size.bytes).toBeGreaterThanOrEqual(bytes);
    expect(size.bytes).toBeLessThan(1.001 * bytes);
  });

  it('has the MD5 that the names of SAM’s files begin with', () => {
    for (const name of ['sam_vit_b', 'sam_vit_l', 'sam_vit_h']) {
      const { url, checksums } = publishedModel(name)!;
      expect(checksums.md5).toMatch(new RegExp(`^${/_([0-9a-f]{6})\.pth$/.exec(url)![1]}`));
    }
  });

  it('gives a mirror the published sums, and refuses others', () => {
    const sam = publishedModel('sam_vit_b')!;
    const mirrored = modelSource('sam_vit_b', sam, { from: 'https://mirror/sam.pth' });
    expect(mirrored).toMatchObject({ url: 'https://mirror/sam.pth', checksums: sam.checksums, size: 375_042_383 });
    const other = { from: 'https://mirror/sam.pth', sha256: '0'.repeat(64) };
    expect(() => modelSource('sam_vit_b', sam, other)).toThrow(/published sam_vit_b has the SHA-256 ec2df6/);
    expect(modelSource('sam-vit-base', publishedModel('sam-vit-base'), {}).size).toBeNull();
    expect(() => modelSource('mine', null, {})).toThrow(/--from URL/);
  });
});

describe('the name of a model', () => {
  it.each(['a', 'sam_vit_b', 'heart-2', 'v1.2', 'A9'])('may be %s', (name) => {
    expect(() => requireModelName(name)).not.toThrow();
  });

  it.each([
    ...['', '.', '..', '../a', 'a/b', 'a\\b', '/a', 'C:a', '.a', 'a.', 'a..b', '-a', 'a b', 'a\n', 'ä', 'a'.repeat(65)],
    ...['NUL', 'com1.x', 'a.pth', 'a.SAFETENSORS', 'a.bin'],
  ])('is not %j', (name) => {
    expect(() => requireModelName(name)).toThrow(UsageError);
  });

  it('is no embedded one, in any case', () => {
    expect(() => refuseEmbedded('Phantom-SAM', ['phantom-sam'])).toThrow(UserError);
    expect(() => refuseEmbedded('phantom', ['phantom-sam'])).not.toThrow();
  });
});

describe('the folder of models', () => {
  it('knows whole files and links, and takes nothing else for a model', () => {
    const folder = temporaryFolder();
    expect(storedModels(path.join(folder, 'absent'))).toEqual([]);
    fs.writeFileSync(path.join(folder, 'b.pth'), 'four');
    fs.symlinkSync(path.join(folder, 'nowhere'), path.join(folder, 'a.v2.safetensors'));
    for (const name of ['c.pth.part', 'c.pth.part.json', 'c.lock', 'notes.txt']) {
      fs.writeFileSync(path.join(folder, name), '');
    }
    fs.mkdirSync(path.join(folder, 'd.pth'));
    expect(storedModels(folder)).toEqual([
      {
        name: 'a.v2',
        file: path.join(folder, 'a.v2.safetensors'),
        size: null,
        linkTo: path.join(folder, 'nowhere'),
      },
      { name: 'b', file: path.join(folder, 'b.pth'), size: 4, linkTo: null },
    ]);
  });

  it('loses a model with its parts, and no other', () => {
    const folder = temporaryFolder();
    fs.mkdirSync(path.join(folder, 'incoming'));
    for (const name of ['a.pth', 'a2.pth', 'incoming/a.pth.part', 'incoming/a.pth.part.json', 'incoming/a2.pth.part']) {
      fs.writeFileSync(path.join(folder, name), 'four');
    }
    expect(removeModel('a', folder)).toBe(12);
    expect(fs.readdirSync(folder).sort()).toEqual(['a2.pth', 'incoming']);
    expect(fs.readdirSync(path.join(folder, 'incoming'))).toEqual(['a2.pth.part']);
    expect(removeModel('a', folder)).toBeNull();
  });
});

describe('a lock', () => {
  const held = (content: string, touchedAgoMs: number): string => {
    const file = path.join(temporaryFolder(), 'lock');
    fs.writeFileSync(file, content);
    const then = new Date(Date.now() - touchedAgoMs);
    fs.utimesSync(file, then, then);
    return file;
  };
  const dead = (): number => spawnSync(process.execPath, ['-e', '']).pid;

  it('keeps a second one out as long as it is held', () => {
    const file = path.join(temporaryFolder(), 'lock');
    const unlock = lockFile(file, 'at it');
    expect(() => lockFile(file, 'at it')).toThrow(new RegExp(`Process ${process.pid} is at it: wait`));
    unlock();
    expect(fs.existsSync(file)).toBe(false);
    lockFile(file, 'at it')();
  });

  it.each([
    ['a process that died', () => held(`${dead()}\n${os.hostname()}\nx\n`, 0)],
    ['a process whose number somebody else has by now', () => held(`${process.ppid}\n${os.hostname()}\nx\n`, 200_000)],
    ['another machine that was switched off', () => held('1\nelsewhere\nx\n', 200_000)],
    ['one that died before it wrote its number', () => held('', 200_000)],
  ])('of %s is taken over', (_, make) => {
    const file = make();
    const unlock = lockFile(file, 'at it');
    expect(fs.readFileSync(file, 'utf8')).toMatch(new RegExp(`^${process.pid}\n`));
    expect(fs.readdirSync(path.dirname(file))).toEqual(['lock']);
    unlock();
  });

  it.each([
    ['a process at work', () => held(`${process.ppid}\n${os.hostname()}\nx\n`, 0), /^Process \d+ is at it/],
    ['a process of another machine', () => held('1\nelsewhere\nx\n', 60_000), /^Process 1 on elsewhere is at it/],
    ['one that is about to write its number', () => held('', 0), /^Another process is at it/],
  ])('of %s is respected', (_, make, said) => {
    expect(() => lockFile(make(), 'at it')).toThrow(said);
  });

  it('that somebody took over is not removed by its first holder', () => {
    const file = path.join(temporaryFolder(), 'lock');
    const unlock = lockFile(file, 'at it');
    fs.writeFileSync(file, `${process.ppid}\n${os.hostname()}\nother\n`);
    unlock();
    expect(fs.existsSync(file)).toBe(true);
  });
});
