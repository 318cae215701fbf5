import fs from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadAll, loadSample } from '../../../src/kernel/datasets/load';
import type { Sample } from '../../../src/kernel/datasets/types';
import { CancelledError } from '../../../src/kernel/errors';
import { withFolder, writePng } from './folder';

type Box = readonly [number, number, number, number];

async function writeSample(folder: string, name: string, mask: Box, maskWidth = 40): Promise<Sample> {
  const files = { image: path.join(folder, `${name}.png`), mask: path.join(folder, `${name}-mask.png`) };
  await writePng(files.image, 40, 20, [10, 5, 30, 15], 80);
  await writePng(files.mask, maskWidth, 20, mask);
  const labels = [{ kind: 'mask' as const, file: files.mask, className: 'target' }];
  return { case: { id: name, group: name, images: [files.image], labels }, className: 'target', slice: 0 };
}

describe('loadSample', () => {
  it('gives the image in RGB and the mask in zeros and ones', async () => {
    await withFolder(async (folder) => {
      const { image, mask, spacing } = await loadSample(await writeSample(folder, 'a', [10, 5, 30, 15]));
      expect([image.width, image.height, image.rgb.length]).toEqual([40, 20, 2400]);
      expect([...image.rgb.subarray((5 * 40 + 9) * 3, (5 * 40 + 11) * 3)]).toEqual([0, 0, 0, 80, 80, 80]);
      expect(mask.data.reduce((sum, value) => sum + value, 0)).toBe(200);
      expect(spacing).toBeNull();
    });
  });

  it('names both files and both sizes when a mask does not fit its image', async () => {
    await withFolder(async (folder) => {
      const sample = await writeSample(folder, 'a', [0, 0, 5, 5], 41);
      await expect(loadSample(sample)).rejects.toThrow(/a-mask\.png is 41×20 but its image .*a\.png is 40×20/);
    });
  });

  it('names an empty mask', async () => {
    await withFolder(async (folder) => {
      await expect(loadSample(await writeSample(folder, 'a', [0, 0, 0, 0]))).rejects.toThrow(/a-mask\.png is empty/);
    });
  });
});

describe('loadAll', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const writeAll = (folder: string) =>
    Promise.all(names.map((name, i) => writeSample(folder, name, [i, 0, i + 10, 10])));

  it('keeps order and gives the same samples whether or not they fit into memory', async () => {
    await withFolder(async (folder) => {
      const samples = await writeAll(folder);
      const seen: number[] = [];
      const all = await loadAll(samples, { onProgress: (done) => seen.push(done) });
      const none = await loadAll(samples, { maxBytes: 0 });
      const one = 40 * 20 + (40 * 20) / 8;
      const some = await loadAll(samples, { maxBytes: 2 * one });
      expect(all.length).toBe(6);
      expect(seen).toEqual([4, 6]);
      for (let i = 0; i < 6; i++) {
        expect((await all.get(i)).mask.data.indexOf(1)).toBe(i);
        expect(await none.get(i)).toEqual(await all.get(i));
        expect(await all.get(i)).toEqual(await loadSample(samples[i]));
      }
      await Promise.all(samples.map((sample) => fs.rm(sample.case.images[0])));
      const kept = await Promise.allSettled(samples.map((_, i) => some.get(i)));
      expect(kept.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
      await expect(all.get(5)).resolves.toMatchObject({ caseId: 'f', className: 'target', slice: 0 });
    });
  });

  it('brings images down to the longest side, and never loses a small target', async () => {
    await withFolder(async (folder) => {
      const samples = [await writeSample(folder, 'a', [10, 5, 30, 15]), await writeSample(folder, 'b', [0, 0, 1, 1])];
      const loaded = await loadAll(samples, { longestSide: 20 });
      const { image, mask } = await loaded.get(0);
      expect([image.width, image.height, mask.width, mask.height]).toEqual([20, 10, 20, 10]);
      expect(mask.data.reduce((sum, value) => sum + value, 0)).toBe(50);
      expect((await loaded.get(1)).mask.data[0]).toBe(1);
    });
  });

  it('meets a wrong sample before any work begins', async () => {
    await withFolder(async (folder) => {
      const samples = await writeAll(folder);
      await writeSample(folder, 'e', [0, 0, 0, 0]);
      await expect(loadAll(samples)).rejects.toThrow(/e-mask\.png is empty/);
    });
  });

  it('stops when it is told to', async () => {
    await withFolder(async (folder) => {
      const samples = await writeAll(folder);
      await expect(loadAll(samples, { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(CancelledError);
    });
  });
});
