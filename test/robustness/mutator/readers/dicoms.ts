// DICOM: single files in every encoding, series, structure sets, segmentations.
import fs from 'node:fs';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import {
  readDicomSegmentation,
  readDicomSegmentNames,
  readRtStruct,
  readRtStructNames,
  writeDicomSeries,
  writeDicomSegmentation,
  readImage,
  type MedicalImage,
} from '../../../../src/kernel/imaging';
import { projectRoot } from '../../../support/projectRoot';
import { dataSet, dicomFile, picture, place, type Item } from '../../../unit/imaging/dicom/dicomBytes';
import { expectThat, fileReader, type Reader, type Seed, type Special } from '../reader';
import { readAndShow } from './imageCheck';

const size = [8, 6, 4] as const;
const volume: MedicalImage = {
  path: 'volume',
  size,
  channels: 1,
  voxels: Int16Array.from({ length: 192 }, (_, at) => at * 7 - 500),
  spacing: [2, 3, 4],
  origin: [5, 6, 7],
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  window: { low: -100, high: 300 },
};

const pixels = Array.from({ length: 48 }, (_, at) => at * 90);
const plain: Item = {
  ...place({ instance: '1.2.3.4.5', position: [1, 2, 3] }),
  ...picture({ columns: 8, rows: 6, pixels }),
  0x00280030: ['DS', '2\\3'],
  0x00281050: ['DS', '40'],
  0x00281051: ['DS', '400'],
  0x00281052: ['DS', '-1024'],
  0x00281053: ['DS', '1'],
};

async function seriesIn(folder: string): Promise<Seed> {
  const where = path.join(folder, 'series');
  fs.mkdirSync(where, { recursive: true });
  await writeDicomSeries(where, volume, { modality: 'CT', patient: 'p', name: 's' });
  const files = Object.fromEntries(
    fs.readdirSync(where).map((name) => [name, fs.readFileSync(path.join(where, name))]),
  );
  return { files, place: '' };
}

async function fileSeeds(folder: string): Promise<Seed[]> {
  const frames = picture({ columns: 4, rows: 4, frames: 3, pixels });
  const palette: Item = {
    ...picture({
      columns: 4,
      rows: 2,
      bits: 8,
      photometric: 'PALETTE COLOR',
      pixels: Uint8Array.from({ length: 8 }, (_, at) => at),
    }),
    ...Object.fromEntries([0x00281101, 0x00281102, 0x00281103].map((tag) => [tag, ['US', [8, 0, 16]]])),
    ...Object.fromEntries([0x00281201, 0x00281202, 0x00281203].map((tag) => [tag, ['OW', pixels.slice(0, 8)]])),
  };
  const colour = picture({
    columns: 4,
    rows: 4,
    bits: 8,
    samples: 3,
    photometric: 'RGB',
    pixels: Uint8Array.from({ length: 48 }, (_, at) => at),
  });
  const files = [
    dicomFile(plain),
    dicomFile(plain, 'implicit'),
    dicomFile(plain, 'bigEndian'),
    dicomFile(plain, 'deflated'),
    dicomFile({ ...plain, 0x00280004: ['CS', 'MONOCHROME1'] }, 'explicit', { undefinedLengths: true }),
    dicomFile(frames),
    dicomFile(palette),
    dicomFile(colour),
  ];
  return [...files.map((bytes) => ({ files: { 'image.dcm': bytes } })), await seriesIn(folder)];
}

/** The project's fixtures: one of each codec. */
async function codecSeeds(): Promise<Seed[]> {
  const folder = path.join(projectRoot, 'test', 'fixtures', 'dicom');
  return fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.dcm'))
    .map((name) => ({ files: { [name]: fs.readFileSync(path.join(folder, name)) } }));
}

const hugeSize: Special = (random) => {
  const [rows, columns, frames] = random.pick([
    [65_535, 65_535, 1],
    [6, 8, 99_999],
    [65_535, 65_535, 99_999],
    [6, 8, 0],
    [20_000, 20_000, 1],
  ]);
  const item = { ...plain, ...picture({ columns, rows, frames, pixels }) };
  return { what: `a header of ${columns} × ${rows} × ${frames}`, files: { 'image.dcm': dicomFile(item) } };
};

