import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  autoWindow,
  middleSlice,
  readDicomSegmentation,
  readImage,
  readMask,
  readRtStruct,
  sliceOf,
} from '../../../src/kernel/imaging';

const data = path.resolve(__dirname, '../../../../shared/data');
const present = fs.existsSync(data);
if (!present) console.warn(`skipped: real images are not there (${data})`);

/** Up to `most` files of a folder, in order. */
const filesOf = (folder: string, most: number): string[] => {
  const full = path.join(data, folder);
  const names = fs.readdirSync(full, { recursive: true, encoding: 'utf8' }).sort();
  return names
    .map((name) => path.join(full, name))
    .filter((file) => fs.statSync(file).isFile())
    .slice(0, most);
};

describe.skipIf(!present)('real images', () => {
  it.each([
    ['sunnybrook_lv_mri', 1, [256, 256, 1]],
    ['hc18_fetal_head_us', 1, null],
    ['isic2017_dermoscopy', 3, null],
    ['chase_db1_fundus', 3, [999, 960, 1]],
  ])('%s', async (set, channels, size) => {
    for (const file of filesOf(`${set}/images`, 2)) {
      const image = await readImage(file);
      expect(image.channels, file).toBe(channels);
      if (size) expect(image.size, file).toEqual(size);
    }
    for (const file of filesOf(`${set}/masks`, 2)) {
      const { data: pixels } = await readMask(file);
      const covered = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
      expect(covered, file).toBeGreaterThan(0);
      expect(covered, file).toBeLessThan(0.9);
    }
  });

  it('a CT keeps its Hounsfield units and geometry', async () => {
    const image = await readImage(path.join(data, 'sts_ct_mr_tumour/images/STS_002_CT.nii.gz'));
    expect(image.size).toEqual([161, 143, 48]);
    expect(image.spacing?.map((mm) => Math.round(mm * 1000))).toEqual([977, 977, 3270]);
    expect(image.direction).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
    const { low, high } = autoWindow(sliceOf(image, middleSlice(image)));
    expect(low).toBeLessThan(-500);
    expect(high).toBeGreaterThan(100);
  });

  it('an oblique MR keeps its axes (its header: A, S, L)', async () => {
    const image = await readImage(path.join(data, 'sct_spinal_cord_mri/images/t2.nii.gz'));
    expect(image.direction).toEqual([0, 0, -1, 1, 0, 0, 0, 1, 0]);
  });

  it('MHA and NRRD', async () => {
    const flat = await readImage(path.join(data, 'nrrd_mha_samples/images/CT_2D_head_fixed.mha'));
    expect(flat).toMatchObject({ size: [256, 256, 1], channels: 1, spacing: [1, 1, 1] });
    const volume = await readImage(path.join(data, 'nrrd_mha_samples/images/breast1_image.nrrd'));
    expect(volume).toMatchObject({ size: [45, 120, 21], spacing: [0.664062, 0.664062, 2.1] });
  });

  it.each(['CT', 'MR_T1'])(
    'a DICOM %s series and its structure set are what their NIfTI files hold',
    async (modality) => {
      const folder = path.join(data, 'sts_ct_mr_tumour');
      const image = await readImage(path.join(folder, 'dicom/STS_002', modality, 'image'));
      const reference = await readImage(path.join(folder, `images/STS_002_${modality}.nii.gz`));
      expect(image.size).toEqual(reference.size);
      reference.origin.forEach((mm, axis) => expect(image.origin[axis]).toBeCloseTo(mm, 3));
      expect(image.voxels.every((value, index) => value === reference.voxels[index])).toBe(true);
      const { classes } = await readRtStruct(path.join(folder, 'dicom/STS_002', modality, 'rtstruct/RS.dcm'), image);
      const mask = await readImage(path.join(folder, `masks/STS_002_${modality}.nii.gz`));
      expect([...classes.keys()]).toEqual([`GTV_Mass_${modality}`]);
      const drawn = classes.get(`GTV_Mass_${modality}`);
      expect(mask.voxels.every((value, index) => value === drawn?.[index])).toBe(true);
    },
  );

  it('a DICOM segmentation is what its label map holds, overlapping segments too', async () => {
    const folder = path.join(data, 'dcmqi_ct_seg');
    const image = await readImage(path.join(folder, 'images/ct-3slice'));
    const liver = await readDicomSegmentation(path.join(folder, 'masks/liver.dcm'), image);
    const reference = await readImage(path.join(folder, 'masks/liver_seg.nrrd'));
    expect(reference.voxels.every((value, index) => value === liver.classes.get('Liver')?.[index])).toBe(true);
    const { classes } = await readDicomSegmentation(path.join(folder, 'masks/partial_overlaps.dcm'), image);
    for (const [map, value, name] of [
      [1, 1, 'GREEN'],
      [2, 2, 'ORANGE'],
      [3, 3, 'PURPLE'],
      [1, 4, 'LIGHT_BLUE'],
      [1, 5, 'DARK_BLUE'],
    ] as const) {
      const { voxels } = await readImage(path.join(folder, `masks/partial_overlaps-${map}.nrrd`));
      expect(voxels.every((label, index) => Number(label === value) === classes.get(name)?.[index])).toBe(true);
    }
  });
});
