import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { dice, drawDiscs, writeImage } from '../support/drawnImage';
import { openNotebook, runCell } from './notebook';
import { changed, changes, Viewer } from './viewer';
import { hasBrowser, pictureOnFailure, workbench } from './workbench';

// Two bright discs on a dark ground; the first is what the clicks ask for.
const image = drawDiscs(192, 160, [
  { x: 78, y: 84, radius: 16, level: 200 },
  { x: 138, y: 60, radius: 14, level: 180 },
]);
const object = { x: 78, y: 84 };
const other = { x: 138, y: 60, radius: 14 };

describe.skipIf(!hasBrowser)('segmenting an image in a cell', () => {
  const window = workbench();
  let viewer: Viewer;
  let untouched: number[];

  beforeAll(async () => {
    if (!hasBrowser) return;
    await openNotebook(window, 'annotate/annotate.ipynb', ['await open("scan.png")']);
    await writeImage(image, path.join(window.workspace, 'annotate', 'scan.png'));
  });

  it('shows the image when the cell has run, with a picture and text beside it', async () => {
    pictureOnFailure(window, 'annotate-open');
    const { success, items } = await runCell(window, 0);
    expect(items.find(({ mime }) => mime.includes('error'))?.text).toBeUndefined();
    expect(success).toBe(true);
    expect(items.map(({ mime }) => mime)).toEqual(
      expect.arrayContaining(['application/vnd.med-sa.image+json', 'image/png', 'text/plain']),
    );
    viewer = await Viewer.shown(window, image);
    untouched = await viewer.picture();
  });

  it('turns a click into a mask of the object under it', async () => {
    pictureOnFailure(window, 'annotate-click');
    await viewer.click(object.x, object.y);
    await viewer.until((now) => overlap(now) >= 0.7, 'the mask covers the object (Dice ≥ 0.7)');
    await expect.poll(() => journal().at(-1)).toEqual({ kind: 'point', ...nearly(object), label: 1 });
  });

  it('takes a shift-click as "not this"', async () => {
    pictureOnFailure(window, 'annotate-shift-click');
    const before = await viewer.picture();
    await viewer.click(other.x, other.y, 'Shift');
    await viewer.until((now) => changes(before, now) > 0, 'the negative point is drawn');
    await expect.poll(() => journal().at(-1)).toEqual({ kind: 'point', ...nearly(other), label: 0 });
    await viewer.says(/estimated IoU/);
    // The point's own mark covers a few pixels of the disc that is not meant.
    const after = await viewer.until((now) => shareOfOther(now) < 0.2, 'the mask leaves the other disc out');
    expect(overlap(after)).toBeGreaterThan(0.5);
  });

  it('goes back with undo to the untouched image', async () => {
    pictureOnFailure(window, 'annotate-undo');
    await viewer.press('ControlOrMeta+z');
    await viewer.press('ControlOrMeta+z');
    await viewer.until((now) => changes(untouched, now) < 40, 'nothing is drawn over the image');
  });

  it('turns a dragged box into a mask of what is in it', async () => {
    pictureOnFailure(window, 'annotate-box');
    await viewer.drag(60, 66, 96, 102);
    await viewer.until((now) => overlap(now) >= 0.7, 'the mask covers the object (Dice ≥ 0.7)');
    const [from, to] = [nearly({ x: 60, y: 66 }), nearly({ x: 96, y: 102 })];
    await expect.poll(() => journal().at(-1)).toEqual({ kind: 'box', x0: from.x, y0: from.y, x1: to.x, y1: to.y });
  });

  /** The prompts that are on disk: what a click meant, in pixels of the image. */
  function journal(): unknown[] {
    const folder = path.join(window.workspace, 'annotate', '.med-sa', 'annotations');
    const [file] = fs.readdirSync(folder);
    const lines = fs.readFileSync(path.join(folder, file), 'utf8').trim().split('\n');
    return lines
      .map((line) => (JSON.parse(line) as { prompt?: unknown }).prompt)
      .filter((prompt) => prompt !== undefined);
  }

  /** How much of the other disc lies under the mask. */
  function shareOfOther(now: number[]): number {
    const over = changed(untouched, now);
    const inside = (_: number, i: number): boolean =>
      Math.hypot((i % image.width) + 0.5 - other.x, Math.floor(i / image.width) + 0.5 - other.y) < other.radius;
    const disc = over.filter(inside);
    return disc.filter(Boolean).length / disc.length;
  }

  const overlap = (now: number[]): number => dice(changed(untouched, now), image.mask);
});

/** A screen pixel is less than half of an image's pixel here. */
function nearly({ x, y }: { x: number; y: number }): { x: unknown; y: unknown } {
  return { x: expect.closeTo(x, 0), y: expect.closeTo(y, 0) };
}
