import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../../src/kernel/errors';
import { type MedicalImage, readImage } from '../../../src/kernel/imaging';
import itk from '../../fixtures/volumes/itk.json';
import { noise } from '../../support/drawnImage';
import { realData } from '../../support/realData';
import { nifti } from './volumes';

let folder: string;
beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'med-sa-readers-'));
  for (const name of ['nrrd', 'meta', 'nifti']) await fs.mkdir(path.join(folder, name));
  for (const [name, content] of Object.entries(itk.data)) await write(name, Buffer.from(content, 'base64'));
});
afterAll(() => fs.rm(folder, { recursive: true }));

async function write(name: string, bytes: Uint8Array | string): Promise<string> {
  const file = path.join(folder, name);
  await fs.writeFile(file, bytes);
  return file;
}

const told = ({ size, channels, spacing, origin, direction, voxels }: MedicalImage) => ({
  size,
  channels,
  spacing,
  origin,
  direction,
  kind: voxels.constructor.name,
});

describe('volumes are read as ITK reads them, to the last bit', () => {
  it.each(itk.drawn)('$file', async ({ file, content, values, ...wanted }) => {
    const image = await readImage(await write(file, Buffer.from(content, 'base64')));
    expect(told(image)).toEqual(wanted);
    expect(Array.from(image.voxels, (value) => (Number.isFinite(value) ? value : String(value)))).toEqual(values);
  });

  const sets = [
    'nrrd_mha_samples',
    'dcmqi_ct_seg',
    'sct_spinal_cord_mri',
    'sts_ct_mr_tumour',
    'totalseg_ct_multilabel',
  ];
  it.skipIf(sets.map(realData).includes(null))('public files', async () => {
    const root = path.dirname(realData(sets[0]) ?? '');
    for (const [file, digest] of Object.entries(itk.public)) {
      const image = await readImage(path.join(root, file));
      const { size, channels, spacing, origin, direction, kind } = told(image);
      const { buffer, byteOffset, byteLength } = image.voxels;
      const hash = createHash('sha256')
        .update(JSON.stringify([size, channels, spacing, origin, direction, kind]))
        .update(new Uint8Array(buffer, byteOffset, byteLength));
      expect(hash.digest('hex').slice(0, 32), file).toBe(digest);
    }
  });
});

const base = ['NRRD0004', 'type: short', 'dimension: 3', 'sizes: 2 3 4', 'endian: little', 'encoding: raw'];
const nrrdOf = (lines: readonly string[], body: Uint8Array = Buffer.alloc(48)): Buffer =>
  Buffer.concat([Buffer.from(`${lines.join('\n')}\n\n`), body]);

