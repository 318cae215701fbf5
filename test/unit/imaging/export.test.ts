import fs from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import {
  exportLabels,
  readDicomSegmentation,
  readImage,
  type LabelledObject,
  type Mask,
  type MedicalImage,
} from '../../../src/kernel/imaging';
import { cocoRuns, encodeCocoRuns } from '../../../src/kernel/imaging/cocoRle';
import { dicomLab } from '../../../src/kernel/imaging/dicom/labColour';
import { parseDicom } from '../../../src/kernel/imaging/dicom/parse';
import { tags } from '../../../src/kernel/imaging/dicom/tags';
import { temporaryFolder } from '../../support/temporaryFolder';
import { dicomFile, picture, place } from './dicom/dicomBytes';
import { nifti } from './volumes';

const root = temporaryFolder('export');
let made = 0;
async function freshFolder(): Promise<string> {
  const folder = path.join(root, `e ${made++}`);
  await fs.mkdir(folder);
  return folder;
}

const maskOf = (width: number, height: number, pixels: readonly number[]): Mask => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height }, (_, index) => Number(pixels.includes(index))),
});

/** Axes in an order that no default gets right, uneven spacing. */
async function volume(folder: string): Promise<MedicalImage> {
  const affine = [
    [0, 0, 4, -7],
    [-2, 0, 0, 8],
    [0, 3, 0, 9],
  ] as const;
  const file = path.join(folder, 'scan 1.nii');
  await fs.writeFile(
    file,
    nifti({ type: 'int16', extents: [4, 3, 5], spacing: [2, 3, 4], affine }, new Int16Array(60)),
  );
  return readImage(file);
}

const objects = (value = 2): LabelledObject[] => [
  {
    label: 'tumour',
    colour: [255, 0, 0],
    value: 1,
    masks: new Map([
      [1, maskOf(4, 3, [5, 6])],
      [3, maskOf(4, 3, [0])],
    ]),
  },
  {
    label: 'oedema, left',
    colour: [0, 255, 0],
    value,
    masks: new Map([
      [1, maskOf(4, 3, [6, 7])],
      [2, maskOf(4, 3, [])],
    ]),
  },
];

describe('COCO run lengths', () => {
  /** What pycocotools 2.0.11 encodes: `mask.encode(np.asfortranarray(mask))`. */
  it.each<[string, Mask, string]>([
    ['empty', maskOf(4, 3, []), '<'],
    ['full', maskOf(4, 3, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]), '0<'],
    ['scattered', maskOf(4, 3, [0, 5, 6, 11]), '0130O010'],
  ])('%s', (_name, mask, counts) => {
    expect(encodeCocoRuns(cocoRuns(mask))).toBe(counts);
  });

  it('long runs take several characters, and differences may be negative', () => {
    expect(encodeCocoRuns([100000, 5, 31, 1000, 3, 40000])).toBe('PeQ35o0So0TOhRV1');
  });
});

it('label maps have the geometry of their image, and the later object on top', async () => {
  const folder = await freshFolder();
  const image = await volume(folder);
  for (const [name, value] of [
    ['l.nii.gz', 2],
    ['l.nrrd', 300],
    ['l.mha', 2],
  ] as const) {
    const [file] = await exportLabels('nifti', path.join(folder, name), { image, objects: objects(value) });
    const labels = await readImage(file);
    expect(labels).toMatchObject({
      size: image.size,
      spacing: image.spacing,
      origin: image.origin,
      direction: image.direction,
    });
    const set = [...labels.voxels].flatMap((label, index) => (label ? [[index, label]] : []));
    expect(set).toEqual([
      [17, 1],
      [18, value],
      [19, value],
      [36, 1],
    ]);
  }
});

it('pictures: one per annotated slice', async () => {
  const folder = await freshFolder();
  const image = await volume(folder);
  const files = await exportLabels('png-labels', path.join(folder, 'labels'), { image, objects: objects(300) });
  expect(files.map((file) => path.basename(file))).toEqual(['slice-1.png', 'slice-3.png']);
  expect([...(await readImage(files[0])).voxels]).toEqual([0, 0, 0, 0, 0, 1, 300, 300, 0, 0, 0, 0]);
  const overlays = await exportLabels('png-overlay', path.join(folder, 'overlay'), { image, objects: objects() });
  const { voxels } = await readImage(overlays[0]);
  expect([...voxels.subarray(15, 24)]).toEqual([255, 0, 0, 0, 255, 0, 0, 255, 0]);
  await expect(exportLabels('png-labels', path.join(folder, 'l.png'), { image, objects: objects() })).rejects.toThrow(
    /needs a folder/,
  );
});

