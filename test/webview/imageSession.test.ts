import { afterEach, describe, expect, it } from 'vitest';
import { browserOfTests, hasBrowser } from '../support/browser';
import { dice } from '../support/drawnImage';
import type { VolumeOptions } from './page/drawnVolume';
import { picture, scan, ViewerPage } from './viewerPage';

describe.skipIf(!hasBrowser)('a session in the viewer', () => {
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

  it('undoes and redoes everything, and says what', async () => {
    const page = await open();
    expect(await page.button('Undo').isEnabled()).toBe(false);
    await page.click(78, 84);
    await expect.poll(() => page.button('Undo').getAttribute('title')).toBe('Undo: point (Ctrl+Z)');
    const masked = await page.kernelMask();
    await page.press('ControlOrMeta+z');
    await expect.poll(() => page.names('prompts')).toEqual([]);
    expect((await page.seenMask()).some(Boolean)).toBe(false);
    await page.press('ControlOrMeta+Shift+z');
    await expect.poll(() => page.names('prompts')).toHaveLength(1);
    expect(await page.kernelMask()).toEqual(masked);
  });

  it('keeps several objects: adds, names, colours, hides, deletes', async () => {
    const page = await open();
    await page.click(78, 84);
    await page.canvas().focus();
    await page.press('n');
    await expect.poll(() => page.names('objects')).toEqual(['liver', 'object 2']);
    await page.click(150, 40);
    const [, add] = await page.asked('viewer/object/add', 'viewer/prompt/add').then((all) => all.slice(-2));
    expect(add).toMatchObject({ type: 'viewer/prompt/add' });
    await page.canvas().focus();
    await page.press('F2');
    await page.page.keyboard.type('<i>tumour</i>');
    await page.press('Enter');
    await expect.poll(() => page.names('objects')).toEqual(['liver', '<i>tumour</i>']);
    expect(await page.canvas().evaluate((canvas) => canvas === document.activeElement)).toBe(true);
    await page.page.locator('.objects .name').first().dblclick();
    await page.page.keyboard.type('organ');
    await page.press('Escape');
    await expect.poll(() => page.names('objects')).toEqual(['liver', '<i>tumour</i>']);

    const before = await page.seen('axial', 'view', 'picture');
    await page.button('Hide liver').click();
    await expect.poll(() => page.button('Show liver').count()).toBe(1);
    const hidden = ViewerPage.differs(before, await page.seen('axial', 'view', 'picture'));
    expect(dice(hidden, await page.kernelMask())).toBeGreaterThan(0.9);
    await page.page.getByLabel('Colour of liver').fill('#ff0000');
    await expect
      .poll(async () => (await page.asked('viewer/object/change')).at(-1)?.properties)
      .toEqual({ colour: '#ff0000' });
    await page.page.locator('.objects .name').first().click();
    await expect.poll(() => page.page.locator('.objects .active .name').textContent()).toBe('liver');
    await page.button('Delete <i>tumour</i>').click();
    await expect.poll(() => page.names('objects')).toEqual(['liver']);
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
    expect(dice(await page.seenMask(), await page.kernelMask('liver', 22))).toBeGreaterThan(0.97);
  });

  it('keeps two viewers of one image in step', async () => {
    const page = await open();
    await page.show('second');
    const before = await page.seen('axial', 'second', 'picture');
    await page.click(78, 84);
    await page.page.mouse.move(3, 3);
    await expect.poll(() => page.page.locator('#second .prompts .name').count()).toBe(1);
    const seen = ViewerPage.differs(before, await page.seen('axial', 'second', 'picture'));
    expect(dice(seen, await page.kernelMask())).toBeGreaterThan(0.97);
    await page.canvas('axial', 'second').focus();
    await page.press('ControlOrMeta+z');
    await expect.poll(() => page.names('prompts')).toEqual([]);
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
