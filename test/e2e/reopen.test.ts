import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { drawDiscs, writeImage } from '../support/drawnImage';
import { closeNotebooks, openNotebook, runCell, showNotebook } from './notebook';
import { changes, Viewer } from './viewer';
import { hasBrowser, pictureOnFailure, workbench } from './workbench';

const image = drawDiscs(160, 128, [
  { x: 56, y: 60, radius: 28, level: 200 },
  { x: 124, y: 90, radius: 20, level: 190 },
]);

describe.skipIf(!hasBrowser)('a saved notebook', () => {
  const window = workbench();
  let file: string;
  let segmented: number[];

  beforeAll(async () => {
    if (!hasBrowser) return;
    file = await openNotebook(window, 'reopen/reopen.ipynb', ['await open("scan.png")']);
    await writeImage(image, path.join(window.workspace, 'reopen', 'scan.png'));
    expect((await runCell(window, 0)).success).toBe(true);
    const viewer = await Viewer.shown(window, image);
    const untouched = await viewer.picture();
    await viewer.click(56, 60);
    await viewer.says(/estimated IoU/);
    segmented = await viewer.until((now) => changes(untouched, now) > 100, 'a mask is drawn');
    await closeNotebooks(window);
  });

  it('keeps a picture and a text for whoever opens it elsewhere', () => {
    const { cells } = JSON.parse(fs.readFileSync(file, 'utf8')) as {
      cells: { outputs: { data: Record<string, unknown> }[] }[];
    };
    const mimes = Object.keys(cells[0].outputs[0].data);
    expect(mimes).toEqual(expect.arrayContaining(['application/vnd.med-sa.image+json', 'image/png', 'text/plain']));
  });

  it('shows its image and mask when it is opened again, without running anything', async () => {
    pictureOnFailure(window, 'reopen');
    await showNotebook(window, file);
    const viewer = await Viewer.shown(window, image);
    await viewer.until((now) => changes(segmented, now) < 40, 'the same mask is there again');
  });

  it('still does after the window is reloaded, and answers the next click', async () => {
    pictureOnFailure(window, 'reload');
    await window.reload();
    const viewer = await Viewer.shown(window, image);
    await viewer.until((now) => changes(segmented, now) < 40, 'the same mask is there again');
    await viewer.click(124, 90);
    await viewer.until((now) => changes(segmented, now) > 40, 'the click is answered');
  });
});
