import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { samplesOf } from '../../../src/kernel/datasets/cases';
import { loadSample } from '../../../src/kernel/datasets/load';
import { openDataset } from '../../../src/kernel/datasets/open';
import { splitCases } from '../../../src/kernel/datasets/split';

const data = path.resolve(import.meta.dirname, '../../../../shared/data');
const present = fs.existsSync(data);
if (!present)
  console.warn(`../shared/data (beside the repository) is not there: data sets of real images are not tried`);

/** Name, pairs, size of the first image, spacing known. */
const sets: [string, number, [number, number], boolean][] = [
  ['sunnybrook_lv_mri', 260, [256, 256], false],
  ['isic2017_dermoscopy', 49, [0, 0], false],
  ['hc18_fetal_head_us', 50, [800, 540], false],
  ['idrid_optic_disc_fundus', 10, [4288, 2848], false],
  ['montgomery_chest_xray', 40, [0, 0], false],
  ['msd_hippocampus_mri', 60, [35, 51], true],
];

describe.skipIf(!present)('real data sets', () => {
  it.each(sets)('%s opens, splits by subject and loads', { timeout: 60_000 }, async (name, pairs, size, spaced) => {
    const { cases } = await openDataset(path.join(data, name));
    expect(cases.length).toBe(pairs);
    const { train, validation } = splitCases(cases, { fraction: 0.2, seed: 1 });
    expect(train.length + validation.length).toBe(pairs);
    const [first] = await samplesOf(cases.slice(0, 1));
    const { image, mask, spacing } = await loadSample(first);
    if (size[0] > 0) expect([image.width, image.height]).toEqual(size);
    expect([mask.width, mask.height]).toEqual([image.width, image.height]);
    expect(mask.data.includes(1)).toBe(true);
    expect(spacing !== null).toBe(spaced);
  });
});
