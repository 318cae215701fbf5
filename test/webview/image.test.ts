import { afterEach, describe, expect, it } from 'vitest';
import type { Prompt, SessionState } from '../../src/protocol';
import { browserOfTests, hasBrowser } from '../support/browser';
import { dice } from '../support/drawnImage';
import { OutputPage } from './outputPage';
import { picture, ViewerPage } from './viewerPage';

const [width, height] = picture.size;

describe.skipIf(!hasBrowser)('the image renderer in a browser', () => {
  const browser = browserOfTests();
  let viewer: ViewerPage | undefined;

  afterEach(async () => {
    await viewer?.close();
    viewer = undefined;
  });

  const open = async (options: { pixelRatio?: number } = {}): Promise<ViewerPage> => {
    viewer = await ViewerPage.open(browser(), { volume: picture, ...options });
    await viewer.host.sent();
    return viewer;
  };
  const prompts = async (page: ViewerPage): Promise<Prompt[]> =>
    (await page.asked('viewer/prompt/add')).map(({ prompt }) => prompt);
  const pixelOf = (prompt: Prompt) => (prompt.kind === 'point' ? [Math.floor(prompt.x), Math.floor(prompt.y)] : null);

  it.each([1, 1.5, 2])('sends the clicked pixel at a pixel ratio of %s', async (pixelRatio) => {
    const page = await open({ pixelRatio });
    for (const [x, y] of [
      [0.5, 0.5],
      [78.5, 84.5],
      [width - 0.5, height - 0.5],
    ]) {
      await page.click(x, y);
      const [prompt] = await prompts(page);
      expect(prompt).toMatchObject({ kind: 'point', label: 1 });
      expect(pixelOf(prompt)).toEqual([x - 0.5, y - 0.5]);
    }
  });

  it('sends the clicked pixel when the page is zoomed and scrolled', async () => {
    const page = await open();
    await page.page.evaluate(() => {
      document.body.style.setProperty('zoom', '1.3');
      document.body.style.height = '3000px';
      window.scrollTo(0, 60);
    });
    await page.click(30.5, 90.5);
    expect(pixelOf((await prompts(page))[0])).toEqual([30, 90]);
  });

  it('takes Shift, Alt and the right button as "not this", and the sign Exclude the other way round', async () => {
    const page = await open();
    await page.click(20, 20, { key: 'Shift' });
    await page.click(40, 20, { key: 'Alt' });
    await page.click(60, 20, { button: 'right' });
    await page.button('Exclude').click();
    await page.click(80, 20);
    await page.click(100, 20, { key: 'Shift' });
    const labels = (await prompts(page)).map((prompt) => prompt.kind === 'point' && prompt.label);
    expect(labels).toEqual([0, 0, 0, 0, 1]);
  });

  it('takes a drag as a box, whichever way it goes, and a tremor as a click', async () => {
    const page = await open();
    await page.drag([116, 122], [40, 46]);
    const [box] = await prompts(page);
    expect(box.kind).toBe('box');
    if (box.kind !== 'box') return;
    expect([box.x0, box.y0, box.x1, box.y1].map(Math.round)).toEqual([40, 46, 116, 122]);
    const { x, y } = await page.onScreen(150, 140);
    await page.page.mouse.move(x, y);
    await page.page.mouse.down();
    await page.page.mouse.move(x + 2, y + 2);
    await page.page.mouse.up();
    expect((await prompts(page)).map(({ kind }) => kind)).toEqual(['point']);
  });

  it('keeps a box that leaves the picture inside of it, and gives one up on Escape', async () => {
    const page = await open();
    const start = await page.onScreen(100, 100);
    const { mouse } = page.page;
    await mouse.move(start.x, start.y);
    await mouse.down();
    await mouse.move(start.x - 2000, start.y + 5);
    await mouse.move(1, 1);
    await mouse.up();
    expect((await prompts(page))[0]).toMatchObject({ kind: 'box', x0: 0, y0: 0 });
    await mouse.move(start.x, start.y);
    await mouse.down();
    await mouse.move(start.x + 50, start.y + 50);
    await page.press('Escape');
    await mouse.up();
    expect(await prompts(page)).toEqual([]);
  });

  it.each([1, 2])('draws the mask where it is, at a pixel ratio of %s', async (pixelRatio) => {
    const page = await open({ pixelRatio });
    const untouched = await page.seen('axial', 'view', 'picture');
    await page.click(78, 84);
    await page.page.mouse.move(5, 5);
    await expect.poll(() => page.page.locator('.answer').textContent()).toMatch(/estimated IoU 0.91/);
    const mask = await page.page.evaluate(() => window.kernel.mask('liver', 0));
    const seen = ViewerPage.differs(untouched, await page.seen('axial', 'view', 'picture'));
    expect(dice(seen, mask)).toBeGreaterThan(0.97);
    await page.button('Undo').click();
    await page.host.drawn();
    await expect
      .poll(async () => ViewerPage.differs(untouched, await page.seen('axial', 'view', 'picture')).some(Boolean))
      .toBe(false);
  });

  it('shows a click before it is answered, and drops a state that is older than the one it shows', async () => {
    const page = await open();
    await page.page.evaluate(() => (window.kernel.delay.mask = 300));
    const untouched = await page.seen();
    await page.click(20, 20);
    expect(ViewerPage.differs(untouched, await page.seen()).some(Boolean)).toBe(true);
    await expect.poll(() => page.button('Undo').isEnabled()).toBe(true);
    const old: SessionState = {
      revision: 0,
      objects: [],
      active: '',
      undo: null,
      redo: null,
      model: 'old',
      readOnly: null,
    };
    await page.tell({ type: 'viewer/change', viewId: 'view', state: old, objects: [] });
    expect(await page.page.locator('.answer').textContent()).toMatch(/^disc-model/);
  });

  it('holds the place of the picture until it comes', async () => {
    const host = await OutputPage.open(browser(), 'image');
    await host.render({ version: 2, image: { path: 'folder/scan.nii.gz', size: [300, 200, 10] } });
    const [attach] = (await host.sent()) as { viewId: string; output: unknown }[];
    expect(attach).toMatchObject({ type: 'viewer/attach', version: 2, viewId: expect.stringMatching(/^view-\w+/) });
    const { width: held, height: high } = (await host.page.locator('.skeleton').boundingBox())!;
    expect(held).toBeGreaterThan(400);
    expect(high).toBeGreaterThan(200);
    await host.picture('image-waiting');
    await host.close();
  });

  it('stays itself when its output is rendered again, and goes when another takes its place', async () => {
    const page = await open();
    await page.click(78, 84);
    await page.settled();
    const before = await page.seen();
    const image = { path: 'scan.nii.gz', name: 'scan.nii.gz', size: picture.size };
    await page.host.sent();
    await page.host.render({ version: 2, viewId: 'view', sessionId: 'session', image, slice: 0 }, 'view');
    expect(await page.asked('viewer/attach')).toEqual([]);
    expect(await page.seen()).toEqual(before);
    await page.host.render({ version: 2, viewId: 'other', image }, 'view');
    expect((await page.asked('viewer/attach', 'viewer/detach')).map(({ type, viewId }) => [type, viewId])).toEqual([
      ['viewer/detach', 'view'],
      ['viewer/attach', 'other'],
    ]);
    await expect.poll(() => page.page.locator('.overlay').count()).toBe(1);
  });

  it('leaves nothing behind when its output goes', async () => {
    const page = await open();
    await page.host.page.evaluate(() => window.host.dispose('view'));
    expect(await page.asked('viewer/detach')).toHaveLength(1);
    expect(await page.page.locator('canvas').count()).toBe(0);
    await page.tell({ type: 'viewer/tasks', viewId: 'view', tasks: [] });
  });

  it('says what went wrong and takes it back with the next answer', async () => {
    const page = await open();
    const alert = page.page.getByRole('alert');
    await page.tell({ type: 'viewer/error', viewId: 'view', message: '<b>scan.png</b> is gone' });
    expect(await alert.textContent()).toBe('<b>scan.png</b> is gone');
    await page.click(78, 84);
    await expect.poll(() => alert.count()).toBe(0);
    const patch = { x: 0, y: 0, width: 9999, height: 1, runs: 'AA==' };
    const broken = { object: 'liver', slice: 0, revision: 99, prompts: [], mask: { whole: true as const, patch } };
    const rest = { area: 1, iou: null, candidates: [], chosen: null, source: 'model' as const };
    const objects = [{ id: 'liver', label: 'liver', colour: '#ff0000', visible: true, value: 1 }];
    const state = { revision: 99, objects, active: 'liver', undo: null, redo: null, model: null, readOnly: null };
    await page.tell({ type: 'viewer/change', viewId: 'view', state, objects: [{ ...broken, ...rest }] });
    expect(await alert.textContent()).toMatch(/mask does not fit/);
  });

  it('tells what to do when no kernel answers, and asks again', async () => {
    const host = await OutputPage.open(browser(), 'image');
    await host.page.clock.install();
    await host.render({ version: 2, viewId: 'view', image: { path: 'scan.png' } });
    await host.sent();
    await host.page.clock.runFor(10_000);
    await host.picture('image-no-answer');
    expect(await host.page.getByRole('alert').textContent()).toMatch(/kernel has not answered.*select one or run/);
    await host.page.getByRole('button', { name: 'Retry' }).click();
    expect(await host.sent()).toMatchObject([{ type: 'viewer/attach' }]);
    await host.close();
  });

  it('refuses an output that is none', async () => {
    const host = await OutputPage.open(browser(), 'image');
    await host.render({ version: 2, viewId: 3, image: { path: 'a.png' } });
    expect(await host.page.locator('#output').textContent()).toMatch(/damaged/);
    expect(await host.sent()).toEqual([]);
    await host.close();
  });
});
