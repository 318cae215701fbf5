import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readImage } from '../../../src/kernel/imaging';
import { temporaryFolder } from '../../support/temporaryFolder';
import { writeTinyModel } from '../../support/tinyModel';
import { commandLine, type CommandLine } from './commandLine';

const folder = temporaryFolder('volume-command');
const at = (...parts: string[]): string => path.join(folder, ...parts);
const volume = path.join('volumes', 'images', 'phantom-0001.nii.gz');
const model = ['--model', 'tiny.safetensors', '--device', 'cpu'];
let medSa: CommandLine;
let size: readonly [number, number, number];

beforeAll(async () => {
  medSa = await commandLine(folder);
  await writeTinyModel(at('tiny.safetensors'));
  await medSa.json(['phantoms', '--out', 'volumes', '--kind', 'volume', '--count', '1', '--family', 'ct']);
  size = (await readImage(at(volume))).size;
});

describe('med-sa segment --volume', () => {
  it.each(['seg.nii.gz', 'seg.nrrd'])('writes %s in the geometry of the volume, as it tells', async (out) => {
    const points = ['--point', '60,60@5', '--point', '62,60,1@9', '--point', '3,3,0@9'];
    const told = await medSa.json(['segment', volume, '--volume', ...points, ...model, '--out', out]);
    const [source, labels] = [await readImage(at(volume)), await readImage(at(out))];
    expect(labels.size).toEqual(source.size);
    for (const [values, expected] of [
      [labels.spacing!, source.spacing!],
      [labels.origin, source.origin],
      [labels.direction, source.direction],
    ]) {
      values.forEach((value, index) => expect(value).toBeCloseTo(expected[index], 5));
    }
    const voxels = Array.from(labels.voxels).filter((value) => value === 1).length;
    expect(told).toMatchObject({ mask: at(out), voxels, millilitres: expect.any(Number) });
    const slices = told.slices as { slice: number; area: number; promptedBy: number | null; window: object }[];
    expect(slices.reduce((sum, { area }) => sum + area, 0)).toBe(voxels);
    expect(slices.filter(({ promptedBy }) => promptedBy === null).map(({ slice }) => slice)).toEqual([5, 9]);
    expect(slices[0].window).toMatchObject({ from: 'percentiles', low: expect.any(Number), high: expect.any(Number) });
    expect(fs.readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('tells the window of a single slice: automatic, or the one that was given', async () => {
    const ask = ['segment', volume, '--point', '60,60', ...model];
    expect(await medSa.json(ask)).toMatchObject({ slice: size[2] >> 1, window: { from: 'percentiles' } });
    const given = await medSa.json([...ask, '--window', '100,600']);
    expect(given).toMatchObject({ window: { low: 100, high: 600, from: 'user' } });
  });

  it.each([
    [['--volume', '--point', '60,60', '--out', 'seg.png'], 1, /seg.png does not end in .nii/],
    [['--volume', '--point', '60,60', '--out', 'nowhere/seg.nii.gz'], 1, /folder .*nowhere does not exist/],
    [['--volume', '--point', '60,60@99'], 1, /no slice 99/],
    [['--point', '60,60@3', '--point', '60,60@4'], 2, /slices 3, 4: add --volume/],
    [['--point', '60,60@x'], 2, /its slice is a whole number/],
    [['--point', '60,60', '--window', '7,7'], 2, /two numbers, the lower one first/],
  ])('refuses %j', async (args, code, said) => {
    const ended = await medSa.run('segment', volume, ...args, ...model);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toMatch(said);
  });
});
