// Data sets in the layouts that people have: their tables, descriptions and outlines.
import fs from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { inspectDataset, loadAll, openDataset, samplesOf } from '../../../../src/kernel/datasets';
import { nifti } from '../../../unit/imaging/volumes';
import { expectThat, fileReader, type Files, type Reader, type Seed } from '../reader';

const [width, height] = [12, 9];
const png = (bright: (x: number, y: number) => boolean): Promise<Buffer> =>
  sharp(
    Buffer.from(
      Array.from({ length: width * height }, (_, at) => (bright(at % width, Math.floor(at / width)) ? 255 : 0)),
    ),
    {
      raw: { width, height, channels: 1 },
    },
  )
    .toColourspace('b-w')
    .png()
    .toBuffer();

const volume = (values: (at: number) => number): Buffer =>
  nifti(
    { type: 'uint8', extents: [4, 4, 3], spacing: [1, 1, 2] },
    Uint8Array.from({ length: 48 }, (_, at) => values(at)),
  );

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value, null, 1));

async function seeds(): Promise<Seed[]> {
  const [image, mask] = [await png((x, y) => (x + y) % 3 > 0), await png((x, y) => x > 3 && x < 8 && y > 2 && y < 7)];
  const pictures: Files = { 'a.png': image, 'b.png': image, 'a_mask.png': mask, 'b_mask.png': mask };
  const points = JSON.stringify([
    {
      points: [
        { x: 2, y: 2 },
        { x: 9, y: 2 },
        { x: 9, y: 7 },
        { x: 2, y: 7 },
      ],
    },
  ]);
  const outlines = `<?xml version="1.0"?>\n<case>\n <number>1</number>\n <mark>\n  <image>1</image>\n  <svg>${points}</svg>\n </mark>\n <mark><image>2</image><svg></svg></mark>\n</case>\n`;
  const jpeg = await sharp(image).jpeg().toBuffer();
  const [scan, labels] = [volume((at) => at * 5), volume((at) => (at % 7 === 0 ? 1 : at % 5 === 0 ? 2 : 0))];
  const dataset = (names: object, more: object = {}): Buffer => json({ name: 'test', labels: names, ...more });
  return [
    {
      files: {
        'pairs.csv': Buffer.from('image,mask,group,label\na.png,a_mask.png,one,heart\nb.png,b_mask.png,two,heart\n'),
        ...pictures,
      },
      damage: ['pairs.csv'],
      place: '',
    },
    {
      files: { 'pairs.csv': Buffer.from('\ufeffimage;mask\r\n"a.png",a_mask.png\r\n'), ...pictures },
      damage: ['pairs.csv', 'a_mask.png', 'a.png'],
      place: '',
    },
    { files: { '1.xml': Buffer.from(outlines), '1_1.jpg': jpeg, '1_2.jpg': jpeg }, damage: ['1.xml'], place: '' },
    {
      files: {
        'dataset.json': dataset(
          { 0: 'background', 1: 'liver', 2: 'tumour' },
          {
            training: [{ image: './imagesTr/a.nii', label: './labelsTr/a.nii' }],
          },
        ),
        'imagesTr/a.nii': scan,
        'labelsTr/a.nii': labels,
      },
      damage: ['dataset.json', 'dataset.json', 'dataset.json', 'labelsTr/a.nii'],
      place: '',
    },
    {
      files: {
        'dataset.json': dataset(
          { background: 0, liver: 1, whole: [1, 2] },
          { channel_names: { 0: 'CT' }, file_ending: '.nii' },
        ),
        'imagesTr/a_0000.nii': scan,
        'labelsTr/a.nii': labels,
      },
      damage: ['dataset.json'],
      place: '',
    },
    {
      files: {
        'ISIC_0000001.png': image,
        'ISIC_0000001_segmentation.png': mask,
        'groups.csv': Buffer.from('image,patient_id\nISIC_0000001,IP_1\n'),
      },
      damage: ['groups.csv'],
      place: '',
    },
    { files: { 'images/a.png': image, 'masks/a.png': mask }, place: '' },
  ];
}

async function read(folder: string): Promise<void> {
  const dataset = await openDataset(folder);
  const root = `${fs.realpathSync(folder)}${path.sep}`;
  for (const { images, labels, id } of dataset.cases) {
    const named = [...images, ...labels.flatMap((label) => ('file' in label ? [label.file] : []))];
    expectThat(
      named.every((file) => fs.realpathSync(file).startsWith(root)),
      `${id} lies outside of the data set`,
    );
  }
  const described = await inspectDataset(dataset);
  JSON.stringify(described);
  const loaded = await loadAll(await samplesOf(dataset.cases));
  for (let index = 0; index < loaded.length; index++) {
    const { image, mask, spacing } = await loaded.get(index);
    expectThat(mask.width === image.width && mask.height === image.height, 'a mask of another size');
    expectThat(image.rgb.length === 3 * mask.data.length, 'an image of another size');
    expectThat(spacing === null || spacing.every((mm) => Number.isFinite(mm) && mm > 0), `spacing ${String(spacing)}`);
  }
}

export const dataSetReaders: readonly Reader[] = [fileReader('data set', 9, seeds, read)];