it('COCO: an image per annotated slice', async () => {
  const folder = await freshFolder();
  const image = await volume(folder);
  const [file] = await exportLabels('coco', path.join(folder, 'l.json'), { image, objects: objects() });
  expect(JSON.parse(await fs.readFile(file, 'utf8'))).toEqual({
    images: [1, 3].map((slice) => ({ id: slice + 1, file_name: 'scan 1.nii', width: 4, height: 3, slice })),
    annotations: [
      {
        id: 1,
        image_id: 2,
        category_id: 1,
        segmentation: { size: [3, 4], counts: '41202' },
        area: 2,
        bbox: [1, 1, 2, 1],
        iscrowd: 0,
      },
      {
        id: 2,
        image_id: 2,
        category_id: 2,
        segmentation: { size: [3, 4], counts: '7120O' },
        area: 2,
        bbox: [2, 1, 2, 1],
        iscrowd: 0,
      },
      {
        id: 3,
        image_id: 4,
        category_id: 1,
        segmentation: { size: [3, 4], counts: '01;' },
        area: 1,
        bbox: [0, 0, 1, 1],
        iscrowd: 0,
      },
    ],
    categories: [
      { id: 1, name: 'tumour' },
      { id: 2, name: 'oedema, left' },
    ],
  });
});

describe('DICOM segmentations', () => {
  async function series(folder: string): Promise<MedicalImage> {
    for (const k of [0, 1, 2, 3, 4]) {
      const where = place({
        instance: `1.2.3.4.${k}`,
        position: [5, 6, -2.5 * k],
        orientation: [0.6, 0.8, 0, -0.8, 0.6, 0],
      });
      await fs.writeFile(
        path.join(folder, `${k}.dcm`),
        dicomFile({ ...where, ...picture({ columns: 4, rows: 3, pixels: Array<number>(12).fill(k) }) }),
      );
    }
    return readImage(folder);
  }

  it('come back as they were, and refer to the slices they were drawn on', async () => {
    const folder = await freshFolder();
    const image = await series(folder);
    const file = path.join(folder, 'seg.dcm');
    await exportLabels('dicom-seg', file, { image, objects: objects() });
    // The segmentation lies among the images: it is none of them.
    expect((await readImage(folder)).size).toEqual([4, 3, 5]);
    const { classes } = await readDicomSegmentation(file, image);
    for (const { label, masks } of objects()) {
      const expected = new Uint8Array(60);
      for (const [slice, { data }] of masks) expected.set(data, 12 * slice);
      expect(classes.get(label)).toEqual(expected);
    }
    const { data } = await parseDicom(file, await fs.readFile(file));
    expect(data.text(tags.StudyInstanceUID)).toBe('1.2.3');
    expect(data.text(tags.PatientID)).toBe('patient 1');
    expect(data.text(tags.FrameOfReferenceUID)).toBe('1.2.3.9');
    const sources = data
      .items(tags.PerFrameFunctionalGroupsSequence)
      .map((item) =>
        item.item(tags.DerivationImageSequence)?.item(tags.SourceImageSequence)?.text(tags.ReferencedSOPInstanceUID),
      );
    // Slice 0 lies deepest: positions run against the normal.
    expect(sources).toEqual(['1.2.3.4.3', '1.2.3.4.1', '1.2.3.4.3']);
  });

  it('of pictures without a place in a patient', async () => {
    const folder = await freshFolder();
    const source = path.join(folder, 'us.dcm');
    await fs.writeFile(
      source,
      dicomFile({
        0x00080018: ['UI', '1.9'],
        0x00080060: ['CS', 'US'],
        ...picture({ columns: 4, rows: 3, frames: 5, pixels: Array<number>(60).fill(1) }),
      }),
    );
    const image = await readImage(source);
    await exportLabels('dicom-seg', path.join(folder, 'seg.dcm'), { image, objects: objects() });
    const { classes } = await readDicomSegmentation(path.join(folder, 'seg.dcm'), image);
    expect([...(classes.get('tumour') ?? [])].flatMap((value, index) => (value ? [index] : []))).toEqual([17, 18, 36]);
  });

  it('need DICOM images', async () => {
    const folder = await freshFolder();
    const image = await volume(folder);
    await expect(exportLabels('dicom-seg', path.join(folder, 's.dcm'), { image, objects: objects() })).rejects.toThrow(
      /scan 1\.nii is none; export NIfTI or PNG/,
    );
    expect(await fs.readdir(folder)).toEqual(['scan 1.nii']);
  });

  it('colours are CIELab of D50', () => {
    expect(dicomLab([255, 255, 255])).toEqual([65535, 32896, 32896]);
    expect(dicomLab([0, 0, 0])).toEqual([0, 32896, 32896]);
    // Of sRGB red: L* 54.29, a* 80.81, b* 69.89.
    const [l, a, b] = dicomLab([255, 0, 0]);
    expect((l / 65535) * 100).toBeCloseTo(54.29, 1);
    expect((a / 65535) * 255 - 128).toBeCloseTo(80.81, 1);
    expect((b / 65535) * 255 - 128).toBeCloseTo(69.89, 1);
  });
});

