// NIfTI, NRRD and MetaImage.
import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { writeVolume, readVolumesFile, type MedicalImage } from '../../../../src/kernel/imaging';
import { metaImage, nifti, nrrd } from '../../../unit/imaging/volumes';
import { fileReader, type Reader, type Seed, type Special } from '../reader';
import { checkImage, readAndShow } from './imageCheck';

const size = [6, 5, 4] as const;
const values = Int16Array.from({ length: 120 }, (_, at) => at * 13 - 700);
const affine = [
  [-2, 0, 0, 5],
  [0, -3, 0, 6],
  [0, 0, 4, 7],
] as const;
const volume = (voxels: MedicalImage['voxels']): MedicalImage => ({
  path: 'volume',
  size,
  channels: 1,
  voxels,
  spacing: [2, 3, 4],
  origin: [5, 6, 7],
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
});

/** A file as our own writer writes it. */
async function written(folder: string, name: string, voxels: MedicalImage['voxels']): Promise<Seed> {
  const file = path.join(folder, name);
  await writeVolume(file, volume(voxels));
  return { files: { [name]: fs.readFileSync(file) } };
}

async function niftiSeeds(folder: string): Promise<Seed[]> {
  const header = { type: 'int16', spacing: [2, 3, 4], affine } as const;
  const plain = nifti({ ...header, extents: size }, values);
  const big = Buffer.from(plain);
  big.writeInt32BE(348, 0);
  return [
    { files: { 'scan.nii': plain } },
    { files: { 'scan.nii.gz': gzipSync(plain) } },
    {
      files: {
        'scan.nii': nifti(
          { ...header, type: 'float32', extents: size, slope: 2, intercept: 1 },
          Float32Array.from(values),
        ),
      },
    },
    { files: { 'scan.nii': nifti({ ...header, type: 'rgb24', extents: [4, 5, 2] }, new Uint8Array(120)) } },
    { files: { 'scan.nii': nifti({ ...header, type: 'int64', extents: [3, 5, 1] }, new BigInt64Array(15)) } },
    { files: { 'scan.nii': nifti({ ...header, extents: [5, 4, 3, 2] }, values) } },
    { files: { 'scan.nii': big } },
    await written(folder, 'scan.nii.gz', Float32Array.from(values)),
  ];
}

async function nrrdSeeds(folder: string): Promise<Seed[]> {
  return [
    { files: { 'scan.nrrd': nrrd(size, values) } },
    await written(folder, 'scan.nrrd', values),
    await written(folder, 'scan.nrrd', Uint8Array.from(values)),
  ];
}

async function metaSeeds(folder: string): Promise<Seed[]> {
  const meta = metaImage(size, [2, 3, 4], values);
  const header = meta.subarray(0, meta.length - values.byteLength).toString();
  return [
    { files: { 'scan.mha': meta } },
    await written(folder, 'scan.mha', values),
    { files: { 'scan.mhd': Buffer.from(header.replace('LOCAL', 'scan.raw')), 'scan.raw': Buffer.from(values.buffer) } },
  ];
}

/** A header that promises terabytes, or one that holds what it promises: zeros that pack a thousandfold. */
const niftiBomb: Special = (random) => {
  const extents = random.pick([
    [32_000, 32_000, 32_000],
    [2000, 2000, 50],
    [32_767, 32_767, 1],
    [600, 600, 600],
  ]);
  const header = nifti({ type: random.pick(['int16', 'float32', 'uint8']), extents, affine }, new Uint8Array(0));
  const content = gzipSync(Buffer.concat([header, Buffer.alloc(random.pick([0, 1 << 20, 60 << 20]))]), { level: 1 });
  return { what: `a NIfTI bomb of ${extents.join(' × ')}`, files: { 'scan.nii.gz': content } };
};

const hugeText =
  (name: string, from: Buffer, line: RegExp, to: (extents: string) => string): Special =>
  (random) => {
    const extents = random.pick([
      '40000 40000 40000',
      '2000 2000 2000',
      '-1 5 4',
      '0 0 0',
      '1e9 5 4',
      '65536 65536 1',
      '',
    ]);
    const [text, rest] = [from.subarray(0, from.length - values.byteLength).toString(), values.buffer];
    const bytes = Buffer.concat([Buffer.from(text.replace(line, to(extents))), Buffer.from(rest)]);
    return { what: `${name} of ${extents}`, files: { [name]: bytes } };
  };

/** Names that lead out of the folder, or to a device. */
const elsewhere: Special = (random) => {
  const meta = metaImage(size, [2, 3, 4], values);
  const header = meta.subarray(0, meta.length - values.byteLength).toString();
  const target = random.pick([
    '/etc/passwd',
    '../../../../etc/passwd',
    '/dev/zero',
    '/dev/stdin',
    'LIST',
    'scan%d.raw 1 9999999 1',
    '.',
    'scan.mhd',
  ]);
  return { what: `data in ${target}`, files: { 'scan.mhd': Buffer.from(header.replace('LOCAL', target)) } };
};

const nrrdElsewhere: Special = (random) => {
  const text = nrrd(size, values).toString('latin1').split('\n\n')[0];
  const target = random.pick(['/etc/passwd', '/dev/zero', 'LIST', 'scan%03d.raw 0 999999999 1', '../../x.raw']);
  return { what: `data in ${target}`, files: { 'scan.nrrd': Buffer.from(`${text}\ndata file: ${target}\n\n`) } };
};

/** Once as a viewer reads it, and once as a case of several modalities. */
async function readVolume(file: string): Promise<void> {
  try {
    await readAndShow(file);
  } catch (error) {
    if (!/#0 to #/.test(String(error))) throw error;
    for (const one of await readVolumesFile(file)) checkImage(one);
  }
}

export const volumeReaders: readonly Reader[] = [
  fileReader('NIfTI', 8, niftiSeeds, readVolume, [niftiBomb]),
  fileReader('NRRD', 5, nrrdSeeds, readVolume, [
    hugeText('scan.nrrd', nrrd(size, values), /sizes: .*/, (extents) => `sizes: ${extents}`),
    nrrdElsewhere,
  ]),
  fileReader('MetaImage', 5, metaSeeds, readVolume, [
    hugeText('scan.mha', metaImage(size, [2, 3, 4], values), /DimSize = .*/, (extents) => `DimSize = ${extents}`),
    elsewhere,
  ]),
];
