// The notebooks of examples/ are executed as a person does, from top to bottom and then once more, on the real kernel.
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadCase, type LoadedCase, openDataset } from '../../../src/kernel/datasets';
import { dice } from '../../../src/kernel/evaluation';
import { readDicomSegmentation, readImage, readMask } from '../../../src/kernel/imaging';
import { readNotebook } from '../../../src/kernel/notebook/ipynb';
import type { CellOutput } from '../../../src/protocol';
import { projectRoot } from '../../support/projectRoot';
import { temporaryFolder } from '../../support/temporaryFolder';
import type { KernelUnderTest } from '../kernel/client';
import { startProduct } from '../kernel/programs';

const folder = temporaryFolder('examples');
const at = (name: string): string => path.join(folder, 'med-sa-examples', name);
let kernel: KernelUnderTest;

beforeAll(async () => {
  kernel = await startProduct(folder);
});

/**
 * Executes every code cell; `parameters` is what a person in a hurry writes into the cell of that tag.
 * @returns what the cells printed and showed as text, one entry a cell
 */
async function execute(name: string, parameters?: string): Promise<string[]> {
  const { cells } = await readNotebook(path.join(projectRoot, 'examples', name));
  const texts: string[] = [];
  for (const { source: written, metadata } of cells.filter((cell) => cell.cell_type === 'code')) {
    const isParameters = Array.isArray(metadata.tags) && metadata.tags.includes('parameters');
    const source = isParameters ? (parameters ?? written) : written;
    const { ok, outputs } = await kernel.execute(source);
    expect(outputs.filter(({ kind }) => kind === 'error')).toEqual([]);
    expect(ok, source).toBe(true);
    texts.push(outputs.map(textOf).join('\n'));
  }
  return texts;
}

function textOf(output: CellOutput): string {
  if (output.kind === 'stream') return output.text;
  return output.kind === 'display' ? (output.items.find(({ mime }) => mime === 'text/plain')?.data ?? '') : '';
}

/** The drawn scan with the mask that it was drawn with. */
async function drawnCt(): Promise<LoadedCase> {
  const { cases } = await openDataset(at('ct'));
  return loadCase(cases[0]);
}

/** Dice over all voxels; what is not zero is inside. */
function overlap(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const region = (voxels: ArrayLike<number>) => ({
    size: [voxels.length, 1, 1] as const,
    data: Uint8Array.from(voxels, (value) => (value === 0 ? 0 : 1)),
  });
  return dice(region(a), region(b));
}

describe('examples/1-segment-a-picture.ipynb', () => {
  it.each(['the first time', 'again'])('runs %s, and corrects what one click got wrong', async (time) => {
    const texts = await execute('1-segment-a-picture.ipynb');
    const truth = await readMask(at('lesions/masks/phantom-0008.png'));
    const saved = await readMask(at('lesion.png'));
    expect(dice(saved, truth)).toBeGreaterThan(0.9);
    const [oneClick, corrected] = [texts[1], texts[2]].map((text) => Number(/^mask of (\d+) pixels/.exec(text)?.[1]));
    const inside = truth.data.reduce((sum, value) => sum + value, 0);
    // The second time the other clicks are there already, and nothing is given twice.
    if (time === 'again') expect(oneClick).toBe(corrected);
    else expect(oneClick).toBeLessThan(0.8 * inside);
    expect(Math.abs(corrected / inside - 1)).toBeLessThan(0.1);
    expect(texts.at(-1)).toContain(`${corrected} pixels, ${((100 * corrected) / truth.data.length).toFixed(1)} % of`);
  });

  it('leaves a label map, COCO and an overlay that open', async () => {
    const coco = JSON.parse(fs.readFileSync(at('lesion.json'), 'utf8')) as { annotations: unknown[] };
    expect(coco.annotations).toHaveLength(1);
    const [labels, overlay] = await Promise.all(
      ['lesion.png', 'lesion-overlay.png'].map((name) => readImage(at(name))),
    );
    expect([labels.size, labels.channels]).toEqual([[256, 256, 1], 1]);
    expect([overlay.size, overlay.channels]).toEqual([[256, 256, 1], 3]);
  });
});

describe('examples/2-segment-a-volume.ipynb', () => {
  it.each(['the first time', 'again'])('runs %s, and finds the organ on every slice', async () => {
    const texts = await execute('2-segment-a-volume.ipynb');
    expect(texts[1]).toMatch(/^\[ 128, 128, 16 \] voxels of /);
    const { image, masks } = await drawnCt();
    const saved = await readImage(at('liver.nii.gz'));
    expect(saved.size).toEqual(image.size);
    for (const axis of [0, 1, 2]) expect(saved.spacing![axis]).toBeCloseTo(image.spacing![axis], 4);
    expect(overlap(saved.voxels, masks.get('target')!)).toBeGreaterThan(0.8);
    expect(texts[5]).toMatch(/^16 slices, \d+ ml$/m);
  });

  it('leaves a DICOM segmentation of the same voxels, which refers to the images', async () => {
    const { classes } = await readDicomSegmentation(at('liver.dcm'), await readImage(at('ct/phantom-0001/image')));
    const saved = await readImage(at('liver.nii.gz'));
    expect([...classes.keys()]).toEqual(['liver']);
    expect(overlap(classes.get('liver')!, saved.voxels)).toBe(1);
  });
});

describe('examples/3-teach-it-your-task.ipynb', () => {
  it('teaches the model what one click means', async () => {
    const texts = await execute('3-teach-it-your-task.ipynb', 'const epochs = 3;');
    const [, before, after] = /held-out subjects:\n(\d+) % before, (\d+) % after/.exec(texts.at(-1)!)!.map(Number);
    expect(after).toBeGreaterThan(before + 3);
    expect(texts[4]).toMatch(/by phantom-sam \+ /);
    expect(texts[2]).toMatch(/by phantom-sam \(/);
    await kernel.execute(`await before.save('before.png'); await after.save('after.png');`);
    const truth = await readMask(at('new-spine/masks/phantom-0004.png'));
    const [frozen, taught] = await Promise.all(
      ['before.png', 'after.png'].map(async (name) => dice(await readMask(path.join(folder, name)), truth)),
    );
    expect(taught).toBeGreaterThan(frozen + 0.1);
    const [, adapters] = /The adapters: (.*)/.exec(texts.at(-1)!)!;
    expect(fs.statSync(adapters).size).toBeGreaterThan(100_000);
  });
});
