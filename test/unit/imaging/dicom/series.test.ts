import fs from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readImage } from '../../../../src/kernel/imaging';
import { temporaryFolder } from '../../../support/temporaryFolder';
import { dicomFile, picture, place, type Item, type Place } from './dicomBytes';

const root = temporaryFolder('series');
let made = 0;

/** A folder of slices; the pixels of each are its number. */
async function folderOf(
  slices: readonly Partial<Place>[],
  more: Readonly<Record<string, Uint8Array>> = {},
): Promise<string> {
  const folder = path.join(root, `set ${made++}`);
  await fs.mkdir(folder);
  for (const [index, slice] of slices.entries()) {
    const instance = slice.instance ?? `${slice.series ?? '1.2.3.4'}.${index}`;
    const object = {
      ...place({ position: [0, 0, 0], ...slice, instance }),
      ...picture({ columns: 2, rows: 1, pixels: [index, index] }),
    };
    await fs.writeFile(path.join(folder, `IM${index}`), dicomFile(object));
  }
  for (const [name, bytes] of Object.entries(more)) {
    await fs.mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await fs.writeFile(path.join(folder, name), bytes);
  }
  return folder;
}

const at = (...depths: number[]): Partial<Place>[] => depths.map((z) => ({ position: [1, 2, z] as const }));
const structureSet: Item = { 0x00080060: ['CS', 'RTSTRUCT'] };

describe('a folder of slices', () => {
  it('is a volume, sorted by position, whatever else lies there', async () => {
    const folder = await folderOf(at(7.5, 0, 5, 2.5), {
      'README.txt': Buffer.from('not an image'),
      'rtstruct/RS.dcm': dicomFile(structureSet),
      empty: new Uint8Array(0),
    });
    const image = await readImage(folder);
    expect(image).toMatchObject({ path: folder, size: [2, 1, 4], spacing: [3, 2, 2.5], origin: [1, 2, 0] });
    expect([...image.voxels]).toEqual([1, 1, 3, 3, 2, 2, 0, 0]);
    expect(image.notes).toBeUndefined();
  });

  it('tells how much of it was compressed with loss', async () => {
    const lossy = {
      ...place({ position: [1, 2, 9], instance: '1.2.3.4.9' }),
      ...picture({ columns: 2, rows: 1, pixels: [9, 9] }),
      0x00282110: ['CS', '01'] as const,
    };
    const image = await readImage(await folderOf(at(3, 6), { 'lossy.dcm': dicomFile(lossy) }));
    expect(image.notes).toEqual([expect.stringMatching(/pixels of 1 of 3 files were compressed with loss/)]);
  });

  it('oblique: along the normal', async () => {
    const orientation = [1, 0, 0, 0, 0.6, 0.8];
    // The normal is (0, −0.8, 0.6).
    const slices = [2, 0, 1].map((step) => ({ orientation, position: [0, -1.6 * step, 1.2 * step] as const }));
    const image = await readImage(await folderOf(slices));
    expect([...image.voxels]).toEqual([1, 1, 2, 2, 0, 0]);
    expect(image.spacing?.[2]).toBeCloseTo(2, 9);
    image.direction.forEach((cosine, index) =>
      expect(cosine).toBeCloseTo([1, 0, 0, 0, 0.6, -0.8, 0, 0.8, 0.6][index], 9),
    );
  });

  it('a tilted gantry is told', async () => {
    const slices = [0, 1, 2].map((step) => ({ position: [0, 0.5 * step, 3 * step] as const }));
    expect((await readImage(await folderOf(slices))).notes).toEqual([expect.stringMatching(/shifted by 0\.50 mm/)]);
  });

  it('an object that is there twice counts once, and is told', async () => {
    const twice = at(0, 1, 1, 2).map((slice, index) => ({
      ...slice,
      instance: `1.${Math.min(index, 1) + Number(index > 2)}`,
    }));
    const image = await readImage(await folderOf(twice));
    expect(image.size[2]).toBe(3);
    expect(image.notes).toEqual([expect.stringMatching(/1 files? repeat/)]);
  });

  it.each<[string, readonly Partial<Place>[], RegExp]>([
    ['a gap', at(0, 1, 2, 4, 5), /slices missing or unevenly spaced: 2\.00 mm after slice 3 instead of 1\.00 mm/],
    ['two at one place', at(0, 1, 1, 2), /several slices at one position \(4 slices, 3 positions\)/],
    ['two volumes', at(0, 0, 1, 1), /2 slices at each of 2 positions/],
    ['two directions', [...at(0, 1), { position: [0, 0, 2], orientation: [0, 1, 0, 0, 0, 1] }], /different directions/],
    ['two spacings', [...at(0, 1), { position: [0, 0, 2], spacing: [1, 1] }], /different pixel spacing/],
    ['nothing', [], /is a folder without DICOM images/],
  ])('%s is told in one line', async (_name, slices, message) => {
    const folder = await folderOf(slices);
    const error = await readImage(folder).catch((problem: unknown) => problem);
    expect(error).toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(message),
      details: { file: folder },
    });
    expect((error as Error).message).not.toContain('\n');
  });

  it('a file that is cut short is named', async () => {
    const whole = dicomFile({
      ...place({ instance: '9', position: [1, 2, 1] }),
      ...picture({ columns: 2, rows: 1, pixels: [7, 7] }),
    });
    const folder = await folderOf(at(0), { cut: whole.subarray(0, -2) });
    await expect(readImage(folder)).rejects.toThrow(/cut is cut short: its header promises 4 bytes/);
  });
});

describe('several series', () => {
  const two = (): Promise<string> =>
    folderOf([
      ...at(0, 1),
      ...at(0, 1, 2).map((slice) => ({ ...slice, series: '1.2.3.5', seriesNumber: 12, modality: 'MR' })),
    ]);

  it('are listed with the names to open them by', async () => {
    const folder = await two();
    await expect(readImage(folder)).rejects.toThrow(/holds 2 series: .*#4 \(CT, 2 slices\), #12 \(MR, 3 slices\)/);
    expect((await readImage(`${folder}#12`)).size).toEqual([2, 1, 3]);
    expect((await readImage(`${folder}#1.2.3.4`)).size).toEqual([2, 1, 2]);
    await expect(readImage(`${folder}#7`)).rejects.toThrow(/has no series 7: it holds #4/);
  });

  it('of one number are named by their UIDs', async () => {
    const folder = await folderOf([...at(0), { position: [0, 0, 0], series: '1.2.3.5' }]);
    await expect(readImage(`${folder}#4`)).rejects.toThrow(/holds 2 series: .*#1\.2\.3\.4 .*#1\.2\.3\.5/);
  });
});
