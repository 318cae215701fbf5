import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diskPathOf, middleSlice, readImage, sliceOf } from '../../../src/kernel/imaging';
import { metaImage, nifti, nrrd } from './volumes';

let folder: string;
beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'med-sa volumes ä '));
});
afterAll(() => fs.rm(folder, { recursive: true }));

async function write(name: string, bytes: Uint8Array): Promise<string> {
  const file = path.join(folder, name);
  await fs.writeFile(file, bytes);
  return file;
}

const ramp = Int16Array.from({ length: 24 }, (_, index) => index - 10);

describe('NIfTI', () => {
  it('reads voxels and geometry, plain and compressed', async () => {
    // Voxel x runs to posterior, y to superior, z to right: an axis order that no default gets right.
    const affine = [
      [0, 0, 4, -7],
      [-2, 0, 0, 8],
      [0, 3, 0, 9],
    ] as const;
    const bytes = nifti({ type: 'int16', extents: [2, 3, 4], spacing: [2, 3, 4], affine }, ramp);
    for (const file of [await write('a.nii', bytes), await write('a b.nii.gz', gzipSync(bytes))]) {
      const image = await readImage(file);
      expect(image.path).toBe(file);
      expect(image.size).toEqual([2, 3, 4]);
      expect(image.channels).toBe(1);
      expect(image.voxels).toEqual(ramp);
      expect(image.spacing).toEqual([2, 3, 4]);
      // RAS → LPS: x and y change sign.
      expect(image.origin).toEqual([7, -8, 9]);
      expect(image.direction).toEqual([0, 0, -1, 1, 0, 0, 0, 1, 0]);
    }
  });

  it('applies slope and intercept', async () => {
    const bytes = nifti({ type: 'int16', extents: [2, 3, 4], slope: 2, intercept: -1000 }, ramp);
    const image = await readImage(await write('slope.nii', bytes));
    expect([...image.voxels]).toEqual([...ramp].map((value) => 2 * value - 1000));
  });

  it('reads 64-bit label maps, colour, and a single slice', async () => {
    const labels = await readImage(
      await write('l.nii', nifti({ type: 'int64', extents: [2, 1, 1] }, BigInt64Array.of(0n, 7n))),
    );
    expect([...labels.voxels]).toEqual([0, 7]);
    const rgb = Uint8Array.of(1, 2, 3, 4, 5, 6);
    const colour = await readImage(await write('c.nii', nifti({ type: 'rgb24', extents: [2, 1, 1] }, rgb)));
    expect([colour.channels, ...colour.voxels]).toEqual([3, ...rgb]);
    const flat = await readImage(await write('f.nii', nifti({ type: 'uint8', extents: [3, 2] }, rgb)));
    expect(flat.size).toEqual([3, 2, 1]);
    expect(flat.spacing).toHaveLength(3);
    expect(flat.direction).toHaveLength(9);
  });

  it.each<[string, () => Uint8Array, RegExp]>([
    [
      'cut.nii',
      () => nifti({ type: 'int16', extents: [2, 3, 4] }, ramp).subarray(0, 399),
      /cut short: its header promises 400 bytes, it holds 399/,
    ],
    [
      'cut.nii.gz',
      () => gzipSync(nifti({ type: 'int16', extents: [2, 3, 4] }, ramp)).subarray(0, 60),
      /damaged or cut short/,
    ],
    ['text.nii', () => Buffer.from('x'.repeat(400)), /not a NIfTI file/],
    ['empty.nii', () => new Uint8Array(0), /not a NIfTI file/],
    [
      'series.nii',
      () => nifti({ type: 'int16', extents: [2, 3, 1, 4] }, ramp),
      /holds 4 volumes \(2 × 3 × 1 × 4\): add the one you mean to the path: #0 to #3/,
    ],
  ])('%s is refused with its name', async (name, bytes, message) => {
    const file = await write(name, bytes());
    await expect(readImage(file)).rejects.toThrow(message);
    await expect(readImage(file)).rejects.toMatchObject({ name: 'UserError', details: { file } });
  });
});

