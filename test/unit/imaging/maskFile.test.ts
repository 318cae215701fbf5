import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readImage, readMask, writeMask } from '../../../src/kernel/imaging';
import { drawn, noise } from './masks';
import { nifti } from './volumes';

let folder: string;
beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'med-sa-masks-'));
});
afterAll(() => fs.rm(folder, { recursive: true }));

describe('mask files', () => {
  it('are PNGs of 0 and 255, and read as they were', async () => {
    const file = path.join(folder, 'm.png');
    const mask = noise(31, 17, 0.4, 7);
    await writeMask(file, mask);
    expect(await readMask(file)).toEqual(mask);
    const image = await readImage(file);
    expect(image).toMatchObject({ size: [31, 17, 1], channels: 1 });
    expect(new Set(image.voxels)).toEqual(new Set([0, 255]));
  });

  it('replace the old one at once and leave nothing else', async () => {
    const target = path.join(folder, 'twice');
    await fs.mkdir(target);
    for (const picture of ['#. ..', '.. .#']) {
      await writeMask(path.join(target, 'm.png'), drawn(picture));
      expect(await readMask(path.join(target, 'm.png'))).toEqual(drawn(picture));
    }
    expect(await fs.readdir(target)).toEqual(['m.png']);
  });

  it('of another format, or in a missing folder, are refused', async () => {
    await expect(writeMask(path.join(folder, 'm.jpg'), drawn('#'))).rejects.toThrow(/does not end in \.png/);
    await expect(writeMask(path.join(folder, 'no', 'm.png'), drawn('#'))).rejects.toThrow(/folder .*no does not exist/);
    await expect(readMask(path.join(folder, 'none.png'))).rejects.toThrow(/does not exist/);
  });

  it('whatever is not zero is the target: labels, colours, signs', async () => {
    const colours = Uint8Array.of(0, 0, 0, 0, 128, 0, 0, 0, 1);
    const file = path.join(folder, 'c.png');
    await sharp(colours, { raw: { width: 3, height: 1, channels: 3 } })
      .png()
      .toFile(file);
    expect(await readMask(file)).toEqual(drawn('.##'));
    const volume = path.join(folder, 'v.nii');
    await fs.writeFile(
      volume,
      nifti({ type: 'float32', extents: [3, 1, 3] }, Float32Array.of(1, 0, 0, 0, -2, NaN, 0, 0, 0.5)),
    );
    expect(await readMask(volume)).toEqual(drawn('.#.'));
    expect(await readMask(volume, 0)).toEqual(drawn('#..'));
    expect(await readMask(volume, 2)).toEqual(drawn('..#'));
    await expect(readMask(volume, 3)).rejects.toThrow(/v\.nii has no slice 3/);
  });
});
