import fs from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  caseSlice,
  loadAll,
  loadCase,
  openDataset,
  samplesOf,
  type Dataset,
  type OpenOptions,
} from '../../../src/kernel/datasets';
import { UserError } from '../../../src/kernel/errors';
import { nifti } from '../imaging/volumes';
import { withFolder, writeSlices, writeText } from './folder';

type Files = Readonly<Record<string, string | readonly (readonly [number, number, number, number])[]>>;

async function openTree<T>(files: Files, use: (dataset: Dataset) => Promise<T>, options: OpenOptions = {}): Promise<T> {
  return withFolder(async (folder) => {
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(folder, ...name.split('/'));
      if (typeof content === 'string') await writeText(file, content);
      else await writeSlices(file, content, name.includes('mask') || name.includes('label') ? 'uint8' : 'int16');
    }
    return use(await openDataset(folder, options));
  });
}

async function refusal(files: Files): Promise<string> {
  const error: unknown = await openTree(files, async () => null).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).not.toContain('\n');
  return (error as UserError).message;
}

const masksOf = async ({ cases }: Dataset, index = 0) =>
  Object.fromEntries([...(await loadCase(cases[index])).masks].map(([name, voxels]) => [name, [...voxels].join('')]));

const zero = [0, 0, 0, 0] as const;
const ct = [
  [-900, 0, 40, 300],
  [-900, 10, 50, 3000],
  [5, 5, 5, 5],
] as const;

describe('volumes of pairs', () => {
  const table = 'image,mask,group\nct-a.nii.gz,mask-a.nii.gz,p\nct-b.nii.gz,mask-b.nii.gz,q\n';
  const files = {
    'pairs.csv': table,
    'ct-a.nii.gz': ct,
    'ct-b.nii.gz': ct,
    'mask-a.nii.gz': [zero, [1, 1, 0, 0], [0, 1, 0, 0]],
    'mask-b.nii.gz': [[0, 0, 0, 2], zero, [0, 1, 0, 2]],
  } as const;

  it('make a class of every value that one of them holds, and a sample of every slice that shows it', async () => {
    await openTree(files, async (dataset) => {
      expect(dataset.classes).toEqual(['1', '2']);
      const samples = await samplesOf(dataset.cases);
      expect(samples.map(({ case: item, className, slice }) => [item.id, className, slice])).toEqual([
        ['ct-a.nii.gz', '1', 1],
        ['ct-a.nii.gz', '1', 2],
        ['ct-b.nii.gz', '2', 0],
        ['ct-b.nii.gz', '1', 2],
        ['ct-b.nii.gz', '2', 2],
      ]);
      expect(await masksOf(dataset)).toEqual({ 1: '000011000100' });
      const loaded = await loadAll(samples);
      const last = await loaded.get(4);
      expect(last).toMatchObject({ className: '2', caseId: 'ct-b.nii.gz', slice: 2, spacing: [1, 1] });
      expect([...last.mask.data]).toEqual([0, 0, 0, 1]);
      expect(await loaded.get(4)).toEqual(await (await loadAll(samples, { maxBytes: 0 })).get(4));
    });
  });

  it('are the target where all of them hold one value', async () => {
    await openTree({ ...files, 'mask-b.nii.gz': [zero, zero, [0, 1, 0, 0]] }, async ({ classes }) =>
      expect(classes).toEqual(['target']),
    );
  });

  it('take their names from labels.json, or what is asked for', async () => {
    await openTree({ ...files, 'labels.json': '{"liver": 1, "tumour": [2]}' }, async ({ classes }) =>
      expect(classes).toEqual(['liver', 'tumour']),
    );
    await openTree(
      files,
      async (dataset) => {
        expect(dataset.classes).toEqual(['both']);
        expect(await masksOf(dataset, 1)).toEqual({ both: '000100000101' });
      },
      { classes: ['both=1+2'] },
    );
  });

  it('see the same intensity in the same grey on every slice', async () => {
    await openTree(
      {
        ...files,
        'ct-b.nii.gz': [
          [0, 0, 0, 100],
          [0, 0, 0, 50],
          [100, 100, 100, 100],
        ],
      },
      async ({ cases }) => {
        const loaded = await loadCase(cases[1]);
        expect(caseSlice(loaded, 0).rgb[9]).toBe(255);
        expect(caseSlice(loaded, 1).rgb[9]).toBeCloseTo(128, -1);
        expect(new Set(caseSlice(loaded, 2).rgb)).toEqual(new Set([255]));
      },
    );
  });

  it('refuse a mask that is no map of labels', async () => {
    await withFolder(async (folder) => {
      await writeSlices(path.join(folder, 'ct.nii.gz'), ct, 'int16');
      await writeSlices(path.join(folder, 'mask.nii.gz'), [zero, [0, 0.5, 0, 0], zero], 'float32');
      await writeText(path.join(folder, 'pairs.csv'), 'image,mask\nct.nii.gz,mask.nii.gz\n');
      await expect(openDataset(folder)).rejects.toThrow(/mask\.nii\.gz is no map of labels: it holds 0\.5/);
    });
  });

  it('stop when they are told to', async () => {
    await expect(openTree(files, async () => null, { signal: AbortSignal.abort() })).rejects.toThrow('cancelled');
  });
});

