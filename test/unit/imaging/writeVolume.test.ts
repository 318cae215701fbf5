import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type MedicalImage, readImage, writeVolume } from '../../../src/kernel/imaging';

let folder: string;
beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'med-sa-write-'));
});
afterAll(() => fs.rm(folder, { recursive: true }));

/** Row-major; axes turned about all three, the last one mirrored where `side` is −1. */
function turned([a, b, c]: readonly [number, number, number], side: 1 | -1): number[] {
  const [ca, sa, cb, sb, cc, sc] = [a, b, c].flatMap((angle) => [Math.cos(angle), Math.sin(angle)]);
  const third = [ca * sb * cc + sa * sc, sa * sb * cc - ca * sc, cb * cc];
  const rows = [
    [ca * cb, ca * sb * sc - sa * cc],
    [sa * cb, sa * sb * sc + ca * cc],
    [-sb, cb * sc],
  ];
  return rows.flatMap((row, index) => [...row, side * third[index]]);
}

const values = Array.from({ length: 24 }, (_, index) => 5 * index);

function volume(voxels: MedicalImage['voxels'], direction: readonly number[]): MedicalImage {
  const channels = voxels.length === 72 ? 3 : 1;
  return {
    path: '',
    size: [2, 3, 4],
    channels,
    voxels,
    spacing: [0.5, 0.7, 2.3],
    origin: [1.1, -20.2, 300.3],
    direction,
  };
}

const kinds = [Uint8Array, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array, Float32Array, Float64Array];

it.each(['.nii', '.nii.gz', '.nrrd', '.mha'])('what is written as %s is read again', async (extension) => {
  const images = [
    ...kinds.map((Kind, index) => volume(Kind.from(values), turned([0.1 * index, 0.4, -0.3], index % 2 ? 1 : -1))),
    volume(Uint8Array.from([...values, ...values, ...values]), turned([3, -1.2, 2], 1)),
  ];
  for (const [index, image] of images.entries()) {
    const file = path.join(folder, `image${index}${extension}`);
    await writeVolume(file, image);
    const read = await readImage(file);
    expect([read.size, read.channels, read.voxels]).toEqual([image.size, image.channels, image.voxels]);
    // NIfTI has single precision.
    const digits = extension.startsWith('.nii') ? 4 : 12;
    for (const part of ['spacing', 'origin', 'direction'] as const) {
      image[part]?.forEach((value, at) => expect(read[part]?.[at]).toBeCloseTo(value, digits));
    }
  }
});

it('both forms of a NIfTI header say the same', async () => {
  for (let turn = 0; turn < 24; turn++) {
    const angles = [0.9 * turn, 0.5 * turn - 3, 1.7 * turn] as const;
    const image = volume(Int16Array.from(values), turned(angles, turn % 2 ? 1 : -1));
    const file = path.join(folder, `form${turn}.nii`);
    await writeVolume(file, image);
    const sform = await readImage(file);
    const bytes = await fs.readFile(file);
    bytes.writeInt16LE(0, 254);
    await fs.writeFile(file, bytes);
    const qform = await readImage(file);
    expect(qform.spacing).toEqual(sform.spacing);
    expect(qform.origin).toEqual(sform.origin);
    qform.direction.forEach((value, at) => expect(value, `turn ${turn}`).toBeCloseTo(sform.direction[at], 5));
  }
});

it('what a NIfTI header has no room for is refused', async () => {
  const wide = { ...volume(new Uint8Array(40_000), turned([0, 0, 0], 1)), size: [40_000, 1, 1] as const };
  await expect(writeVolume(path.join(folder, 'wide.nii'), wide)).rejects.toThrow(
    /at most 32767 voxels .* \.nrrd or \.mha/,
  );
  expect(await fs.readdir(folder)).not.toContain('wide.nii');
});
