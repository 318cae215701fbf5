// A run that somebody else made, whose config names files of others: as data they are read, and nothing else is done.
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { projectRoot } from '../../support/projectRoot';
import { temporaryFolder } from '../../support/temporaryFolder';
import { copyOf } from '../../unit/versions/fixtures';
import { commandLine, type CommandLine } from './commandLine';

const fixture = path.join(projectRoot, 'test', 'fixtures', 'versions', '1');
const secret = 'my secret diary';

describe('a run whose config names files of others', () => {
  const folder = temporaryFolder('hostile-config');
  const other = path.join(folder, 'home', 'other');
  const run = path.join(folder, 'copy', 'run');
  let medSa: CommandLine;

  beforeAll(async () => {
    medSa = await commandLine(folder, { MEDSA_CACHE: path.join(folder, 'cache') });
  });
  beforeEach(() => {
    for (const name of ['copy', 'home', 'cache']) fs.rmSync(path.join(folder, name), { recursive: true, force: true });
    copyOf(fixture, path.join(folder, 'copy'));
    fs.mkdirSync(path.join(other, 'keys'), { recursive: true });
    for (const name of ['diary.txt', 'diary.safetensors', 'diary.pth', 'pairs.csv', 'keys/dataset.json']) {
      fs.writeFileSync(path.join(other, name), `${secret}, in ${name}\n`.repeat(3));
    }
    fs.mkdirSync(path.join(other, 'table'));
    fs.writeFileSync(path.join(other, 'table', 'pairs.csv'), `image,mask\n${secret} "unquoted", x\n`);
  });

  /** Every file below, with its content. */
  const contents = (): Record<string, string> =>
    Object.fromEntries(
      fs
        .readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.join(entry.parentPath, entry.name))
        .map((file) => [file, fs.readFileSync(file, 'base64')]),
    );
  const config = path.join(run, 'config.json');
  const change = (entries: object): void =>
    fs.writeFileSync(config, JSON.stringify({ ...JSON.parse(fs.readFileSync(config, 'utf8')), ...entries }));

  it.each<[string, object, string]>([
    ['its data', { data: other }, other],
    ['its data, a file', { data: path.join(other, 'diary.txt') }, 'diary.txt'],
    ['its data, by a way that climbs', { data: `${path.join(folder, 'copy', 'data')}/../../home/other/keys` }, 'keys'],
    ['its validation data', { valData: path.join(other, 'keys') }, 'keys'],
    ['its data, a broken table', { data: path.join(other, 'table') }, 'pairs.csv'],
    ['its model', { model: path.join(other, 'diary.safetensors') }, 'diary.safetensors'],
    ['its model, a pickle', { model: path.join(other, 'diary.pth') }, 'diary.pth'],
    ['its model, a device', { model: '/dev/zero/../zero' }, '/dev/zero'],
  ])('says what is wrong with %s, shows nothing of it, and leaves everything as it was', async (_, entries, named) => {
    change(entries);
    const before = contents();
    const calls = [
      ['resume', run, '--device', 'cpu'],
      ['evaluate', '--split', run, '--device', 'cpu'],
    ];
    for (const { code, stdout, stderr } of await Promise.all(calls.map((args) => medSa.run(...args)))) {
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr.trimEnd().split('\n').at(-1)).toContain(named);
      expect(stderr).not.toMatch(/secret|^\s+at /m);
    }
    expect(contents()).toEqual(before);
  });

  it('is not gone on with, and not measured, through links to files of others', async () => {
    const state = path.join(run, 'checkpoints', 'state.safetensors');
    const best = path.join(run, 'checkpoints', 'best.safetensors');
    for (const file of [state, best]) {
      fs.rmSync(file);
      fs.symlinkSync(path.join(other, 'diary.safetensors'), file);
    }
    const before = contents();
    const { code, stderr } = await medSa.run('resume', run, '--device', 'cpu');
    expect(code).toBe(1);
    expect(stderr).toMatch(/state\.safetensors is a link to .*diary\.safetensors, outside of the run/);
    const listed = (await medSa.json(['runs', run])) as { runs: { best: string | null }[] };
    expect(listed.runs).toMatchObject([{ best: null }]);
    expect(contents()).toEqual(before);
  });
});