describe('decathlon', () => {
  const description = {
    labels: { 0: 'background', 1: 'Anterior', 2: 'Posterior' },
    training: [
      { image: './imagesTr/h_001.nii.gz', label: './labelsTr/h_001.nii.gz' },
      { image: './imagesTr/h_002.nii.gz', label: './labelsTr/h_002.nii.gz' },
    ],
  };
  const files = {
    'dataset.json': JSON.stringify(description),
    'imagesTr/h_001.nii.gz': ct,
    'imagesTr/h_002.nii.gz': ct,
    'imagesTs/h_003.nii.gz': ct,
    'labelsTr/h_001.nii.gz': [zero, [1, 2, 0, 0], zero],
    'labelsTr/h_002.nii.gz': [zero, [1, 0, 0, 0], zero],
  } as const;

  it('takes pairs and names from dataset.json; a class may be absent', async () => {
    await openTree(files, async (dataset) => {
      expect([dataset.layout, dataset.classes]).toEqual(['decathlon', ['Anterior', 'Posterior']]);
      expect(dataset.cases.map(({ id, group }) => [id, group])).toEqual([
        ['imagesTr/h_001.nii.gz', 'h_001'],
        ['imagesTr/h_002.nii.gz', 'h_002'],
      ]);
      expect(Object.keys(await masksOf(dataset, 0))).toEqual(['Anterior', 'Posterior']);
      expect(Object.keys(await masksOf(dataset, 1))).toEqual(['Anterior']);
    });
  });

  it.each([
    [{ training: [{ image: '../x.nii.gz', label: './labelsTr/h_001.nii.gz' }] }, /pair 1 of "training".*lies outside/],
    [
      { training: [description.training[0], { image: './imagesTr/9.nii.gz', label: 'x' }] },
      /pair 2 .*no file \.\/imagesTr\/9/,
    ],
    [{ labels: { 1: 'a', 2: 'a' } }, /two labels are called a/],
    [{ labels: { 0: 'background' } }, /names no class/],
    [{ labels: ['a'] }, /not like/],
  ])('refuses %o', async (change, message) => {
    expect(await refusal({ ...files, 'dataset.json': JSON.stringify({ ...description, ...change }) })).toMatch(message);
  });

  it('reads the volumes of one file of four axes as modalities', async () => {
    await withFolder(async (folder) => {
      const volumes = [0, 100, 50, 7].flatMap((level) => Array.from({ length: 12 }, (_, i) => (i === 0 ? level : i)));
      const bytes = nifti({ type: 'int16', extents: [2, 2, 3, 4] }, Int16Array.from(volumes));
      await writeText(path.join(folder, 'imagesTr', 'b.nii'), '');
      await fs.writeFile(path.join(folder, 'imagesTr', 'b.nii'), bytes);
      await writeSlices(path.join(folder, 'labelsTr', 'b.nii'), [zero, [1, 0, 0, 0], zero]);
      const training = [{ image: 'imagesTr/b.nii', label: 'labelsTr/b.nii' }];
      await writeText(path.join(folder, 'dataset.json'), JSON.stringify({ labels: description.labels, training }));
      const { cases } = await openDataset(folder);
      const { image, masks } = await loadCase(cases[0]);
      expect([image.channels, image.size, [...image.voxels.subarray(0, 8)]]).toEqual([
        4,
        [2, 2, 3],
        [0, 100, 50, 7, 1, 1, 1, 1],
      ]);
      expect([...masks.keys()]).toEqual(['Anterior']);
    });
  });

  it('refuses what is no JSON', async () => {
    expect(await refusal({ ...files, 'dataset.json': '{"training": [' })).toMatch(/dataset\.json is not the JSON/);
  });
});

