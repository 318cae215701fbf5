import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeDataset, inspectDataset, openDataset } from '../../../src/kernel/datasets';
import { withFolder, writePng, writeSlices, writeText } from './folder';

const zero = [0, 0, 0, 0] as const;

/** Two patients in train, one of them in val too; b's mask is empty. */
async function writePictures(folder: string): Promise<void> {
  for (const [name, box] of [
    ['train/%/p1/a', [1, 1, 3, 3]],
    ['train/%/p2/b', [0, 0, 0, 0]],
    ['val/%/p1/c', [1, 1, 3, 3]],
  ] as const) {
    await writePng(path.join(folder, `${name.replace('%', 'images')}.png`), 8, 6, [0, 0, 8, 6], 50);
    await writePng(path.join(folder, `${name.replace('%', 'masks')}.png`), 8, 6, box);
  }
}

describe('describing a data set', () => {
  it('tells what opening it told, and which groups stand on both sides', async () => {
    await withFolder(async (folder) => {
      await writePictures(folder);
      const described = describeDataset(await openDataset(folder));
      expect(described).toEqual({
        folder,
        layout: 'folders',
        cases: 3,
        pictures: 3,
        groups: 2,
        modalities: 1,
        classes: [{ name: 'target', cases: 3, slices: null }],
        parts: { train: 2, validation: 1 },
        notes: [],
        warnings: ['1 group stands in more than one of the folders for training, validation and test: p1'],
      });
      expect(JSON.parse(JSON.stringify(described))).toEqual(described);
    });
  });

  it('finds empty masks, damaged ones and absent classes when it reads them', async () => {
    await withFolder(async (folder) => {
      await writePictures(folder);
      const dataset = await openDataset(folder);
      const seen: number[] = [];
      const inspected = await inspectDataset(dataset, { onProgress: (done) => seen.push(done) });
      expect(seen).toEqual([1, 2, 3]);
      expect(inspected.classes).toEqual([{ name: 'target', cases: 2, slices: 2 }]);
      expect(inspected.warnings).toHaveLength(2);
      expect(inspected.warnings[1]).toBe('1 case has an empty mask: train/images/p2/b.png');
      await writeText(path.join(folder, 'val/masks/p1/c.png'), 'no picture');
      const damaged = await inspectDataset(dataset);
      expect(damaged.classes[0].cases).toBe(1);
      expect(damaged.warnings[1]).toMatch(/c\.png is damaged/);
      const all = await openDataset(folder, { classes: ['one=255', 'other=7'] });
      expect((await inspectDataset(all)).warnings.at(-1)).toBe('no case shows other');
      await expect(inspectDataset(all, { signal: AbortSignal.abort() })).rejects.toThrow('cancelled');
    });
  });

  it('counts the slices of volumes, and warns of a single group', async () => {
    await withFolder(async (folder) => {
      await writeSlices(path.join(folder, 'ct.nii'), [zero, [1, 2, 3, 4], zero], 'int16');
      await writeSlices(path.join(folder, 'mask.nii'), [[1, 0, 0, 0], [1, 0, 0, 2], zero]);
      await writeText(path.join(folder, 'pairs.csv'), 'image,mask\nct.nii,mask.nii\n');
      const dataset = await openDataset(folder);
      expect(describeDataset(dataset).classes).toEqual([
        { name: '1', cases: 1, slices: null },
        { name: '2', cases: 1, slices: null },
      ]);
      const inspected = await inspectDataset(dataset);
      expect(inspected).toMatchObject({ pictures: 0, groups: 1, parts: null });
      expect(inspected.classes.map(({ slices }) => slices)).toEqual([2, 1]);
      expect(inspected.warnings[0]).toMatch(/one group \(patient\)/);
    });
  });
});
