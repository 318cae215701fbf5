import fs from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCase, samplesOf } from '../../../src/kernel/datasets/cases';
import { loadAll } from '../../../src/kernel/datasets/load';
import { openDataset } from '../../../src/kernel/datasets/open';
import { writePhantoms } from '../../../src/kernel/datasets/phantoms';
import { CancelledError, UserError } from '../../../src/kernel/errors';
import { withFolder } from './folder';

describe('writePhantoms', () => {
  it('writes a data set that opens, several pictures to a subject', async () => {
    await withFolder(async (folder) => {
      const out = path.join(folder, 'new', 'set');
      const seen: number[] = [];
      const options = { out, family: 'vertebrae', count: 9, seed: 4, size: 64 };
      const written = await writePhantoms({ ...options, onProgress: (done) => seen.push(done) });
      expect(written).toEqual({ folder: out, count: 9, subjects: 3 });
      expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect((await fs.readdir(out)).sort()).toEqual(['images', 'masks', 'pairs.csv', 'phantoms.json']);
      const { cases } = await openDataset(out);
      expect(cases.map(({ group }) => group)).toEqual(
        [1, 1, 1, 1, 2, 2, 2, 2, 3].map((subject) => `subject-000${subject}`),
      );
      expect((await loadAll(await samplesOf(cases))).length).toBe(9);
    });
  });

  it('writes the same files for the same options, others for another seed', async () => {
    await withFolder(async (folder) => {
      const write = async (name: string, seed: number) => {
        const out = path.join(folder, name);
        await writePhantoms({ out, count: 3, seed, size: 64 });
        const files = ['images/phantom-0003.png', 'masks/phantom-0003.png', 'pairs.csv'];
        return Promise.all(files.map(async (file) => (await fs.readFile(path.join(out, file))).toString('base64')));
      };
      const first = await write('a', 1);
      expect(await write('b', 1)).toEqual(first);
      expect((await write('c', 2))[0]).not.toBe(first[0]);
    });
  });

  it('writes volumes with spacing, image and mask alike', async () => {
    await withFolder(async (folder) => {
      const out = path.join(folder, 'set');
      await writePhantoms({ out, kind: 'volume', count: 1, size: 48 });
      const { cases } = await openDataset(out);
      const { image, masks } = await loadCase(cases[0]);
      expect(image.size).toEqual([48, 48, 16]);
      expect(image.spacing).not.toBeNull();
      expect([...masks.keys()]).toEqual(['target']);
      const samples = await samplesOf(cases);
      expect(samples.length).toBeGreaterThan(1);
      expect((await loadAll(samples)).length).toBe(samples.length);
    });
  }, 30_000);

  it.each([
    ['ct', { low: -160, high: 240 }],
    ['cardiac', undefined],
  ])(
    'writes DICOM volumes of %s as the NIfTI ones are, with their segmentation',
    async (family, window) => {
      await withFolder(async (folder) => {
        const options = { kind: 'volume', family, count: 2, seed: 3, size: 40 } as const;
        await writePhantoms({ out: path.join(folder, 'nifti'), ...options });
        await writePhantoms({ out: path.join(folder, 'dicom'), ...options, format: 'dicom' });
        const [nifti, dicom] = await Promise.all(
          ['nifti', 'dicom'].map((name) => openDataset(path.join(folder, name))),
        );
        expect(dicom.layout).toBe('dicom');
        expect(dicom.cases.map(({ group }) => group)).toEqual(['subject-0001', 'subject-0002']);
        const [expected, { image, masks }] = await Promise.all([loadCase(nifti.cases[1]), loadCase(dicom.cases[1])]);
        const [x, y, z] = expected.image.spacing!;
        expect(image).toMatchObject({ size: [40, 40, 16], modality: family === 'ct' ? 'CT' : 'MR' });
        expect(image.window).toEqual(window);
        expect(image.spacing!.map((value) => value.toFixed(4))).toEqual([x, y, z].map((value) => value.toFixed(4)));
        const unit = (value: number) => (family === 'ct' ? Math.round(-160 + 0.4 * value) : value);
        expect([...image.voxels]).toEqual([...expected.image.voxels].map(unit));
        expect(masks.get('target')).toEqual(expected.masks.get('target'));
      });
    },
    30_000,
  );

  it('refuses a folder that holds something, and leaves it as it was', async () => {
    await withFolder(async (folder) => {
      await fs.writeFile(path.join(folder, 'mine.txt'), 'mine');
      await expect(writePhantoms({ out: folder, count: 1, size: 32 })).rejects.toThrow(/is not empty/);
      await expect(writePhantoms({ out: path.join(folder, 'mine.txt'), count: 1 })).rejects.toBeInstanceOf(UserError);
      expect(await fs.readdir(folder)).toEqual(['mine.txt']);
    });
  });

  it('keeps what the same options have drawn already, and refuses others', async () => {
    await withFolder(async (folder) => {
      const options = { out: path.join(folder, 'set'), count: 2, seed: 5, size: 32 };
      const first = await writePhantoms(options);
      const times = async () => (await fs.stat(path.join(options.out, 'pairs.csv'))).mtimeMs;
      const drawn = await times();
      expect(await writePhantoms(options)).toEqual(first);
      expect(await times()).toBe(drawn);
      await expect(writePhantoms({ ...options, seed: 6 })).rejects.toThrow(/is not empty/);
    });
  });

  it('leaves nothing behind when it is stopped midway', async () => {
    await withFolder(async (folder) => {
      const controller = new AbortController();
      const stopped = writePhantoms({
        out: path.join(folder, 'set'),
        count: 5,
        size: 32,
        signal: controller.signal,
        onProgress: (done) => done === 2 && controller.abort(),
      });
      await expect(stopped).rejects.toBeInstanceOf(CancelledError);
      expect(await fs.readdir(folder)).toEqual([]);
    });
  });

  it.each([
    [{ family: 'dragons' }, /no family "dragons".*vertebrae/],
    [{ kind: 'volume' as const, family: 'fundus' }, /no family "fundus".*ct, cardiac/],
    [{ count: 0 }, /count of phantoms is 0/],
    [{ size: 2.5 }, /size of phantoms is 2\.5/],
    [{ format: 'dicom' as const }, /pictures are drawn as PNG: choose volumes/],
  ])('refuses %o', async (options, message) => {
    await withFolder(async (folder) => {
      await expect(writePhantoms({ out: path.join(folder, 'set'), ...options })).rejects.toThrow(message);
      expect(await fs.readdir(folder)).toEqual([]);
    });
  });
});