describe('nnunet', () => {
  const files = {
    'imagesTr/c_01_0000.nii.gz': ct,
    'imagesTr/c_01_0001.nii.gz': ct.map(([a, b, c, d]) => [d, c, b, a] as const),
    'imagesTr/c_02_0000.nii.gz': ct,
    'imagesTr/c_02_0001.nii.gz': ct,
    'imagesTr/c_03_0000.nii.gz': ct,
    'labelsTr/c_01.nii.gz': [zero, [1, 2, 3, 0], zero],
    'labelsTr/c_02.nii.gz': [zero, [1, 0, 0, 0], zero],
  } as const;
  const second = {
    channel_names: { 0: 'CT', 1: 'PET' },
    labels: { background: 0, whole: [1, 2, 3], core: 3, ignore: 4 },
    file_ending: '.nii.gz',
  };
  const first = {
    modality: { 0: 'CT', 1: 'PET' },
    labels: { 0: 'background', 1: 'whole', 3: 'core' },
    training: [{ image: './imagesTr/c_01.nii.gz', label: './labelsTr/c_01.nii.gz' }],
  };

  it('reads channels and regions of the second version', async () => {
    await openTree({ ...files, 'dataset.json': JSON.stringify(second) }, async (dataset) => {
      expect([dataset.layout, dataset.classes]).toEqual(['nnunet', ['whole', 'core']]);
      expect(dataset.cases.map(({ id, images }) => [id, images.length])).toEqual([
        ['c_01', 2],
        ['c_02', 2],
      ]);
      expect(dataset.notes[0]).toMatch(/1 image has no label map.*c_03_0000/);
      expect(await masksOf(dataset)).toEqual({ whole: '000011100000', core: '000000100000' });
      const loaded = await loadCase(dataset.cases[0]);
      expect(loaded.image.channels).toBe(2);
      expect(Array.from(loaded.image.voxels.subarray(0, 8))).toEqual([-900, 300, 0, 40, 40, 0, 300, -900]);
      const { rgb } = caseSlice(loaded, 0);
      expect([...rgb.subarray(0, 3)]).toEqual([0, rgb[1], rgb[1]]);
      expect(rgb[1]).toBeGreaterThan(0);
      const [sample] = await samplesOf(dataset.cases);
      expect(sample).toMatchObject({ className: 'whole', slice: 1 });
    });
  });

  it('reads the first version, whose list of pairs names no channels', async () => {
    await openTree({ ...files, 'dataset.json': JSON.stringify(first) }, async ({ layout, classes }) =>
      expect([layout, classes]).toEqual(['nnunet', ['whole', 'core']]),
    );
  });

  it('names what is missing', async () => {
    const json = { 'dataset.json': JSON.stringify(second) };
    expect(await refusal({ ...files, ...json, 'labelsTr/c_03.nii.gz': [zero, zero, zero] })).toMatch(
      /c_01 has 2 channels but c_03 has 1/,
    );
    expect(await refusal({ ...files, ...json, 'imagesTr/c_04_0001.nii.gz': ct })).toMatch(
      /c_04 lacks the channel _0000/,
    );
    expect(await refusal({ ...files, ...json, 'labelsTr/c_05.nii.gz': [zero] })).toMatch(/c_05\.nii\.gz has no image/);
  });
});

describe('btcv', () => {
  const files = {
    'Training/img/img0001.nii.gz': ct,
    'Training/img/img0002.nii.gz': ct,
    'Training/label/label0001.nii.gz': [[6, 6, 1, 13], zero, zero],
  } as const;

  it('knows its organs', async () => {
    await openTree(files, async (dataset) => {
      expect(dataset.layout).toBe('btcv');
      expect(dataset.classes).toHaveLength(13);
      expect(await masksOf(dataset)).toEqual({
        spleen: '001000000000',
        liver: '110000000000',
        'left adrenal gland': '000100000000',
      });
      expect(dataset.notes[0]).toMatch(/1 volume has no label map.*img0002/);
    });
  });

  it('reads as its table says where one lists the pairs', async () => {
    const description = {
      labels: { 0: 'background', 6: 'leber' },
      training: [{ image: 'Training/img/img0001.nii.gz', label: 'Training/label/label0001.nii.gz' }],
    };
    await openTree({ ...files, 'dataset.json': JSON.stringify(description) }, async ({ layout, classes }) =>
      expect([layout, classes]).toEqual(['decathlon', ['leber']]),
    );
  });
});

describe('brats', () => {
  const files = {
    'BraTS2021_00000/BraTS2021_00000_t1.nii.gz': [[4, 4, 4, 4], zero, zero],
    'BraTS2021_00000/BraTS2021_00000_t1ce.nii.gz': [[100, 0, 0, 0], zero, zero],
    'BraTS2021_00000/BraTS2021_00000_t2.nii.gz': [[0, 0, 100, 0], zero, zero],
    'BraTS2021_00000/BraTS2021_00000_flair.nii.gz': [[0, 100, 0, 0], zero, zero],
    'BraTS2021_00000/BraTS2021_00000_seg.nii.gz': [[1, 2, 4, 0], zero, zero],
  } as const;

  it('reads four modalities and the regions in each other', async () => {
    await openTree(files, async (dataset) => {
      expect([dataset.layout, dataset.classes]).toEqual(['brats', ['WT', 'TC', 'ET']]);
      expect(await masksOf(dataset)).toEqual({ WT: '111000000000', TC: '101000000000', ET: '001000000000' });
      const loaded = await loadCase(dataset.cases[0]);
      expect(loaded.image.channels).toBe(4);
      const { rgb } = caseSlice(loaded, 0);
      expect([...rgb]).toEqual([255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0]);
    });
  });

  it('names a modality that is missing', async () => {
    const { 'BraTS2021_00000/BraTS2021_00000_t2.nii.gz': _, ...others } = files;
    expect(await refusal(others)).toMatch(/BraTS2021_00000 has no volume BraTS2021_00000_t2/);
  });
});