const deflateBomb: Special = (random) => {
  const megabytes = random.pick([1, 20, 100]);
  const meta = dicomFile({}, 'deflated');
  const start = meta.subarray(0, meta.length - deflateRawSync(Buffer.alloc(0)).length);
  // Zeros are attributes without content: the parser meets as many as fit.
  const parts = deflateRawSync(Buffer.alloc(megabytes << 20), { level: 1 });
  return { what: `${megabytes} MiB of zeros deflated`, files: { 'image.dcm': Buffer.concat([start, parts]) } };
};

const deep: Special = (random) => {
  const depth = random.pick([20, 40, 3000]);
  let item: Buffer = dataSet({ 0x00280010: ['US', [4]] });
  const undefinedLength = Buffer.from([0x08, 0x00, 0x40, 0x11, 0x53, 0x51, 0, 0, 0xff, 0xff, 0xff, 0xff]);
  const begin = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0xff, 0xff, 0xff, 0xff]);
  const ends = Buffer.from([0xfe, 0xff, 0x0d, 0xe0, 0, 0, 0, 0, 0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);
  for (let level = 0; level < depth; level++) item = Buffer.concat([undefinedLength, begin, item, ends]);
  const file = dicomFile(plain);
  return {
    what: `sequences ${depth} deep`,
    files: { 'image.dcm': Buffer.concat([file.subarray(0, 158), item, file.subarray(158)]) },
  };
};

function regions(): Item {
  const mm = (corners: number[][], z: number): string =>
    corners.map(([x, y]) => `${5 + 2 * x}\\${6 + 3 * y}\\${7 + 4 * z}`).join('\\');
  const box = [
    [0.5, 0.5],
    [5.5, 0.5],
    [5.5, 4.5],
    [0.5, 4.5],
  ];
  return {
    0x00080060: ['CS', 'RTSTRUCT'],
    0x30060020: ['SQ', [{ 0x30060022: ['IS', '1'], 0x30060026: ['LO', 'heart'] }]],
    0x30060039: [
      'SQ',
      [
        {
          0x30060084: ['IS', '1'],
          0x30060040: [
            'SQ',
            [0, 1, 2].map((z): Item => ({
              0x30060042: ['CS', 'CLOSED_PLANAR'],
              0x30060046: ['IS', '4'],
              0x30060050: ['DS', mm(box, z)],
            })),
          ],
        },
      ],
    ],
  };
}

function checkMasks({ classes }: { classes: ReadonlyMap<string, Uint8Array> }): void {
  for (const [name, mask] of classes) {
    expectThat(mask.length === size[0] * size[1] * size[2], `the mask of ${name} has ${mask.length} voxels`);
    expectThat(
      mask.every((value) => value === 0 || value === 1),
      `the mask of ${name} is no mask`,
    );
  }
}

async function segmentationSeeds(folder: string): Promise<Seed[]> {
  await seriesIn(folder);
  const where = path.join(folder, 'series');
  const image = await readImage(where);
  const mask = {
    width: size[0],
    height: size[1],
    data: Uint8Array.from({ length: 48 }, (_, at) => Number(at % 5 === 0)),
  };
  const object = {
    label: 'heart',
    colour: [255, 0, 0],
    value: 1,
    masks: new Map([
      [1, mask],
      [2, mask],
    ]),
  } as const;
  const file = path.join(folder, 'seg.dcm');
  await writeDicomSegmentation(file, image, [object, { ...object, label: 'lung', value: 2 }]);
  return [{ files: { 'seg.dcm': fs.readFileSync(file) } }];
}

export const dicomReaders: readonly Reader[] = [
  fileReader('DICOM', 8, fileSeeds, readAndShow, [hugeSize, deflateBomb, deep]),
  fileReader('DICOM codecs', 9, codecSeeds, readAndShow),
  fileReader('DICOM series', 3, async (folder) => [await seriesIn(folder)], readAndShow),
  fileReader(
    'RTSTRUCT',
    4,
    async () => [{ files: { 'regions.dcm': dicomFile(regions()) } }],
    async (file) => {
      await readRtStructNames(file);
      checkMasks(await readRtStruct(file, volume));
    },
  ),
  fileReader('SEG', 4, segmentationSeeds, async (file) => {
    await readDicomSegmentNames(file);
    checkMasks(await readDicomSegmentation(file, volume));
  }),
];
