import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../../../src/kernel/datasets';
import { imageMime, type ImageOutput } from '../../../src/protocol';
import { drawDiscs, writeImage } from '../../support/drawnImage';
import { temporaryFolder } from '../../support/temporaryFolder';
import { type ExecutedCell, startKernel } from './notebookKernel';

const folder = temporaryFolder('labelled');

function imagesOf({ outputs }: ExecutedCell): ImageOutput[] {
  const items = outputs.flatMap((output) => (output.kind === 'display' ? output.items : []));
  return items.filter(({ mime }) => mime === imageMime).map(({ data }) => JSON.parse(data) as ImageOutput);
}

describe('what is labelled in a notebook', () => {
  it('becomes a data set that can be fine-tuned on; what is not labelled is left out', async () => {
    const { kernel, notebook, execute } = await startKernel(folder);
    for (const [name, x] of [
      ['one', 20],
      ['two', 40],
      ['bare', 30],
    ] as const) {
      await writeImage(drawDiscs(64, 64, [{ x, y: 30, radius: 10, level: 200 }]), path.join(folder, `${name}.png`));
    }
    const opened = await execute(
      'const one = await open("one.png"); await one.label("disc", { points: [[20, 30]] });\n' +
        'const two = await open("two.png"); await two.label("disc", { points: [[40, 30]] });\n' +
        'await open("bare.png"); one',
    );
    expect(opened.error).toBeNull();
    const known = ['one.png', 'two.png', 'bare.png', 'one.png'];
    const outputs = known.map((name): ImageOutput => ({ version: 2, image: { path: name } }));
    expect(imagesOf(opened).length, 'the notebook shows them').toBeGreaterThan(0);

    const target = path.join(folder, 'set');
    expect(await kernel.exportLabelled(notebook, folder, outputs, target)).toEqual({ images: 2, unlabelled: 1 });
    const { layout, classes, cases } = await openDataset(target);
    expect({ layout, classes, cases: cases.length }).toEqual({ layout: 'pairs', classes: ['disc'], cases: 2 });
    expect(fs.readFileSync(path.join(target, 'pairs.csv'), 'utf8')).not.toContain('bare');
  });

  it('is asked for where nothing is', async () => {
    const { kernel, notebook } = await startKernel(folder);
    const outputs: ImageOutput[] = [{ version: 2, image: { path: 'bare.png' } }];
    await expect(kernel.exportLabelled(notebook, folder, outputs, path.join(folder, 'none'))).rejects.toThrow(
      /no image of this notebook is labelled yet: click into one/,
    );
  });
});
