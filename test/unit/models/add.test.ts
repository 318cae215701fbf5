import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { addModel, type AddOptions, type PublishedModel } from '../../../src/kernel/models';
import { temporaryFolder } from '../../support/temporaryFolder';

const content = randomBytes(20_000);
const known: PublishedModel = {
  name: 'known',
  title: 'a known model',
  url: 'https://example.invalid/known.pth',
  page: 'https://example.invalid',
  licence: 'none',
  size: { bytes: content.length, exact: true },
  checksums: { md5: createHash('md5').update(content).digest('hex') },
  encoder: 'vit_b',
};

describe('adding a model', () => {
  let folder: string;
  let file: string;
  const checked: (string | null)[] = [];
  const add = (options: Partial<AddOptions> = {}) =>
    addModel(file, {
      ...{ folder, name: null, embedded: ['small'], link: false, published: [known] },
      check: async (_, as) => void checked.push(as?.name ?? null),
      ...options,
    });

  beforeEach(() => {
    const here = temporaryFolder();
    folder = path.join(here, 'models');
    file = path.join(here, 'download (1).pth');
    fs.writeFileSync(file, content, { mode: 0o400 });
    checked.length = 0;
  });

  it('knows a published one by its sum, whatever the file is called', async () => {
    expect(await add()).toMatchObject({ name: 'known', size: content.length, linkTo: null });
    expect(fs.readFileSync(path.join(folder, 'known.pth')).equals(content)).toBe(true);
    expect(fs.readdirSync(folder).sort()).toEqual(['incoming', 'known.pth']);
    expect(checked).toEqual([null]);
  });

  it('knows no other by its size alone', async () => {
    fs.rmSync(file);
    fs.writeFileSync(file, randomBytes(content.length));
    await expect(add()).rejects.toThrow(/"download \(1\)" is no name for a model/);
    await expect(add({ name: 'known' })).rejects.toThrow(/is not the published known/);
    expect(await add({ name: 'mine' })).toMatchObject({ name: 'mine' });
  });

  it('has one without a published sum looked at as what it is said to be', async () => {
    const unsummed = { ...known, name: 'unsummed', checksums: {} };
    expect(await add({ name: 'unsummed', published: [unsummed] })).toMatchObject({ name: 'unsummed' });
    expect(checked).toEqual([null, 'unsummed']);
  });

  it('takes no embedded name, and nothing that the check refuses', async () => {
    await expect(add({ name: 'Small' })).rejects.toThrow(/Small is embedded/);
    const check = async (): Promise<void> => Promise.reject(new Error('no SAM'));
    await expect(add({ check })).rejects.toThrow('no SAM');
    expect(fs.existsSync(folder)).toBe(false);
  });

  it('can be a link, which is removed without its file', async () => {
    const added = await add({ link: true });
    expect(added).toMatchObject({ name: 'known', size: content.length, linkTo: file });
    expect(fs.readlinkSync(added.file)).toBe(file);
  });
});
