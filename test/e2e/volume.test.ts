import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { dice, drawDiscs } from '../support/drawnImage';
import { nifti } from '../unit/imaging/volumes';
import { openNotebook, runCell } from './notebook';
import { changed, changes, Viewer } from './viewer';
import { hasBrowser, pictureOnFailure, workbench } from './workbench';

// A bright rod through slices that are thicker than their pixels are wide.
const slices = 12;
const slice = drawDiscs(96, 80, [{ x: 40, y: 42, radius: 14, level: 200 }]);
const affine = [
  [-1, 0, 0, 0],
  [0, -1, 0, 0],
  [0, 0, 3, 0],
] as const;

describe.skipIf(!hasBrowser)('a volume in a cell', () => {
  const window = workbench();
  let viewer: Viewer;

  beforeAll(async () => {
    if (!hasBrowser) return;
    await openNotebook(window, 'volume/volume.ipynb', ['await open("scan.nii")']);
    const voxels = Int16Array.from(
      { length: slices * slice.pixels.length },
      (_, at) => slice.pixels[at % slice.pixels.length],
    );
    const extents = [slice.width, slice.height, slices];
    const file = nifti({ type: 'int16', extents, spacing: [1, 1, 3], affine }, voxels);
    fs.writeFileSync(path.join(window.workspace, 'volume', 'scan.nii'), file);
  });

  it('shows a slice, and the others with the keys', async () => {
    pictureOnFailure(window, 'volume-open');
    expect((await runCell(window, 0)).success).toBe(true);
    viewer = await Viewer.shown(window, slice);
    await viewer.says(/Axial\s+7 \/ 12/);
    const before = await viewer.picture();
    await viewer.click(40, 42);
    await viewer.until((now) => overlap(before, now) >= 0.7, 'the mask covers the rod (Dice ≥ 0.7)');
    await viewer.press('ArrowUp');
    await viewer.says(/Axial\s+8 \/ 12/);
    await viewer.until((now) => changes(before, now) < 40, 'the next slice has no mask');
    await viewer.press('ArrowDown');
  });

  it('carries the mask through the slices', async () => {
    pictureOnFailure(window, 'volume-propagate');
    await viewer.press('Shift+P');
    await viewer.press('ArrowUp');
    await viewer.says(/Axial\s+8 \/ 12/);
    await viewer.press('v');
    const plain = await viewer.picture();
    await viewer.press('v');
    await viewer.until((now) => overlap(plain, now) >= 0.6, 'the next slice has a mask of the rod (Dice ≥ 0.6)');
  });

  it('shows all planes at once', async () => {
    pictureOnFailure(window, 'volume-planes');
    for (let view = 0; view < 3; view++) await viewer.press('q');
    await viewer.says(/Axial[^]*Coronal[^]*Sagittal/);
  });

  const overlap = (before: number[], now: number[]): number => dice(changed(before, now), slice.mask);
});