describe('data sets of pairs', () => {
  const table = (folder: string): Promise<string> => fs.readFile(path.join(folder, 'pairs.csv'), 'utf8');

  it('a mask and a row per label; a further call adds, the same image is replaced', async () => {
    const folder = await freshFolder();
    const image = await volume(folder);
    const set = path.join(folder, 'set');
    await exportLabels('pairs', set, { image, objects: objects(), group: 'p, 1' });
    expect(await table(set)).toBe(
      'image,mask,group,label\n' +
        'images/scan-1.nii,masks/scan-1_tumour.nii.gz,"p, 1",tumour\n' +
        'images/scan-1.nii,masks/scan-1_oedema-left.nii.gz,"p, 1","oedema, left"\n',
    );
    expect(await fs.readFile(path.join(set, 'images/scan-1.nii'))).toEqual(await fs.readFile(image.path));
    const mask = await readImage(path.join(set, 'masks/scan-1_oedema-left.nii.gz'));
    expect(mask).toMatchObject({
      size: image.size,
      spacing: image.spacing,
      origin: image.origin,
      direction: image.direction,
    });
    expect([...mask.voxels].flatMap((value, index) => (value ? [index] : []))).toEqual([18, 19]);

    const other = path.join(folder, 'other', 'scan 1.png');
    await fs.mkdir(path.dirname(other));
    await sharp(new Uint8Array(12), { raw: { width: 4, height: 3, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toFile(other);
    const flat: LabelledObject[] = [
      { label: 'a', colour: [1, 2, 3], value: 1, masks: new Map([[0, maskOf(4, 3, [1])]]) },
    ];
    await exportLabels('pairs', set, { image: await readImage(other), objects: flat });
    const rest = { image, objects: objects().slice(0, 1) };
    await exportLabels('pairs', set, rest);
    expect(await table(set)).toBe(
      'image,mask,group,label\n' +
        'images/scan-1.png,masks/scan-1_a.png,scan 1,a\n' +
        'images/scan-1.nii,masks/scan-1_tumour.nii.gz,"p, 1",tumour\n',
    );
    expect((await fs.readdir(path.join(set, 'masks'))).sort()).toEqual(['scan-1_a.png', 'scan-1_tumour.nii.gz']);
    expect((await fs.readdir(path.join(set, 'images'))).sort()).toEqual(['scan-1.nii', 'scan-1.png']);
  });

  it('another image of the same name gets a name of its own; objects of one label are one mask', async () => {
    const folder = await freshFolder();
    const set = path.join(folder, 'set');
    for (const level of [1, 2]) {
      const file = path.join(folder, String(level), 'x.png');
      await fs.mkdir(path.dirname(file));
      await sharp(new Uint8Array(12).fill(level), { raw: { width: 4, height: 3, channels: 1 } })
        .toColourspace('b-w')
        .png()
        .toFile(file);
      const twice = [[1], [2, 3]].map((pixels): LabelledObject => ({
        label: 'a',
        colour: [1, 2, 3],
        value: 1,
        masks: new Map([[0, maskOf(4, 3, pixels)]]),
      }));
      await exportLabels('pairs', set, { image: await readImage(file), objects: twice });
    }
    expect((await table(set)).split('\n').slice(1, 3)).toEqual([
      'images/x.png,masks/x_a.png,x,a',
      'images/x-2.png,masks/x-2_a.png,x,a',
    ]);
    expect([...(await readImage(path.join(set, 'masks/x_a.png'))).voxels]).toEqual([
      0,
      255,
      255,
      255,
      ...Array<number>(8).fill(0),
    ]);
  });

  it('somebody else’s table is left alone', async () => {
    const folder = await freshFolder();
    const image = await volume(folder);
    await fs.writeFile(path.join(folder, 'pairs.csv'), 'image,mask,age\na.png,b.png,30\n');
    await expect(exportLabels('pairs', folder, { image, objects: objects() })).rejects.toThrow(/is no table of pairs/);
    expect(await table(folder)).toBe('image,mask,age\na.png,b.png,30\n');
  });
});

it('nothing to export is told', async () => {
  const folder = await freshFolder();
  const image = await volume(folder);
  const none: LabelledObject[] = [{ label: 'a', colour: [0, 0, 0], value: 1, masks: new Map([[0, maskOf(4, 3, [])]]) }];
  await expect(exportLabels('nifti', path.join(folder, 'a.nii'), { image, objects: none })).rejects.toThrow(
    /nothing is outlined/,
  );
});