describe('where ITK errs or gives up', () => {
  it('left-anterior-superior is turned about the axis to the back', async () => {
    const lines = [...base, 'space: LAS', 'space directions: (1,0,0) (0,2,0) (0,0,3)', 'space origin: (5,6,7)'];
    const image = await readImage(await write('las.nrrd', nrrdOf(lines)));
    expect(image).toMatchObject({ origin: [5, -6, 7], spacing: [1, 2, 3], direction: [1, 0, 0, 0, -1, 0, 0, 0, 1] });
  });

  it('a slice in space is perpendicular to its third axis', async () => {
    const lines = ['NRRD0004', 'type: uint8', 'dimension: 2', 'sizes: 2 3', 'encoding: raw', 'space: LPS'];
    const placed = [...lines, 'space directions: (0,2,0) (0,0,3)', 'space origin: (5,6,7)'];
    const image = await readImage(await write('flat.nrrd', nrrdOf(placed, Buffer.alloc(6))));
    expect(image).toMatchObject({ size: [2, 3, 1], spacing: [2, 3, 1], direction: [0, 0, 1, 1, 0, 0, 0, 1, 0] });
  });

  it('times are volumes', async () => {
    const lines = ['NRRD0004', 'type: uint8', 'dimension: 4', 'sizes: 2 1 1 3', 'encoding: raw', 'space: LPS'];
    const placed = [...lines, 'space directions: (1,0,0) (0,2,0) (0,0,3) none', 'kinds: space space space time'];
    const file = await write('times.nrrd', nrrdOf(placed, Uint8Array.of(1, 2, 3, 4, 5, 6)));
    expect([...(await readImage(`${file}#1`)).voxels]).toEqual([3, 4]);
    await expect(readImage(file)).rejects.toThrow(/holds 3 volumes .* #0 to #2/);
  });

  it('a negative spacing turns its axis round', async () => {
    const image = await readImage(await write('negative.nrrd', nrrdOf([...base, 'spacings: 1 -2 3'])));
    expect(image).toMatchObject({ spacing: [1, 2, 3], direction: [1, 0, 0, 0, -1, 0, 0, 0, 1] });
  });

  it('the ending of a name may be written in any case', async () => {
    const bytes = gzipSync(nifti({ type: 'rgb24', extents: [2, 1, 1] }, Uint8Array.of(1, 2, 3, 4, 5, 6)));
    expect((await readImage(await write('Mixed.NII.gz', bytes))).channels).toBe(3);
  });
});

describe('headers that promise what is not there', () => {
  const meta = (...lines: string[]): string => `ObjectType = Image\nNDims = 3\n${lines.join('\n')}\n`;
  const [short, local] = ['ElementType = MET_SHORT', 'ElementDataFile = LOCAL'];
  it.each<[string, Uint8Array | string, RegExp]>([
    ['huge.nrrd', nrrdOf(base.with(3, 'sizes: 2000000 3000000 4')), /cut short/],
    ['more.nrrd', nrrdOf(base.with(3, 'sizes: 9007199254740991 9007199254740991 4')), /promises .* values/],
    [
      'deflated.nrrd',
      nrrdOf([...base.slice(0, 3), 'sizes: 99999 99999 9', 'endian: little', 'encoding: gzip'], gzipSync('a')),
      /cannot be in/,
    ],
    ['negative.mha', meta('DimSize = -2 3 4', short, local), /the sizes -2 3 4/],
    ['few.mha', meta('DimSize = 2 3', short, local), /has not 3 numbers for dimsize/],
    ['missing.mhd', meta('DimSize = 2 3 4', short, 'ElementDataFile = nowhere.raw'), /nowhere\.raw does not exist/],
    ['files.mhd', meta('DimSize = 2 3 4', short, 'ElementDataFile = a%03d.raw 1 99999999 1'), /numbers files from 1/],
    ['step.mhd', meta('DimSize = 2 3 4', short, 'ElementDataFile = a%03d.raw 1 9 0'), /numbers files from 1/],
    ['uneven.mhd', meta('DimSize = 2 3 4', short, 'ElementDataFile = a%d.raw 1 7 1'), /do not fill 7 files evenly/],
    ['itself.nrrd', nrrdOf([...base, 'byte skip: 1e15']), /cut short/],
    ['lines.nrrd', nrrdOf([...base, 'line skip: 99']), /skips 99 lines/],
    ['axis.nrrd', nrrdOf([...base, 'space: LPS', 'space directions: (0,0,0) (0,1,0) (0,0,1)']), /an axis no length/],
    ['twice.nrrd', nrrdOf([...base, 'type: int']), /says twice/],
    ['bz.nrrd', nrrdOf(base.with(5, 'encoding: bzip2')), /encoding is "bzip2"/],
    ['far.nii', farNifti(), /cut short: its header promises 1000000048 bytes, it holds 400/],
  ])('%s', async (name, bytes, message) => {
    const file = await write(name, bytes);
    await expect(readImage(file)).rejects.toThrow(message);
    await expect(readImage(file)).rejects.toBeInstanceOf(UserError);
  });

  it('whatever bytes are changed or lost, there is an image or a reason', async () => {
    let refused = 0;
    const files = itk.drawn.filter((_, index) => index % 3 === 0);
    for (const [index, { file, content }] of files.entries()) {
      for (let round = 0; round < 8; round++) {
        const random = (below: number, salt: number): number =>
          Math.floor(noise(index * 1000 + round * 10 + salt) * below);
        const bytes = Buffer.from(content, 'base64');
        for (let change = 0; change < 3; change++) bytes[random(bytes.length, change)] = random(256, change + 3);
        const damaged = await write(file, round % 4 === 3 ? bytes.subarray(0, random(bytes.length, 7)) : bytes);
        const outcome = await readImage(damaged).catch((error: unknown) => error);
        if (!(outcome instanceof Error)) continue;
        expect(outcome, `${file}, round ${round}: ${outcome.stack}`).toBeInstanceOf(UserError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
});

/** Its header puts the voxels a gigabyte away. */
function farNifti(): Buffer {
  const bytes = nifti({ type: 'int16', extents: [2, 3, 4] }, new Int16Array(24));
  bytes.writeFloatLE(1e9, 108);
  return bytes;
}
