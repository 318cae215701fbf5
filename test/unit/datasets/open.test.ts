import fs from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../../../src/kernel/datasets/open';
import { loadCase } from '../../../src/kernel/datasets/cases';
import { UserError } from '../../../src/kernel/errors';
import { readImage } from '../../../src/kernel/imaging';
import { writePairs } from '../../../src/kernel/imaging/writePairs';
import { withFolder, writePng } from './folder';

async function writeTable(folder: string, table: string): Promise<void> {
  for (const name of ['a', 'b']) {
    await writePng(path.join(folder, `images/${name}.png`), 8, 6, [0, 0, 8, 6], 100);
    await writePng(path.join(folder, `masks/${name}.png`), 8, 6, [2, 2, 5, 4]);
  }
  await fs.writeFile(path.join(folder, 'pairs.csv'), table);
}

describe('openDataset', () => {
  it('reads images, masks and groups, whatever the order and case of the columns', async () => {
    await withFolder(async (folder) => {
      await writeTable(
        folder,
        '\uFEFFMask, Group ,Image\r\nmasks/a.png,p1,images/a.png\r\n\r\nmasks/b.png,"p,2",images/b.png\r\n',
      );
      const dataset = await openDataset(folder);
      expect(dataset.layout).toBe('pairs');
      expect(dataset.classes).toEqual(['target']);
      const target = (name: string) => ({
        kind: 'mask',
        file: path.join(folder, `masks/${name}.png`),
        className: 'target',
      });
      expect(dataset.cases).toEqual([
        { id: 'images/a.png', group: 'p1', images: [path.join(folder, 'images/a.png')], labels: [target('a')] },
        { id: 'images/b.png', group: 'p,2', images: [path.join(folder, 'images/b.png')], labels: [target('b')] },
      ]);
    });
  });

  it('takes each image as its own group where none is named', async () => {
    await withFolder(async (folder) => {
      await writeTable(folder, 'image,mask\nimages/a.png,masks/a.png\nimages/b.png,masks/b.png\n');
      expect((await openDataset(folder, { layout: 'pairs' })).cases.map((item) => item.group)).toEqual(['a', 'b']);
    });
  });

  const wrong: [string, string, RegExp][] = [
    ['no rows', 'image,mask,group\n', /pairs\.csv lists no pairs/],
    ['no mask column', 'image,label\nimages/a.png,x\n', /pairs\.csv has no column "mask".*image,mask,group/],
    ['no columns', '\n', /pairs\.csv has no column "image" and "mask"/],
    ['a missing image', 'image,mask\nimages/a.png,masks/a.png\nimages/c.png,masks/b.png\n', /line 3: .*images\/c\.png/],
    ['a missing mask', 'image,mask\nimages/a.png,masks/z.png\n', /line 2: .*masks\/z\.png/],
    ['an empty field', 'image,mask\nimages/a.png,\n', /line 2: no mask/],
    ['a folder as image', 'image,mask\nimages,masks/a.png\n', /line 2: there is no file images /],
    ['a path upwards', 'image,mask\n../a.png,masks/a.png\n', /line 2: \.\.\/a\.png lies outside/],
    ['an absolute path', 'image,mask\n/etc/hostname,masks/a.png\n', /line 2: \/etc\/hostname lies outside/],
    ['a duplicate', 'image,mask\nimages/a.png,masks/a.png\n./images/a.png,masks/a.png\n', /line 3: .* line 2/],
    ['too many fields', 'image,mask\nimages/a.png,masks/a.png,p,q\n', /pairs\.csv is not a table/],
    ['an open quote', 'image,mask\n"images/a.png,masks/a.png\n', /pairs\.csv is not a table/],
  ];
  it.each(wrong)('refuses a table with %s in one line', async (_, table, message) => {
    await withFolder(async (folder) => {
      await writeTable(folder, table);
      const error: unknown = await openDataset(folder).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(UserError);
      expect(String(error)).toMatch(message);
      expect(String(error)).not.toContain('\n');
    });
  });

  it('opens what was exported', async () => {
    await withFolder(async (folder) => {
      const source = path.join(folder, 'a.png');
      await writePng(source, 8, 6, [0, 0, 8, 6], 100);
      const image = await readImage(source);
      const objects = ['liver', 'tumour'].map((label, index) => ({
        label,
        value: index + 1,
        colour: [255, 0, 0] as const,
        masks: new Map([[0, { width: 8, height: 6, data: new Uint8Array(48).fill(1, 0, index + 1) }]]),
      }));
      await writePairs(path.join(folder, 'set'), image, objects, 'p1');
      const { classes, cases } = await openDataset(path.join(folder, 'set'));
      expect([classes, cases.map(({ group }) => group)]).toEqual([['liver', 'tumour'], ['p1']]);
      const { masks } = await loadCase(cases[0]);
      expect([...masks].map(([name, mask]) => [name, mask.lastIndexOf(1)])).toEqual([
        ['liver', 0],
        ['tumour', 1],
      ]);
    });
  });

  it('says what is wrong with the folder itself', async () => {
    await withFolder(async (folder) => {
      await expect(openDataset(path.join(folder, 'none'))).rejects.toThrow(/none does not exist/);
      await expect(openDataset(folder)).rejects.toThrow(/needs a pairs\.csv/);
      await fs.writeFile(path.join(folder, 'pairs.csv'), '');
      await expect(openDataset(path.join(folder, 'pairs.csv'))).rejects.toThrow(/is not a folder/);
    });
  });
});
