import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readImage } from '../../src/kernel/imaging';
import { dice } from '../support/drawnImage';
import { type Body, drawBodies, sectionOf, writeBodies } from '../support/drawnVolume';
import { openNotebook, runCell } from './notebook';
import { changed, changes, Viewer } from './viewer';
import { hasBrowser, pictureOnFailure, workbench } from './workbench';

const organ: Body = { middle: [60, 64, 12], radii: [18, 18, 9], level: 600 };
const vessel: Body = { middle: [124, 70, 12], radii: [14, 14, 10], level: 480 };
const volume = drawBodies([160, 128, 24], [organ, vessel], 30);
const [width, height] = volume.size;
const spacing = [0.8, 0.8, 2];

describe.skipIf(!hasBrowser)('a volume in a cell', () => {
  const window = workbench();
  let folder: string;
  let viewer: Viewer;
  let untouched: number[];

  beforeAll(async () => {
    if (!hasBrowser) return;
    await openNotebook(window, 'volume/volume.ipynb', ['await open("scan.nii.gz")']);
    folder = path.join(window.workspace, 'volume');
    await writeBodies(volume, path.join(folder, 'scan.nii.gz'), spacing);
  });

  it('begins in the middle', async () => {
    pictureOnFailure(window, 'volume-first');
    const { success, items } = await runCell(window, 0);
    expect(items.find(({ mime }) => mime.includes('error'))?.text).toBeUndefined();
    expect(success).toBe(true);
    viewer = await Viewer.shown(window, { width, height });
    expect(await viewer.slice()).toBe('13 / 24');
    untouched = await viewer.until((now) => level(now, 60, 64) > 150 && level(now, 4, 4) < 60, 'the organ is seen');
  });

  it('turns its slices with the wheel', async () => {
    pictureOnFailure(window, 'volume-wheel');
    await viewer.wheel(10);
    await expect.poll(() => viewer.slice()).toBe('23 / 24');
    // The organ ends at slice 21.
    await viewer.until((now) => level(now, 60, 64) < 100, 'a slice beyond the organ is seen');
    await viewer.wheel(-10);
    await expect.poll(() => viewer.slice()).toBe('13 / 24');
    await viewer.until((now) => changes(untouched, now) === 0, 'the first slice is seen again');
  });

  it('shows each plane, and all of them at once', async () => {
    pictureOnFailure(window, 'volume-planes');
    await viewer.button('Coronal plane');
    const coronal = viewer.of({ width, height: 24 });
    expect(await coronal.slice()).toBe('65 / 128');
    await coronal.until((now) => now[3 * (12 * width + 60)] > 150 && now[3 * (width + 60)] < 60, 'the cut is seen');
    await viewer.button('All planes');
    expect(await viewer.count('.pane .overlay')).toBe(3);
    await viewer.button('Axial plane');
    expect(await viewer.count('.pane .overlay')).toBe(1);
    await viewer.until((now) => changes(untouched, now) === 0, 'the first slice is seen again');
  });

  it('keeps a mask for each of two objects', async () => {
    pictureOnFailure(window, 'volume-objects');
    await viewer.click(60, 64);
    await viewer.until((now) => dice(changed(untouched, now), sectionOf(organ, volume, 12)) > 0.6, 'the organ');
    await viewer.press('n');
    await expect.poll(() => viewer.count('.objects .row')).toBe(2);
    await viewer.click(124, 70);
    const both = sectionOf(organ, volume, 12).map((inside, at) => inside | sectionOf(vessel, volume, 12)[at]);
    await viewer.until((now) => dice(changed(untouched, now), both) > 0.6, 'organ and vessel');
  });

  it('takes a stroke of the brush, and back, and again', async () => {
    pictureOnFailure(window, 'volume-brush');
    const before = await viewer.picture();
    await viewer.press('b');
    await viewer.drag(20, 112, 120, 112);
    const painted = (now: number[]) => changed(before, now).subarray(112 * width + 25, 112 * width + 115);
    await viewer.until((now) => painted(now).every(Boolean), 'the stroke is drawn');
    await viewer.press('ControlOrMeta+z');
    await viewer.until((now) => !painted(now).some(Boolean), 'the stroke is gone');
    await viewer.press('ControlOrMeta+Shift+z');
    await viewer.until((now) => painted(now).every(Boolean), 'the stroke is back');
    await viewer.press('ControlOrMeta+z', 'p');
    await viewer.until((now) => changes(before, now) < 40, 'the stroke is gone');
  });

  it('carries an object through the slices', async () => {
    pictureOnFailure(window, 'volume-propagate');
    await viewer.button('Propagate');
    // Marks stand beside the slider, one for each slice with a mask.
    await expect.poll(() => viewer.count('.marks .masked'), { timeout: 60_000 }).toBeGreaterThan(10);
    await expect.poll(() => viewer.count('.task')).toBe(0);
  });

  it('writes what a data set and other tools need', async () => {
    pictureOnFailure(window, 'volume-export');
    await viewer.save('nifti', 'labels.nii.gz');
    const labels = await readImage(path.join(folder, 'labels.nii.gz'));
    expect(labels.size).toEqual(volume.size);
    labels.spacing?.forEach((each, axis) => expect(each).toBeCloseTo(spacing[axis], 5));
    const valueAt = (x: number, y: number, z: number) => labels.voxels[(z * height + y) * width + x];
    expect([valueAt(60, 64, 12), valueAt(124, 70, 12), valueAt(2, 2, 12)]).toEqual([1, 2, 0]);
    // Carried: the vessel on another slice; the organ was not.
    expect([valueAt(124, 70, 15), valueAt(60, 64, 15)]).toEqual([2, 0]);

    await viewer.save('pairs', 'pairs');
    expect(fs.readFileSync(path.join(folder, 'pairs', 'pairs.csv'), 'utf8')).toMatch(/^image,mask/);
    await viewer.save('coco', 'masks.json');
    await viewer.save('png-overlay', 'overlays');
    expect(fs.readdirSync(folder)).toEqual(expect.arrayContaining(['masks.json', 'overlays']));
    expect(fs.readdirSync(path.join(folder, 'overlays')).length).toBeGreaterThan(10);
  });

  const level = (picture: number[], x: number, y: number) => picture[3 * (y * width + x)];
});
