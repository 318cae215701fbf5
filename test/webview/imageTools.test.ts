import { afterEach, describe, expect, it } from 'vitest';
import { browserOfTests, hasBrowser } from '../support/browser';
import { dice } from '../support/drawnImage';
import type { VolumeOptions } from './page/drawnVolume';
import { picture, ViewerPage } from './viewerPage';

describe.skipIf(!hasBrowser)('annotating with the viewer', () => {
  const browser = browserOfTests();
  let viewer: ViewerPage | undefined;

  afterEach(async () => {
    await viewer?.close();
    viewer = undefined;
  });

  const open = async (volume: VolumeOptions = picture, slice = 0): Promise<ViewerPage> => {
    viewer = await ViewerPage.open(browser(), { volume, slice });
    await viewer.host.sent();
    return viewer;
  };

  it('sets a box with two clicks, and a scribble as the line that was drawn', async () => {
    const page = await open();
    await page.press('e');
    await page.button('Box').click();
    await page.click(40, 46);
    expect(await page.asked('viewer/prompt/add')).toEqual([]);
    await page.click(116, 122);
    const [{ prompt: box }] = await page.asked('viewer/prompt/add');
    expect(box.kind === 'box' && [box.x0, box.y0, box.x1, box.y1].map(Math.round)).toEqual([40, 46, 116, 122]);

    await page.press('d');
    await page.drag([20, 140], [90, 150]);
    const [{ prompt: line }] = await page.asked('viewer/prompt/add');
    if (line.kind !== 'scribble') throw new Error(`a ${line.kind} is no scribble`);
    expect(line.points.length).toBeGreaterThan(4);
    expect([line.points[0], line.points.at(-1)!].map((place) => place.map(Math.round))).toEqual([
      [20, 140],
      [90, 150],
    ]);
    await expect.poll(() => page.names('prompts')).toEqual([expect.stringMatching(/^Box/), 'Including scribble']);
  });

  it('paints and erases pixel by pixel as the kernel does, and shows it before the answer', async () => {
    const page = await open();
    await page.press('b');
    await page.button('Brush').click();
    await page.page.evaluate(() => window.kernel.pause());
    await page.drag([50, 50], [110, 70]);
    await page.page.mouse.move(3, 3);
    const early = await page.seen('axial', 'view', 'picture');
    expect((await page.seenMask()).some(Boolean)).toBe(true);
    expect(await page.kernelMask()).toEqual([]);
    await page.page.evaluate(() => window.kernel.resume());
    await expect.poll(() => page.kernelMask()).not.toEqual([]);
    await expect.poll(() => page.button('Undo').isEnabled()).toBe(true);
    expect(await page.seen('axial', 'view', 'picture')).toEqual(early);
    expect(dice(await page.seenMask(), await page.kernelMask())).toBeGreaterThan(0.9);
    await page.press('x', ']', ']');
    await page.drag([80, 40], [80, 90]);
    const [paint, erase] = await page.asked('viewer/stroke');
    expect([paint.erase, erase.erase]).toEqual([false, true]);
    expect(erase.radius).toBeGreaterThan(paint.radius);
    await expect.poll(async () => (await page.kernelMask())[60 * 192 + 80]).toBe(0);
    const seen = await page.seenMask();
    expect(dice(seen, await page.kernelMask())).toBeGreaterThan(0.9);
    expect(seen[60 * 192 + 80]).toBe(0);
  });

  it('takes a patch for what has changed and asks for the whole mask where it cannot', async () => {
    const page = await open();
    await page.click(78, 84);
    await page.drag([100, 100], [150, 140]);
    await page.settled();
    await expect.poll(async () => dice(await page.seenMask(), await page.kernelMask())).toBeGreaterThan(0.97);
    const mask = { whole: false as const, since: 7777, patch: { x: 0, y: 0, width: 1, height: 1, runs: 'AAE=' } };
    const update = {
      object: 'liver',
      slice: 0,
      revision: 500,
      prompts: [],
      mask,
      area: 1,
      iou: null,
      candidates: [],
      chosen: null,
    };
    const object = { id: 'liver', label: 'liver', colour: '#4fc3f7', visible: true, value: 1 };
    const state = {
      revision: 500,
      objects: [object],
      active: 'liver',
      undo: 'x',
      redo: null,
      model: null,
      readOnly: null,
    };
    await page.asked('viewer/slices');
    await page.tell({ type: 'viewer/change', viewId: 'view', state, objects: [{ ...update, source: 'edited' }] });
    const [request] = await page.asked('viewer/slices');
    expect(request).toMatchObject({ plane: 'axial', indices: [0], pixels: false });
  });

  it('shows what a click would give while the pointer moves, and drops late answers', async () => {
    const page = await open();
    // As long as a small model takes.
    await page.page.evaluate(() => (window.kernel.delay.mask = 40));
    await page.hover(100, 80);
    const began = Date.now();
    for (let step = 0; step < 24; step++) {
      await page.page.mouse.move(300 + 6 * step, 300 + 4 * step);
      await page.page.waitForTimeout(30);
    }
    const seconds = (Date.now() - began) / 1000;
    const hovers = await page.asked('viewer/hover');
    console.log(`${(hovers.length / seconds).toFixed(1)} previews a second`);
    expect(hovers.length / seconds).toBeGreaterThan(6);
    expect(hovers.length / seconds).toBeLessThan(20);
    expect(hovers.map(({ previewId }) => previewId)).toEqual(hovers.map((_, at) => hovers[0].previewId + at));
    await page.page.waitForTimeout(150);
    const previewed = await page.seen('axial', 'view', 'picture');
    await page.page.mouse.move(3, 3);
    const plain = await page.seen('axial', 'view', 'picture');
    expect(ViewerPage.differs(previewed, plain).filter(Boolean).length).toBeGreaterThan(200);
    const { previewId } = hovers[0];
    const patch = { x: 0, y: 0, width: 100, height: 100, runs: 'AJBO' };
    await page.tell({
      type: 'viewer/preview',
      viewId: 'view',
      previewId,
      object: 'liver',
      slice: 0,
      mask: patch,
      iou: 1,
    });
    expect(await page.seen('axial', 'view', 'picture')).toEqual(plain);
    await page.button('Live preview').click();
    await page.asked('viewer/hover');
    await page.hover(60, 60);
    await page.hover(70, 60);
    await page.page.waitForTimeout(200);
    expect(await page.asked('viewer/hover')).toEqual([]);
  });

  it('offers the masks of a click that may mean several things', async () => {
    const page = await open();
    await page.click(78, 84);
    const choice = page.page.getByRole('group', { name: 'Masks the model offers' }).getByRole('button');
    await expect.poll(() => choice.allTextContents()).toEqual(['0.91', '0.93', '0.84', '0.70']);
    const before = (await page.kernelMask()).reduce((sum, value) => sum + value, 0);
    await page.press('3');
    expect(await page.asked('viewer/choose')).toMatchObject([{ object: 'liver', slice: 0, candidate: 2 }]);
    await expect.poll(() => choice.nth(2).getAttribute('aria-pressed')).toBe('true');
    expect((await page.kernelMask()).reduce((sum, value) => sum + value, 0)).toBeLessThan(before);
  });

  it('selects a prompt by a click on it, and removes or moves just that one', async () => {
    const page = await open();
    await page.click(60, 60);
    await page.click(120, 100, { key: 'Shift' });
    await page.drag([20, 20], [50, 50]);
    await expect.poll(() => page.names('prompts')).toHaveLength(3);
    const ids = (await page.asked('viewer/prompt/add')).map(({ id }) => id);
    await page.click(60, 60);
    expect(await page.page.locator('.prompts .row.active').textContent()).toBe('Include 60, 60');
    await page.press('Delete');
    await expect.poll(() => page.names('prompts')).toHaveLength(2);
    await page.click(20, 35);
    await page.button('Remove the selected prompt').click();
    await page.page.getByRole('button', { name: 'Remove: Exclude' }).click();
    await expect.poll(() => page.names('prompts')).toEqual([]);
    expect((await page.asked('viewer/prompt/remove')).map(({ id }) => id)).toEqual([ids[0], ids[2], ids[1]]);

    await page.click(60, 60);
    await expect.poll(() => page.names('prompts')).toHaveLength(1);
    await page.drag([60, 60], [90, 70]);
    const [{ prompt }] = await page.asked('viewer/prompt/move');
    expect(prompt.kind === 'point' && [prompt.x, prompt.y].map(Math.round)).toEqual([90, 70]);
    expect(await page.names('prompts')).toEqual(['Include 90, 70']);
  });
});
