import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hasBrowser, launchBrowser } from '../support/browser';
import { dice } from '../support/drawnImage';
import type { VolumeOptions } from './page/drawnVolume';
import { picture, scan, ViewerPage } from './viewerPage';

describe.skipIf(!hasBrowser)('annotating with the viewer', () => {
  let browser: Browser;
  let viewer: ViewerPage | undefined;

  beforeAll(async () => {
    if (hasBrowser) browser = await launchBrowser();
  });
  afterEach(async () => {
    await viewer?.close();
    viewer = undefined;
  });
  afterAll(() => browser?.close());

  const open = async (volume: VolumeOptions = picture, slice = 0): Promise<ViewerPage> => {
    viewer = await ViewerPage.open(browser, { volume, slice });
    await viewer.host.sent();
    return viewer;
  };
  const kernelMask = (page: ViewerPage, object = 'liver', slice = 0) =>
    page.page.evaluate(([id, index]) => window.kernel.mask(id, index), [object, slice] as const);
  /** The mask as it is seen: what differs when masks are hidden. */
  const seenMask = async (page: ViewerPage): Promise<number[]> => {
    await page.page.mouse.move(3, 3);
    const shown = await page.seen('axial', 'view', 'picture');
    await page.press('v');
    const hidden = await page.seen('axial', 'view', 'picture');
    await page.press('v');
    // More than what the halo of the edge does to the pixels beside it.
    return ViewerPage.differs(shown, hidden, 48);
  };
  const names = (page: ViewerPage) => page.page.locator('.objects .name').allTextContents();
  const promptNames = (page: ViewerPage) => page.page.locator('.prompts .name').allTextContents();

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
    await expect.poll(() => promptNames(page)).toEqual([expect.stringMatching(/^Box/), 'Including scribble']);
  });

  it('paints and erases pixel by pixel as the kernel does, and shows it before the answer', async () => {
    const page = await open();
    await page.press('b');
    await page.button('Brush').click();
    await page.page.evaluate(() => window.kernel.pause());
    await page.drag([50, 50], [110, 70]);
    await page.page.mouse.move(3, 3);
    const early = await page.seen('axial', 'view', 'picture');
    expect((await seenMask(page)).some(Boolean)).toBe(true);
    expect(await kernelMask(page)).toEqual([]);
    await page.page.evaluate(() => window.kernel.resume());
    await expect.poll(() => kernelMask(page)).not.toEqual([]);
    await expect.poll(() => page.button('Undo').isEnabled()).toBe(true);
    expect(await page.seen('axial', 'view', 'picture')).toEqual(early);
    expect(dice(await seenMask(page), await kernelMask(page))).toBeGreaterThan(0.9);
    await page.press('x', ']', ']');
    await page.drag([80, 40], [80, 90]);
    const [paint, erase] = await page.asked('viewer/stroke');
    expect([paint.erase, erase.erase]).toEqual([false, true]);
    expect(erase.radius).toBeGreaterThan(paint.radius);
    await expect.poll(async () => (await kernelMask(page))[60 * 192 + 80]).toBe(0);
    const seen = await seenMask(page);
    expect(dice(seen, await kernelMask(page))).toBeGreaterThan(0.9);
    expect(seen[60 * 192 + 80]).toBe(0);
  });

  it('takes a patch for what has changed and asks for the whole mask where it cannot', async () => {
    const page = await open();
    await page.click(78, 84);
    await page.drag([100, 100], [150, 140]);
    await page.settled();
    await expect.poll(async () => dice(await seenMask(page), await kernelMask(page))).toBeGreaterThan(0.97);
    const mask = { whole: false as const, since: 7777, patch: { x: 0, y: 0, width: 1, height: 1, runs: 'AAE=' } };
    const update = {
      object: 'liver',
      slice: 0,
      revision: 500,
      prompts: [],
      mask,
      iou: null,
      candidates: [],
      chosen: null,
    };
    const object = { id: 'liver', label: 'liver', colour: '#4fc3f7', visible: true, value: 1 };
    const state = { revision: 500, objects: [object], active: 'liver', undo: 'x', redo: null, model: null };
    await page.asked('viewer/slices');
    await page.tell({ type: 'viewer/change', viewId: 'view', state, objects: [{ ...update, source: 'edited' }] });
    const [request] = await page.asked('viewer/slices');
    expect(request).toMatchObject({ plane: 'axial', indices: [0], pixels: false });
  });

  it('shows what a click would give while the pointer moves, and drops late answers', async () => {
    const page = await open();
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
    const before = (await kernelMask(page)).reduce((sum, value) => sum + value, 0);
    await page.press('3');
    expect(await page.asked('viewer/choose')).toMatchObject([{ object: 'liver', slice: 0, candidate: 2 }]);
    await expect.poll(() => choice.nth(2).getAttribute('aria-pressed')).toBe('true');
    expect((await kernelMask(page)).reduce((sum, value) => sum + value, 0)).toBeLessThan(before);
  });

  it('selects a prompt by a click on it, and removes or moves just that one', async () => {
    const page = await open();
    await page.click(60, 60);
    await page.click(120, 100, { key: 'Shift' });
    await page.drag([20, 20], [50, 50]);
    await expect.poll(() => promptNames(page)).toHaveLength(3);
    const ids = (await page.asked('viewer/prompt/add')).map(({ id }) => id);
    await page.click(60, 60);
    expect(await page.page.locator('.prompts .row.active').textContent()).toBe('Include 60, 60');
    await page.press('Delete');
    await expect.poll(() => promptNames(page)).toHaveLength(2);
    await page.click(20, 35);
    await page.button('Remove the selected prompt').click();
    await page.page.getByRole('button', { name: 'Remove: Exclude' }).click();
    await expect.poll(() => promptNames(page)).toEqual([]);
    expect((await page.asked('viewer/prompt/remove')).map(({ id }) => id)).toEqual([ids[0], ids[2], ids[1]]);

    await page.click(60, 60);
    await expect.poll(() => promptNames(page)).toHaveLength(1);
    await page.drag([60, 60], [90, 70]);
    const [{ prompt }] = await page.asked('viewer/prompt/move');
    expect(prompt.kind === 'point' && [prompt.x, prompt.y].map(Math.round)).toEqual([90, 70]);
    expect(await promptNames(page)).toEqual(['Include 90, 70']);
  });

  it('undoes and redoes everything, and says what', async () => {
    const page = await open();
    expect(await page.button('Undo').isEnabled()).toBe(false);
    await page.click(78, 84);
    await expect.poll(() => page.button('Undo').getAttribute('title')).toBe('Undo: point (Ctrl+Z)');
    const masked = await kernelMask(page);
    await page.press('ControlOrMeta+z');
    await expect.poll(() => promptNames(page)).toEqual([]);
    expect((await seenMask(page)).some(Boolean)).toBe(false);
    await page.press('ControlOrMeta+Shift+z');
    await expect.poll(() => promptNames(page)).toHaveLength(1);
    expect(await kernelMask(page)).toEqual(masked);
  });

  it('keeps several objects: adds, names, colours, hides, deletes', async () => {
    const page = await open();
    await page.click(78, 84);
    await page.canvas().focus();
    await page.press('n');
    await expect.poll(() => names(page)).toEqual(['liver', 'object 2']);
    await page.click(150, 40);
    const [, add] = await page.asked('viewer/object/add', 'viewer/prompt/add').then((all) => all.slice(-2));
    expect(add).toMatchObject({ type: 'viewer/prompt/add' });
    await page.canvas().focus();
    await page.press('F2');
    await page.page.keyboard.type('<i>tumour</i>');
    await page.press('Enter');
    await expect.poll(() => names(page)).toEqual(['liver', '<i>tumour</i>']);
    expect(await page.canvas().evaluate((canvas) => canvas === document.activeElement)).toBe(true);
    await page.page.locator('.objects .name').first().dblclick();
    await page.page.keyboard.type('organ');
    await page.press('Escape');
    await expect.poll(() => names(page)).toEqual(['liver', '<i>tumour</i>']);

    const before = await page.seen('axial', 'view', 'picture');
    await page.button('Hide liver').click();
    await expect.poll(() => page.button('Show liver').count()).toBe(1);
    const hidden = ViewerPage.differs(before, await page.seen('axial', 'view', 'picture'));
    expect(dice(hidden, await kernelMask(page))).toBeGreaterThan(0.9);
    await page.page.getByLabel('Colour of liver').fill('#ff0000');
    await expect
      .poll(async () => (await page.asked('viewer/object/change')).at(-1)?.properties)
      .toEqual({ colour: '#ff0000' });
    await page.page.locator('.objects .name').first().click();
    await expect.poll(() => page.page.locator('.objects .active .name').textContent()).toBe('liver');
    await page.button('Delete <i>tumour</i>').click();
    await expect.poll(() => names(page)).toEqual(['liver']);
    expect(await page.button('Delete liver').isDisabled()).toBe(true);
  });

  it('fills, cleans and refines the mask of the slice, or of all slices', async () => {
    const page = await open(scan, 20);
    await page.click(78, 84);
    await expect.poll(() => page.button('Fill holes').isEnabled()).toBe(true);
    await page.button('Fill holes').click();
    await page.page.getByLabel('Clean up on all slices').check();
    await page.button('Keep largest').click();
    await page.button('Refine').click();
    await page.button('Segment slice').click();
    await page.button('All slices').click();
    expect(
      await page
        .asked('viewer/fill', 'viewer/largest', 'viewer/prompt/add', 'viewer/segment')
        .then((all) => all.slice(1)),
    ).toMatchObject([
      { type: 'viewer/fill', slice: 20 },
      { type: 'viewer/largest', slice: null },
      { type: 'viewer/prompt/add', prompt: { kind: 'mask', slice: 20 } },
      { type: 'viewer/segment', slice: 20 },
      { type: 'viewer/segment', slice: null },
    ]);
  });

  it('shows how far a propagation is, marks its slices, and cancels it', async () => {
    const page = await open(scan, 20);
    await page.click(78, 84);
    await expect.poll(() => page.button('Propagate').isEnabled()).toBe(true);
    await page.page.evaluate(() => (window.kernel.delay.mask = 150));
    await page.canvas().focus();
    await page.press('Shift+P');
    await expect.poll(() => page.page.getByRole('progressbar').count()).toBe(1);
    await expect.poll(() => page.page.locator('.busy').textContent()).toMatch(/propagating [3-9] \/ 19/);
    await page.host.picture('image-propagating');
    await page.press('Escape');
    expect(await page.asked('viewer/cancel')).toHaveLength(1);
    await expect.poll(() => page.page.getByRole('progressbar').count()).toBe(0);
    const marks = await page.page.locator('.marks .masked').count();
    expect(marks).toBeGreaterThan(3);
    expect(marks).toBeLessThan(19);
    await page.hover(100, 100);
    await page.hover(101, 101);
    await page.wheel(2);
    await page.settled();
    expect(dice(await seenMask(page), await kernelMask(page, 'liver', 22))).toBeGreaterThan(0.97);
  });

  it('keeps two viewers of one image in step', async () => {
    const page = await open();
    await page.show('second');
    const before = await page.seen('axial', 'second', 'picture');
    await page.click(78, 84);
    await page.page.mouse.move(3, 3);
    await expect.poll(() => page.page.locator('#second .prompts .name').count()).toBe(1);
    const seen = ViewerPage.differs(before, await page.seen('axial', 'second', 'picture'));
    expect(dice(seen, await kernelMask(page))).toBeGreaterThan(0.97);
    await page.canvas('axial', 'second').focus();
    await page.press('ControlOrMeta+z');
    await expect.poll(() => promptNames(page)).toEqual([]);
    expect(await page.seen('axial', 'second', 'picture')).toEqual(before);
  });

  it('saves the masks where it is told', async () => {
    const page = await open();
    const path = page.page.getByLabel('File or folder');
    expect(await path.inputValue()).toBe('scan-labels.nii.gz');
    await page.page.getByLabel('Format').selectOption('pairs');
    expect(await path.inputValue()).toBe('scan-data');
    await page.button('Save').click();
    expect(await page.asked('viewer/export')).toMatchObject([{ format: 'pairs', path: 'scan-data' }]);
    await page.tell({ type: 'viewer/exported', viewId: 'view', format: 'pairs', files: ['/a/pairs.csv', '/a/1.png'] });
    expect(await page.page.locator('.note').textContent()).toBe('Saved /a/pairs.csv and 1 more.');
  });
});
