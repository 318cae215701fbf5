import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { boundingBox, readImage, readMask } from '../../../src/kernel/imaging';
import { readSafetensors, writeSafetensors } from '../../../src/kernel/checkpoints';
import { projectRoot } from '../../support/projectRoot';
import { temporaryFolder } from '../../support/temporaryFolder';
import { drawTinyPairs, writeTinyModel } from '../../support/tinyModel';
import { commandLine, type CommandLine } from './commandLine';

const folder = temporaryFolder('commands');
const at = (...parts: string[]): string => path.join(folder, ...parts);
const model = ['--model', 'tiny.safetensors', '--device', 'cpu'];
let medSa: CommandLine;

beforeAll(async () => {
  medSa = await commandLine(folder);
  await writeTinyModel(at('tiny.safetensors'));
  await drawTinyPairs(at('pairs'), 2);
});

describe('med-sa segment', () => {
  const image = path.join('pairs', 'image-0.png');

  it('writes the mask that it tells of', async () => {
    const result = await medSa.json(['segment', image, '--point', '30,20', ...model, '--out', 'mask.png']);
    const mask = await readMask(at('mask.png'));
    expect([mask.width, mask.height]).toEqual([60, 48]);
    expect(result).toMatchObject({
      image: at(image),
      mask: at('mask.png'),
      area: mask.data.filter((value) => value === 1).length,
      box: boundingBox(mask),
      iou: expect.any(Number),
    });
  });

  it('heeds labels, boxes and further points', async () => {
    const ask = async (...prompt: string[]) => (await medSa.json(['segment', image, ...prompt, ...model])).iou;
    const answers = [
      await ask('--point', '30,20'),
      await ask('--point', '30,20,0'),
      await ask('--point', '30,20', '--point', '5,5,0'),
      await ask('--box', '10,10,40,40'),
      await ask('--box', '10,10,40,40', '--point', '30,20'),
    ];
    expect(new Set(answers).size).toBe(answers.length);
    expect(await ask('--point', '30,20,1')).toBe(answers[0]);
  });

  it('takes a slice of a volume, the middle one when none is named, on the device that works', async () => {
    await medSa.json(['phantoms', '--out', 'volumes', '--kind', 'volume', '--count', '1', '--family', 'ct']);
    const volume = path.join('volumes', 'images', 'phantom-0001.nii.gz');
    const [width, height, slices] = (await readImage(at(volume))).size;
    const prompted = ['--model', 'tiny.safetensors', '--point', `${width / 2},${height / 2}`];
    const middle = await medSa.json(['segment', volume, ...prompted]);
    expect(middle).toMatchObject({ slice: Math.floor(slices / 2), mask: null, device: expect.any(String) });
    expect(await medSa.json(['segment', volume, ...prompted, '--slice', '0', '--device', 'cpu'])).toMatchObject({
      slice: 0,
    });
    expect(await medSa.run('segment', volume, ...prompted, '--slice', `${slices}`)).toMatchObject({
      code: 1,
      stderr: `${volume} has no slice ${slices}: choose one from 0 to ${slices - 1}\n`,
    });
  });
});

describe('med-sa doctor', () => {
  const goldens = path.join(projectRoot, 'test', 'fixtures', 'parity', 'tiny');

  it('tells versions, devices and the embedded model', async () => {
    const { code, stdout } = await medSa.run('doctor', '--json');
    const health = JSON.parse(stdout) as Record<string, unknown>;
    expect(health).toMatchObject({
      versions: { node: process.versions.node, onnxruntime: expect.stringMatching(/^\d+\.\d+/) },
      devices: expect.arrayContaining([{ device: 'cpu', works: true, reason: null, remedy: null }]),
      temporaryFolder: { writable: true },
      healthy: code === 0,
    });
  });

  it('finds that this processor computes what another implementation computed', async () => {
    const { code, stdout } = await medSa.run('doctor', '--parity', goldens, '--device', 'cpu');
    expect(stdout).toMatch(/group .*worst error.*tolerance.*holds/);
    expect(stdout).toMatch(/computes right: all \d+ groups hold\n$/);
    expect(code).toBe(0);
  });

  it('exits 1 and names the group when a value is off', async () => {
    fs.mkdirSync(at('spoiled'));
    const names = [
      'config.json',
      ...['sam.pth', 'io.safetensors', 'before.safetensors'].map((name) => `adamw_${name}`),
    ];
    for (const name of names) fs.copyFileSync(path.join(goldens, name), at('spoiled', name));
    const { tensors, metadata } = await readSafetensors(path.join(goldens, 'adamw_after.safetensors'));
    const [[name, tensor]] = tensors;
    tensor.data[0] += 0.01 * tensor.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    await writeSafetensors(at('spoiled', 'adamw_after.safetensors'), tensors, metadata);
    const parity = await medSa.json(['doctor', '--parity', 'spoiled', '--device', 'cpu'], 1);
    expect(parity).toMatchObject({ holds: false, device: 'cpu' });
    const missed = (parity.rows as { group: string; holds: boolean }[]).filter(({ holds }) => !holds);
    expect(missed).toMatchObject([{ group: 'adamw parameters', worstTensor: name, tolerance: 1e-3 }]);
  });
});
