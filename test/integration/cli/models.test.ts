import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { publishedModels } from '../../../src/kernel/models';
import { drawDiscs, writeImage } from '../../support/drawnImage';
import { FileServer } from '../../support/fileServer';
import { temporaryFolder } from '../../support/temporaryFolder';
import { writeTinyModel } from '../../support/tinyModel';
import { commandLine, type CommandLine, type Ended } from './commandLine';

describe('med-sa models', () => {
  const folder = temporaryFolder('models');
  const cache = path.join(folder, 'cache');
  const models = path.join(cache, 'models');
  const own = path.join(folder, 'own.safetensors');
  let server: FileServer;
  let medSa: CommandLine;
  let content: Buffer;
  let sha256: string;

  const lastLine = ({ stderr }: Ended): string => stderr.trim().split('\n').at(-1) ?? '';
  const inCache = (): string[] =>
    fs.existsSync(models)
      ? fs
          .readdirSync(models, { recursive: true, withFileTypes: true })
          .flatMap((one) => (one.isFile() ? one.name : []))
      : [];
  const stateOf = async (name: string): Promise<unknown> => {
    const { models: list } = (await medSa.json(['models'])) as { models: { name: string; state: string }[] };
    return list.find((one) => one.name === name)?.state;
  };

  beforeAll(async () => {
    server = await FileServer.start();
    await writeTinyModel(own);
    content = fs.readFileSync(own);
    sha256 = createHash('sha256').update(content).digest('hex');
    medSa = await commandLine(folder, { MEDSA_CACHE: cache, NO_PROXY: '127.0.0.1', PIP_CONFIG_FILE: '/dev/null' });
  });
  beforeEach(() => {
    fs.rmSync(cache, { recursive: true, force: true });
    server.requests.length = 0;
  });
  afterAll(() => server.close());

  it('lists every known model with its facts, and fetches nothing', async () => {
    const { models: list } = (await medSa.json(['models'])) as { models: Record<string, unknown>[] };
    expect(list[0]).toMatchObject({ name: 'phantom-sam', state: 'embedded', licence: 'Apache-2.0' });
    expect(list.slice(1).map(({ name, state }) => [name, state])).toEqual(
      publishedModels.map(({ name }) => [name, 'absent']),
    );
    const { stdout, code } = await medSa.run('models');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /sam_vit_h +no +2\.56 GB +Apache-2\.0 +sha256 a7bf3b02… +SAM ViT-H +dl\.fbaipublicfiles\.com/,
    );
    expect(stdout).toMatch(/sam-vit-base +no +≈ 375 MB +Apache-2\.0 +none known/);
    expect(fs.existsSync(cache)).toBe(false);
  });

  it('gets a model through cuts, is content with it the second time, computes with it by name, and removes it', async () => {
    const url = server.file('/tiny.safetensors', content, [
      { cutAfter: 50_000 },
      { status: 503 },
      { cutAfter: 40_000 },
    ]);
    const args = ['models', 'get', 'mine', '--from', url, '--sha256', sha256];
    expect(await medSa.json(args)).toMatchObject({ name: 'mine', changed: true, size: content.length });
    expect(server.requests.at(-1)).toBe('GET /tiny.safetensors bytes=90000- "one"');
    expect(inCache()).toEqual(['mine.safetensors']);
    expect(fs.readFileSync(path.join(models, 'mine.safetensors')).equals(content)).toBe(true);
    const asked = server.requests.length;
    expect(await medSa.json(args)).toMatchObject({ changed: false });
    expect(server.requests).toHaveLength(asked);
    expect(await stateOf('mine')).toBe('here');

    const drawn = drawDiscs(60, 48, [{ x: 30, y: 24, radius: 9, level: 190 }]);
    await writeImage(drawn, path.join(folder, 'disc.png'));
    const segmented = await medSa.json([
      'segment',
      'disc.png',
      '--point',
      '30,24',
      '--model',
      'mine',
      '--out',
      'm.png',
    ]);
    expect(JSON.stringify(segmented)).toContain('mine');

    expect(await medSa.json(['models', 'remove', 'mine'])).toMatchObject({ removed: true, bytes: content.length });
    expect(inCache()).toEqual([]);
    expect(await medSa.json(['models', 'remove', 'mine'])).toMatchObject({ removed: false });
  });

  it('goes on where an interrupted get stopped', async () => {
    const url = server.file('/tiny.safetensors', content, [{ stallAfter: 60_000 }]);
    const args = ['models', 'get', 'mine', '--from', url, '--sha256', sha256];
    const running = medSa.start(args);
    await until(() => inCache().includes('mine.safetensors.part') && partSize() === 60_000);
    process.kill(running.pid, 'SIGINT');
    expect(await running.ended).toMatchObject({ code: 130 });
    expect(await stateOf('mine')).toBeUndefined();
    expect((await medSa.run(...args)).code).toBe(0);
    expect(server.requests[1]).toBe('GET /tiny.safetensors bytes=60000- "one"');
    expect(inCache()).toEqual(['mine.safetensors']);
  });

  it('lets one process get a model at a time, and one that was killed keeps nobody out', async () => {
    const url = server.file('/tiny.safetensors', content, [{ stallAfter: 30_000 }]);
    const args = ['models', 'get', 'mine', '--from', url, '--sha256', sha256];
    const running = medSa.start(args);
    await until(() => inCache().includes('mine.safetensors.part') && partSize() === 30_000);
    const second = await medSa.run(...args);
    expect(second.code).toBe(1);
    expect(lastLine(second)).toMatch(
      new RegExp(`Process ${running.pid} is fetching or changing the model mine: wait until it has ended`),
    );
    process.kill(running.pid, 'SIGKILL');
    await running.ended;
    expect(inCache()).toContain('mine.lock');
    expect((await medSa.run(...args)).code).toBe(0);
    expect(inCache()).toEqual(['mine.safetensors']);
  });

  it('keeps nothing of wrong bytes, of lies about the length, and of what is no model', async () => {
    const wrong = Buffer.from(content).fill(7, 5000, 5100);
    const bytes = server.file('/wrong.safetensors', content, [{ instead: wrong }]);
    const refused = await medSa.run('models', 'get', 'mine', '--from', bytes, '--sha256', sha256);
    expect(refused.code).toBe(1);
    expect(lastLine(refused)).toMatch(/its sha256 is [0-9a-f]{64} instead of .*What came was removed/);

    const longer = server.file('/longer.safetensors', content, [
      { claim: content.length + 10, cutAfter: content.length },
    ]);
    // The server says the truth the second time: the part does not end where it should any more, so it starts anew.
    expect((await medSa.run('models', 'get', 'mine', '--from', longer, '--sha256', sha256)).code).toBe(0);
    await medSa.run('models', 'remove', 'mine');

    const sized = server.file('/sam_vit_b_01ec64.pth', content);
    const published = await medSa.run('models', 'get', 'sam_vit_b', '--from', sized);
    expect(published.code).toBe(1);
    expect(lastLine(published)).toMatch(/bytes or more instead of 375042383/);

    const page = server.file('/page.pth', Buffer.from('<html>please log in</html>'));
    const noModel = await medSa.run('models', 'get', 'mine', '--from', page);
    expect(noModel.code).toBe(1);
    expect(noModel.stderr).toMatch(/no checksum of mine is known/);
    expect(lastLine(noModel)).toMatch(/gives is no model that can be used, and was removed/);

    const other = server.file('/tiny.safetensors', content);
    const anotherSam = await medSa.run('models', 'get', 'sam-vit-base', '--from', other);
    expect(lastLine(anotherSam)).toMatch(/SAM of another size \(tiny\) than sam-vit-base \(vit_b\)/);
    expect(inCache()).toEqual([]);
  });

  it('says plainly what cannot be reached, and what to do instead', async () => {
    const offline = await commandLine(folder, { MEDSA_CACHE: cache, NO_PROXY: '*', PIP_CONFIG_FILE: '/dev/null' });
    const from = ['--from', 'http://127.0.0.1:1/sam_vit_b_01ec64.pth'];
    const { code, ...ended } = await offline.run('models', 'get', 'sam_vit_b', ...from);
    expect(code).toBe(1);
    expect(lastLine({ code, ...ended })).toMatch(
      /127\.0\.0\.1:1\/sam_vit_b_01ec64\.pth could not be downloaded: its server cannot be reached.*med-sa models add FILE --name sam_vit_b/,
    );
    const absent = await medSa.run('segment', 'disc.png', '--point', '1,1', '--model', 'sam_vit_b');
    expect(lastLine(absent)).toMatch(/sam_vit_b is not on this machine: fetch it with: med-sa models get sam_vit_b/);
    expect(server.requests).toEqual([]);
  });

  it('adds a checkpoint as a copy or a link, and only one that is a SAM', async () => {
    expect(await medSa.json(['models', 'add', 'own.safetensors'])).toMatchObject({ name: 'own', linkTo: null });
    expect(fs.readFileSync(path.join(models, 'own.safetensors')).equals(content)).toBe(true);
    const again = await medSa.run('models', 'add', 'own.safetensors');
    expect(lastLine(again)).toMatch(/own is here already.*med-sa models remove own/);

    fs.copyFileSync(own, path.join(folder, 'elsewhere.bin'));
    const linked = await medSa.json(['models', 'add', 'elsewhere.bin', '--name', 'heart.v2', '--link']);
    expect(linked).toMatchObject({ name: 'heart.v2', linkTo: path.join(folder, 'elsewhere.bin') });
    expect(await medSa.json(['doctor', '--model', 'heart.v2'])).toMatchObject({ model: 'heart.v2' });
    fs.rmSync(path.join(folder, 'elsewhere.bin'));
    expect(await stateOf('heart.v2')).toBe('lost');
    expect(lastLine(await medSa.run('doctor', '--model', 'heart.v2'))).toMatch(
      /is a link to .*elsewhere\.bin, which is gone/,
    );

    fs.writeFileSync(path.join(folder, 'text.pth'), 'no tensors at all');
    for (const [args, said] of [
      [['text.pth'], /text\.pth/],
      [['absent.pth'], /absent\.pth does not exist/],
      [['own.safetensors', '--name', 'sam_vit_h'], /is not the published sam_vit_h/],
      [['own.safetensors', '--name', 'sam-vit-huge'], /another size \(tiny\) than sam-vit-huge \(vit_h\)/],
      [['own.safetensors', '--name', 'Phantom-SAM'], /Phantom-SAM is embedded/],
    ] as const) {
      const refused = await medSa.run('models', 'add', ...args);
      expect(refused.code).toBe(1);
      expect(lastLine(refused)).toMatch(said);
    }
    expect(inCache()).toEqual(['own.safetensors']);
  });

  it.each([
    [['get', '../mine', '--from', 'http://127.0.0.1:1/x.pth'], /is no name for a model/],
    [['add', 'own.safetensors', '--name', '..'], /is no name for a model/],
    [['remove', 'a/b'], /is no name for a model/],
    [['get', 'mine.pth', '--from', 'http://127.0.0.1:1/x.pth'], /ends like a file/],
    [['get'], /NAME is missing/],
    [['fetch', 'sam_vit_b'], /choose one of get, add, remove/],
    [['remove', 'own', '--link'], /--link belongs to med-sa models add/],
    [['get', 'sam_vit_b', '--sha256', 'abc'], /64 hexadecimal digits/],
  ])('refuses %j as wrong use', async (args, said) => {
    const refused = await medSa.run('models', ...args);
    expect(refused.code).toBe(2);
    expect(lastLine(refused)).toMatch(said);
    expect(fs.existsSync(models)).toBe(false);
  });

  it('makes and deletes nothing by a name that is a path, wherever it leads', async () => {
    const before = fs.readdirSync(folder, { recursive: true }).sort();
    const url = server.file('/named.safetensors', content);
    const calls = [
      ['get', '../../own', '--from', url],
      ['get', own.replace(/\.safetensors$/, ''), '--from', url],
      ['add', own, '--name', '..\\..\\own'],
      ['add', own, '--name', 'x'.repeat(5000)],
      ['remove', '../../own'],
      ['remove', 'NUL.v1'],
    ];
    for (const { code, stderr } of await Promise.all(calls.map((args) => medSa.run('models', ...args)))) {
      expect(code).toBe(2);
      expect(stderr).toMatch(/is no name for a model: take up to 64 letters|^med-sa: ".{4000}/);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    }
    expect(fs.readdirSync(folder, { recursive: true }).sort()).toEqual(before);
    expect(fs.readFileSync(own).equals(content)).toBe(true);
    expect(server.requests).toEqual([]);
  });

  const partSize = (): number => fs.statSync(path.join(models, 'incoming', 'mine.safetensors.part')).size;
});

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (condition()) return;
    await sleep(50);
  }
  throw new Error('it did not come about in 20 s');
}
