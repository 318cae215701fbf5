import fs from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  readDicomSegmentation,
  readDicomSegmentNames,
  readRtStruct,
  readRtStructNames,
  type MedicalImage,
} from '../../../../src/kernel/imaging';
import { toggleInside } from '../../../../src/kernel/imaging/dicom/fillPolygon';
import { temporaryFolder } from '../../../support/temporaryFolder';
import { dicomFile, picture, type Item } from './dicomBytes';

const folder = temporaryFolder('dicom-masks');
let made = 0;
async function write(item: Item): Promise<string> {
  const file = path.join(folder, `${made++}.dcm`);
  await fs.writeFile(file, dicomFile(item));
  return file;
}

/** Rows run to −y, columns to z, slices to −x: mm and voxels cannot be mistaken for each other. */
const image: MedicalImage = {
  path: 'image',
  size: [6, 5, 3],
  channels: 1,
  voxels: new Uint8Array(90),
  spacing: [2, 0.5, 3],
  origin: [100, 50, -20],
  direction: [0, 0, -1, -1, 0, 0, 0, 1, 0],
};
const mm = (x: number, y: number, k: number): string => `${100 - 3 * k}\\${50 - 2 * x}\\${-20 + 0.5 * y}`;
const voxels = (mask: Uint8Array | undefined): number[] =>
  [...(mask ?? [])].flatMap((value, index) => (value ? [index] : []));

describe('structure sets', () => {
  const region = (
    number: number,
    contours: readonly [k: number, corners: number[][]][],
    kind = 'CLOSED_PLANAR',
  ): Item => ({
    0x30060084: ['IS', String(number)],
    0x30060040: [
      'SQ',
      contours.map(([k, corners]): Item => ({
        0x30060042: ['CS', kind],
        0x30060050: ['DS', corners.map(([x, y]) => mm(x, y, k)).join('\\')],
      })),
    ],
  });
  const structureSet = (names: readonly string[], regions: Item[]): Item => ({
    0x00080005: ['CS', 'ISO_IR 192'],
    0x00080060: ['CS', 'RTSTRUCT'],
    0x30060020: [
      'SQ',
      names.map((name, index): Item => ({ 0x30060022: ['IS', String(index + 1)], 0x30060026: ['LO', name] })),
    ],
    0x30060039: ['SQ', regions],
  });
  const box = (x0: number, y0: number, x1: number, y1: number): number[][] => [
    [x0, y0],
    [x1, y0],
    [x1, y1],
    [x0, y1],
  ];

  it('a voxel belongs to a region when its centre lies inside; an inner contour is a hole', async () => {
    const file = await write(
      structureSet(
        ['Mass é', 'Mass é', 'points'],
        [
          region(1, [
            [1, box(0.5, 0.5, 5.5, 4.5)],
            [1, box(1.5, 1.5, 4.5, 3.5)],
            [2, box(-3, -3, 0.5, 0.5)],
          ]),
          region(2, [[0, box(1.5, -0.5, 2.5, 1.5)]]),
          region(3, [[0, [[1, 1]]]], 'POINT'),
        ],
      ),
    );
    expect(await readRtStructNames(file)).toEqual(['Mass é', 'Mass é (2)']);
    const { classes } = await readRtStruct(file, image);
    const ring = [7, 8, 9, 10, 11, 13, 17, 19, 23, 25, 26, 27, 28, 29].filter(
      (at) => ![14, 15, 16, 20, 21, 22].includes(at),
    );
    expect(voxels(classes.get('Mass é'))).toEqual([...ring.map((at) => 30 + at), 60].filter((at) => at !== 30 + 12));
    expect(voxels(classes.get('Mass é (2)'))).toEqual([2, 8]);
    const some = await readRtStruct(file, image, { only: (name) => name === 'Mass é (2)' });
    expect([...some.classes.keys()]).toEqual(['Mass é (2)']);
  });

  it('a keyhole is a hole too', () => {
    const slice = new Uint8Array(36);
    const outer = [0.5, 0.5, 4.5, 0.5, 4.5, 4.5, 0.5, 4.5, 0.5, 0.5];
    const inner = [1.5, 1.5, 1.5, 3.5, 3.5, 3.5, 3.5, 1.5, 1.5, 1.5];
    toggleInside(slice, 6, [...outer, ...inner]);
    expect(voxels(slice)).toEqual([7, 8, 9, 10, 13, 16, 19, 22, 25, 26, 27, 28]);
  });

  it('an edge through centres counts on one side only: neighbours neither overlap nor leave a gap', () => {
    const [left, right] = [new Uint8Array(25), new Uint8Array(25)];
    toggleInside(left, 5, [0, 0, 2, 0, 2, 4, 0, 4]);
    toggleInside(right, 5, [2, 0, 4, 0, 4, 4, 2, 4]);
    expect(voxels(left)).toEqual([0, 1, 5, 6, 10, 11, 15, 16]);
    expect(voxels(right)).toEqual([2, 3, 7, 8, 12, 13, 17, 18]);
  });

  it('of another image, and across its slices, are refused', async () => {
    const far = await write(structureSet(['a'], [region(1, [[40, box(0, 0, 2, 4)]])]));
    await expect(readRtStruct(far, image)).rejects.toThrow(/was not drawn on image/);
    const upright = { ...image, direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] };
    await expect(readRtStruct(far, upright)).rejects.toThrow(/across the slices/);
    await expect(readRtStruct(await write({ 0x00080060: ['CS', 'CT'] }), image)).rejects.toThrow(/no structure set/);
  });
});