it('one of several volumes in a file is named by its number', async () => {
  const file = await write(
    'times.nii.gz',
    gzipSync(nifti({ type: 'int16', extents: [2, 3, 1, 4], spacing: [2, 3, 4] }, ramp)),
  );
  const image = await readImage(`${file}#2`);
  expect(image).toMatchObject({ path: `${file}#2`, size: [2, 3, 1], spacing: [2, 3, 4] });
  expect([...image.voxels]).toEqual([...ramp.subarray(12, 18)]);
  await expect(readImage(`${file}#4`)).rejects.toThrow(/holds 4 volumes .*, and no volume 4/);
  await expect(readImage(`${file}x#1`)).rejects.toThrow(/does not exist/);
  expect(await diskPathOf(`${file}#2`)).toBe(file);
  expect(await diskPathOf(file)).toBe(file);
});

describe('the geometry of a NIfTI header', () => {
  const affine = [
    [0, 0, 4, -7],
    [-2, 0, 0, 8],
    [0, 3, 0, 9],
  ] as const;

  it('is the sform, also where pixdim contradicts it', async () => {
    const image = await readImage(
      await write('contradiction.nii', nifti({ type: 'int16', extents: [2, 3, 4], spacing: [1, 1, 1], affine }, ramp)),
    );
    expect(image).toMatchObject({ spacing: [2, 3, 4], origin: [7, -8, 9], direction: [0, 0, -1, 1, 0, 0, 0, 1, 0] });
  });

  it('is refused where the sform is sheared and nothing else is there', async () => {
    const sheared = [[1, 0.8, 4, 0], affine[1], affine[2]] as const;
    const file = await write('sheared.nii', nifti({ type: 'int16', extents: [2, 3, 4], affine: sheared }, ramp));
    await expect(readImage(file)).rejects.toThrow(/not at right angles/);
  });
});

describe('MetaImage and NRRD', () => {
  it('read voxels and geometry', async () => {
    const meta = await readImage(await write('m.mha', metaImage([2, 3, 4], [0.5, 0.6, 0.7], ramp)));
    expect([meta.size, meta.spacing, meta.origin]).toEqual([
      [2, 3, 4],
      [0.5, 0.6, 0.7],
      [0, 10, 20],
    ]);
    expect(meta.voxels).toEqual(ramp);
    const nearly = await readImage(await write('n.nrrd', nrrd([2, 3, 4], ramp)));
    expect([nearly.size, nearly.spacing, nearly.origin]).toEqual([
      [2, 3, 4],
      [2, 3, 4],
      [5, 6, 7],
    ]);
    expect(nearly.voxels).toEqual(ramp);
  });

  it.each<[string, () => Uint8Array]>([
    ['cut.mha', () => metaImage([2, 3, 4], [1, 1, 1], ramp).subarray(0, -9)],
    ['cut.nrrd', () => nrrd([2, 3, 4], ramp).subarray(0, -9)],
  ])('%s, cut short, is refused with its name', async (name, bytes) => {
    const file = await write(name, bytes());
    await expect(readImage(file)).rejects.toThrow(/is cut short: its header promises \d+ bytes, it holds \d+/);
    await expect(readImage(file)).rejects.toMatchObject({ name: 'UserError', details: { file } });
  });
});

describe('slices', () => {
  it('are views of the volume', async () => {
    const image = await readImage(
      await write('s.nii', nifti({ type: 'int16', extents: [2, 3, 4], spacing: [2, 3, 4] }, ramp)),
    );
    expect(middleSlice(image)).toBe(2);
    const slice = sliceOf(image, 3);
    expect(slice).toMatchObject({ width: 2, height: 3, channels: 1, spacing: [2, 3] });
    expect([...slice.pixels]).toEqual([8, 9, 10, 11, 12, 13]);
    for (const k of [-1, 4, 1.5, NaN]) expect(() => sliceOf(image, k)).toThrow(/has no slice .*choose one from 0 to 3/);
  });
});
