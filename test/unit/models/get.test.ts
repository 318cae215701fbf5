import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openNetwork, type Network } from '../../../src/kernel/downloads';
import { UserError } from '../../../src/kernel/errors';
import { getModel, type GetOptions, type ModelSource } from '../../../src/kernel/models';
import type { PublishedModel } from '../../../src/kernel/models/catalogue';
import { FileServer } from '../../support/fileServer';
import { temporaryFolder } from '../../support/temporaryFolder';

const content = randomBytes(200_000);
const sha256 = createHash('sha256').update(content).digest('hex');
const published: PublishedModel = {
  name: 'known',
  title: 'a known model',
  url: 'https://example.invalid/known.pth',
  page: 'https://example.invalid',
  licence: 'none',
  size: { bytes: content.length, exact: true },
  checksums: { sha256 },
  encoder: 'vit_b',
};

describe('getting a model', () => {
  let server: FileServer;
  let network: Network;
  let folder: string;
  const get = (source: Partial<ModelSource> & { url: string }, options: Partial<GetOptions> = {}) =>
    getModel(
      { name: 'known', checksums: { sha256 }, size: content.length, published, ...source },
      { folder, check: async () => undefined, network, stallTimeoutMs: 300, retryDelayMs: 1, ...options },
    );
  const file = (): string => path.join(folder, 'known.pth');

  beforeEach(async () => {
    server = await FileServer.start();
    network = openNetwork({ httpProxy: null, httpsProxy: null, noProxy: '', certificates: [] });
    folder = path.join(temporaryFolder(), 'models');
  });
  afterEach(async () => {
    await network.close();
    await server.close();
  });

  it('goes on after cuts and stalls, and tells how far it is', async () => {
    const seen: number[] = [];
    const url = server.file('/known.pth', content, [{ stallAfter: 70_000 }, { cutAfter: 30_000 }]);
    expect(await get({ url }, { onProgress: (done) => seen.push(done) })).toMatchObject({ changed: true });
    expect(server.requests[2]).toBe('GET /known.pth bytes=100000- "one"');
    expect(seen.at(-1)).toBe(content.length);
    expect(fs.readFileSync(file()).equals(content)).toBe(true);
    expect(fs.readdirSync(folder).sort()).toEqual(['incoming', 'known.pth']);
    expect(fs.readdirSync(path.join(folder, 'incoming'))).toEqual([]);
  });

  it('fetches a published one anew that was damaged, and keeps it until the new one is whole', async () => {
    const damaged = Buffer.from(content).fill(0, 0, 10);
    fs.mkdirSync(folder);
    fs.writeFileSync(file(), damaged);
    const wrong = server.file('/wrong.pth', content, [{ instead: randomBytes(content.length) }]);
    await expect(get({ url: wrong })).rejects.toThrow(/its sha256 is/);
    expect(fs.readFileSync(file()).equals(damaged)).toBe(true);
    expect(await get({ url: server.file('/known.bin', content) })).toMatchObject({ changed: true });
    expect(fs.readFileSync(path.join(folder, 'known.bin')).equals(content)).toBe(true);
    expect(fs.existsSync(file())).toBe(false);
  });

  it('does not put another file in the place of one of the user’s', async () => {
    fs.mkdirSync(folder);
    fs.writeFileSync(file(), 'mine');
    const url = server.file('/known.pth', content);
    await expect(get({ url, published: null })).rejects.toThrow(/is here already, and is another file/);
    expect(fs.readFileSync(file(), 'utf8')).toBe('mine');
    expect(server.requests).toEqual([]);
  });

  it('gives up on a size that is not the published one, before the bytes are fetched', async () => {
    const url = server.file('/known.pth', content, [{ claim: content.length + 5 }]);
    await expect(get({ url })).rejects.toThrow(/has 200005 bytes or more instead of 200000/);
  });

  it('says so before it begins where the disk is too small, and what it lacks is what is not here yet', async () => {
    const url = server.file('/known.pth', content, [{ cutAfter: 150_000 }, { status: 404 }]);
    await expect(get({ url })).rejects.toThrow(/not there/);
    const { bavail, bsize } = fs.statfsSync(folder);
    const large = { ...published, size: { bytes: bavail * bsize + 4e9, exact: false } };
    await expect(get({ url, published: large })).rejects.toThrow(/GB are needed: free space, or let MEDSA_CACHE/);
    expect(server.requests).toHaveLength(2);
    const part = path.join(folder, 'incoming', 'known.pth.part');
    fs.truncateSync(part, 8e9); // sparse: it takes no space
    expect(await get({ url, published: large })).toMatchObject({ changed: true });
  });

  it('removes what the check refuses, and leaves no lock', async () => {
    const check = async (): Promise<void> => {
      throw new UserError('it has no encoder');
    };
    const url = server.file('/known.pth', content);
    await expect(get({ url }, { check })).rejects.toThrow(/is no model that can be used, and was removed: it has no/);
    expect(fs.readdirSync(folder)).toEqual(['incoming']);
    expect(fs.readdirSync(path.join(folder, 'incoming'))).toEqual([]);
    expect(await get({ url })).toMatchObject({ changed: true });
  });

  it('says where the folder cannot be made', async () => {
    fs.writeFileSync(folder, 'a file');
    await expect(get({ url: server.file('/known.pth', content) })).rejects.toThrow(/MEDSA_CACHE/);
  });
});
