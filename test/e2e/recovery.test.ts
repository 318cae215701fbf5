import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Body, drawBodies, writeBodies } from '../support/drawnVolume';
import { killKernel } from './kernel';
import { openNotebook, readCell, runCell } from './notebook';
import { changes, Viewer } from './viewer';
import { hasBrowser, pictureOnFailure, workbench } from './workbench';

const organ: Body = { middle: [50, 64, 8], radii: [18, 18, 8], level: 600 };
const other: Body = { middle: [116, 60, 8], radii: [15, 15, 8], level: 500 };
const volume = drawBodies([160, 128, 16], [organ, other], 30);
const [width, height] = volume.size;

describe.skipIf(!hasBrowser)('a kernel that is killed', () => {
  const window = workbench();
  let viewer: Viewer;
  let untouched: number[];
  let segmented: number[];

  beforeAll(async () => {
    if (!hasBrowser) return;
    await openNotebook(window, 'recovery/recovery.ipynb', [
      'await open("scan.nii.gz")',
      'const answer = 6 * 7; answer',
    ]);
    await writeBodies(volume, path.join(window.workspace, 'recovery', 'scan.nii.gz'));
    expect((await runCell(window, 0)).success).toBe(true);
    viewer = await Viewer.shown(window, { width, height });
  });

  it('was asked for a mask before', async () => {
    pictureOnFailure(window, 'recovery-before');
    await viewer.wheel(2);
    await expect.poll(() => viewer.slice()).toBe('11 / 16');
    untouched = await viewer.picture();
    await viewer.click(50, 64);
    segmented = await viewer.until((now) => changes(untouched, now) > 300, 'a mask is drawn');
    await viewer.press('n');
    await expect.poll(() => viewer.count('.objects .row')).toBe(2);
  });

  it('answers the next click, and has lost nothing', async () => {
    pictureOnFailure(window, 'recovery-click');
    killKernel(window);
    await viewer.click(116, 60);
    await viewer.until((now) => changes(segmented, now) > 300, 'the click is answered');
    expect(await viewer.slice()).toBe('11 / 16');
    expect(await viewer.count('.objects .row')).toBe(2);
    await viewer.until((now) => changes(untouched, now) > 800, 'both masks are drawn');
  });

  it('undoes what was done before it was killed', async () => {
    pictureOnFailure(window, 'recovery-undo');
    await viewer.press('ControlOrMeta+z', 'ControlOrMeta+z', 'ControlOrMeta+z');
    await viewer.until((now) => changes(untouched, now) < 40, 'nothing is drawn over the image');
    await viewer.press('ControlOrMeta+Shift+z');
    await viewer.until((now) => changes(segmented, now) < 100, 'the first mask is back');
  });

  it('runs the next cell', async () => {
    pictureOnFailure(window, 'recovery-cell');
    killKernel(window);
    // A cell that is run before the end of the kernel is known fails with it; the next one finds another kernel.
    await expect.poll(async () => (await runCell(window, 1)).success).toBe(true);
    expect((await readCell(window, 1)).items.map(({ text }) => text).join()).toContain('42');
  });
});