describe('segmentations', () => {
  const segments = (...labels: string[]): Item => ({
    0x00620002: [
      'SQ',
      labels.map((label, index): Item => ({ 0x00620004: ['US', [index + 1]], 0x00620005: ['LO', label] })),
    ],
  });
  /** Frames turned by 180° against the image: positions and directions must both be used. */
  const frame = (segment: number, k: number): Item => ({
    0x00209113: ['SQ', [{ 0x00200032: ['DS', mm(5, 4, k)] }]],
    0x0062000a: ['SQ', [{ 0x0062000b: ['US', [segment]] }]],
  });
  const shared: Item = {
    0x00209116: ['SQ', [{ 0x00200037: ['DS', '0\\1\\0\\0\\0\\-1'] }]],
    0x00289110: ['SQ', [{ 0x00280030: ['DS', '0.5\\2'] }]],
  };
  const object = (bits: number, frames: Item[], pixels: Uint8Array, more: Item): Item => ({
    0x00080060: ['CS', 'SEG'],
    ...picture({ columns: 6, rows: 5, bits, frames: frames.length, pixels }),
    0x52009229: ['SQ', [shared]],
    0x52009230: ['SQ', frames],
    ...more,
  });

  it('binary: overlapping segments find their slices', async () => {
    const pixels = new Uint8Array(12);
    // Frames of 30 bits: pixel 0 of the first, pixels 1 and 29 of the second, pixel 0 of the third (outside).
    for (const bit of [0, 31, 59, 60]) pixels[bit >> 3] |= 1 << (bit & 7);
    const file = await write(
      object(1, [frame(1, 2), frame(2, 2), frame(2, 9)], pixels, {
        ...segments('liver', 'tumour'),
        0x00620001: ['CS', 'BINARY'],
      }),
    );
    expect(await readDicomSegmentNames(file)).toEqual(['liver', 'tumour']);
    const { classes } = await readDicomSegmentation(file, image);
    expect(voxels(classes.get('liver'))).toEqual([89]);
    expect(voxels(classes.get('tumour'))).toEqual([60, 88]);
  });

  it('fractional: from half of the maximum on; label map: by value', async () => {
    const levels = new Uint8Array(30);
    levels.set([99, 100, 200], 0);
    const fractional = await write(
      object(8, [frame(1, 0)], levels, {
        ...segments('a'),
        0x00620001: ['CS', 'FRACTIONAL'],
        0x0062000e: ['US', [200]],
      }),
    );
    expect(voxels((await readDicomSegmentation(fractional, image)).classes.get('a'))).toEqual([27, 28]);
    const values = new Uint8Array(30);
    values.set([2, 0, 1], 0);
    const map = await write(
      object(8, [frame(1, 0)], values, { ...segments('a', 'b'), 0x00620001: ['CS', 'LABELMAP'] }),
    );
    const { classes } = await readDicomSegmentation(map, image);
    expect([voxels(classes.get('a')), voxels(classes.get('b'))]).toEqual([[27], [29]]);
  });

  it('of other voxels, or of another place, are refused', async () => {
    const file = await write(
      object(1, [frame(1, 0)], new Uint8Array(4), { ...segments('a'), 0x00620001: ['CS', 'BINARY'] }),
    );
    await expect(readDicomSegmentation(file, { ...image, spacing: [1, 0.5, 3] })).rejects.toThrow(
      /has other voxels than image/,
    );
    await expect(readDicomSegmentation(file, { ...image, origin: [130, 50, -20] })).rejects.toThrow(
      /does not belong to image/,
    );
    await expect(readDicomSegmentation(await write({ 0x00080060: ['CS', 'CT'] }), image)).rejects.toThrow(
      /no segmentation/,
    );
  });
});
