import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { encodeMaskPatch } from '../../src/kernel/imaging/maskPatch';
import type {
  ImageOutputV1 as ImageOutput,
  PromptV1 as Prompt,
  ViewerStateV1 as ViewerState,
} from '../../src/protocol';
import { hasBrowser, launchBrowser } from '../support/browser';
import { dice, drawDiscs } from '../support/drawnImage';
import { OutputPage } from './outputPage';
import type { ThemeName } from './themes';

const scan = drawDiscs(192, 160, [
  { x: 78, y: 84, radius: 34, level: 200 },
  { x: 158, y: 40, radius: 18, level: 180 },
]);
const { width, height } = scan;
const mask = encodeMaskPatch({ width, height, data: scan.mask });
const output: ImageOutput = {
  version: 1,
  viewId: 'view',
  sessionId: 'session',
  image: { path: 'scan.png', name: 'scan.png', width, height, slices: 1, spacing: null },
  slice: 0,
};
const state = (revision: number, changes: Partial<ViewerState> = {}): ViewerState => ({
  slice: 0,
  revision,
  prompts: [],
  mask: null,
  iou: null,
  canUndo: false,
  canRedo: false,
  model: 'phantom-sam (cpu)',
  ...changes,
});
const centre: Prompt = { kind: 'point', x: 78, y: 84, label: 1 };
const answered = state(1, { prompts: [centre], mask, iou: 0.934, canUndo: true });

describe.skipIf(!hasBrowser)('the image renderer in a browser', () => {
  let browser: Browser;
  let notebook: OutputPage;
  let png: string;

  beforeAll(async () => {
    if (!hasBrowser) return;
    browser = await launchBrowser();
    const raw = { raw: { width, height, channels: 1 as const } };
    png = (await sharp(scan.pixels, raw).png().toBuffer()).toString('base64');
  });
  afterEach(() => notebook?.close());
  afterAll(() => browser?.close());

  const tell = (changed: ViewerState) => notebook.receive({ type: 'viewer/state', viewId: 'view', state: changed });
  const open = async (pixelRatio = 1): Promise<void> => {
    notebook = await OutputPage.open(browser, 'image', pixelRatio);
    await notebook.render(output);
    await notebook.receive({ type: 'viewer/image', viewId: 'view', image: output.image, slice: 0, png });
    await notebook.page.waitForSelector('.skeleton', { state: 'detached' });
    await tell(state(0));
    await notebook.drawn();
    await notebook.sent();
  };
  const canvas = () => notebook.page.locator('canvas');
  const onScreen = async (x: number, y: number) => {
    const box = await canvas().boundingBox();
    if (!box) throw new Error('The canvas is not on the screen.');
    return { x: box.x + (x / width) * box.width, y: box.y + (y / height) * box.height };
  };
  const click = async (x: number, y: number, options: { button?: 'left' | 'right'; key?: string } = {}) => {
    const position = await onScreen(x, y);
    if (options.key) await notebook.page.keyboard.down(options.key);
    await notebook.page.mouse.click(position.x, position.y, { button: options.button ?? 'left' });
    if (options.key) await notebook.page.keyboard.up(options.key);
  };
  const drag = async (from: [number, number], to: [number, number]) => {
    const [start, end] = [await onScreen(...from), await onScreen(...to)];
    await notebook.page.mouse.move(start.x, start.y);
    await notebook.page.mouse.down();
    await notebook.page.mouse.move(end.x, end.y, { steps: 3 });
    await notebook.page.mouse.up();
  };
  const prompts = async () => ((await notebook.sent()) as { prompt: Prompt }[]).map(({ prompt }) => prompt);
  /** The grey level seen at the centre of every image pixel, RGB summed. */
  const seen = async (): Promise<number[]> => {
    await notebook.drawn();
    return await canvas().evaluate(
      (element, [columns, rows]) => {
        const layer = element as HTMLCanvasElement;
        const { data } = layer.getContext('2d')!.getImageData(0, 0, layer.width, layer.height);
        return Array.from({ length: columns * rows }, (_, index) => {
          const x = Math.floor((((index % columns) + 0.5) / columns) * layer.width);
          const y = Math.floor(((Math.floor(index / columns) + 0.5) / rows) * layer.height);
          const at = 4 * (y * layer.width + x);
          return data[at] + data[at + 1] + data[at + 2];
        });
      },
      [width, height],
    );
  };
  const differs = (a: number[], b: number[]) => a.map((value, index) => (Math.abs(value - b[index]) > 24 ? 1 : 0));

  it('attaches, and holds the place of the picture until it comes', async () => {
    notebook = await OutputPage.open(browser, 'image');
    await notebook.render(output);
    expect(await notebook.sent()).toEqual([{ type: 'viewer/attach', viewId: 'view', output }]);
    const before = await canvas().boundingBox();
    await notebook.picture('image-waiting');
    await notebook.receive({ type: 'viewer/image', viewId: 'view', image: output.image, slice: 0, png });
    await notebook.page.waitForSelector('.skeleton', { state: 'detached' });
    expect(await canvas().boundingBox()).toEqual(before);
    expect(before!.width / before!.height).toBeCloseTo(width / height, 2);
  });

  it.each([1, 1.5, 2])('sends the clicked pixel at a pixel ratio of %s', async (pixelRatio) => {
    await open(pixelRatio);
    for (const [x, y] of [
      [0.5, 0.5],
      [78.5, 84.5],
      [width - 0.5, height - 0.5],
    ]) {
      await click(x, y);
      const [prompt] = await prompts();
      expect(prompt).toMatchObject({ kind: 'point', label: 1 });
      if (prompt.kind === 'point') expect([Math.floor(prompt.x), Math.floor(prompt.y)]).toEqual([x - 0.5, y - 0.5]);
    }
  });

  it('sends the clicked pixel when the page is zoomed and scrolled', async () => {
    await open();
    await notebook.page.evaluate(() => {
      document.body.style.setProperty('zoom', '1.3');
      document.body.style.height = '3000px';
      window.scrollTo(0, 60);
    });
    await click(30.5, 90.5);
    const [prompt] = await prompts();
    expect(prompt).toMatchObject({ kind: 'point', label: 1 });
    if (prompt.kind === 'point') expect([Math.floor(prompt.x), Math.floor(prompt.y)]).toEqual([30, 90]);
  });

  it('takes Shift, Alt and the right button as "not this", and the mode Exclude the other way round', async () => {
    await open();
    await click(20, 20, { key: 'Shift' });
    await click(20, 20, { key: 'Alt' });
    await click(20, 20, { button: 'right' });
    await notebook.page.getByRole('button', { name: 'Exclude' }).click();
    await click(20, 20);
    await click(20, 20, { key: 'Shift' });
    const labels = (await prompts()).map((prompt) => prompt.kind === 'point' && prompt.label);
    expect(labels).toEqual([0, 0, 0, 0, 1]);
  });

  it('takes a drag as a box, whichever way it goes, and a tremor as a click', async () => {
    await open();
    await drag([116, 122], [40, 46]);
    const [box] = await prompts();
    expect(box.kind).toBe('box');
    if (box.kind !== 'box') return;
    expect([box.x0, box.y0, box.x1, box.y1].map(Math.round)).toEqual([40, 46, 116, 122]);
    const { x, y } = await onScreen(60, 60);
    await notebook.page.mouse.move(x, y);
    await notebook.page.mouse.down();
    await notebook.page.mouse.move(x + 2, y + 2);
    await notebook.page.mouse.up();
    expect((await prompts()).map(({ kind }) => kind)).toEqual(['point']);
  });

  it('keeps a box that leaves the picture inside of it, and gives one up on Escape', async () => {
    await open();
    const start = await onScreen(100, 100);
    await notebook.page.mouse.move(start.x, start.y);
    await notebook.page.mouse.down();
    await notebook.page.mouse.move(start.x - 2000, start.y + 5);
    await notebook.page.mouse.move(1, 1);
    await notebook.page.mouse.up();
    const [box] = await prompts();
    expect(box).toMatchObject({ kind: 'box', x0: 0, y0: 0 });
    await notebook.page.mouse.move(start.x, start.y);
    await notebook.page.mouse.down();
    await notebook.page.mouse.move(start.x + 50, start.y + 50);
    await notebook.page.keyboard.press('Escape');
    await notebook.page.mouse.up();
    expect(await notebook.sent()).toEqual([]);
  });

  it.each([1, 2])('draws the mask where it is, at a pixel ratio of %s', async (pixelRatio) => {
    await open(pixelRatio);
    const untouched = await seen();
    await tell({ ...answered, prompts: [] });
    expect(dice(differs(untouched, await seen()), scan.mask)).toBeGreaterThan(0.97);
    await tell(state(2));
    expect(differs(untouched, await seen()).some(Boolean)).toBe(false);
  });

  it('shows a click before it is answered, and drops a state that is older than the one it shows', async () => {
    await open();
    const untouched = await seen();
    await click(20, 20);
    expect(differs(untouched, await seen()).some(Boolean)).toBe(true);
    await tell(answered);
    const after = await seen();
    await tell(state(0));
    expect(differs(after, await seen()).some(Boolean)).toBe(false);
    expect(await notebook.page.locator('.answer').textContent()).toBe('phantom-sam (cpu) · estimated IoU 0.93');
  });

  it('is used with the keyboard alone, and keeps those keys from the notebook', async () => {
    await open();
    const { keyboard } = notebook.page;
    await canvas().focus();
    for (const key of ['ArrowRight', 'Shift+ArrowDown', 'Enter', 'Shift+Enter', 'ControlOrMeta+z'])
      await keyboard.press(key);
    for (const key of ['ControlOrMeta+Shift+z', 'Delete', 'd', 'b']) await keyboard.press(key);
    expect(await notebook.sent()).toEqual([
      { type: 'viewer/prompt', viewId: 'view', slice: 0, prompt: { kind: 'point', x: 97.5, y: 90.5, label: 1 } },
      { type: 'viewer/prompt', viewId: 'view', slice: 0, prompt: { kind: 'point', x: 97.5, y: 90.5, label: 0 } },
      { type: 'viewer/undo', viewId: 'view' },
      { type: 'viewer/redo', viewId: 'view' },
      { type: 'viewer/clear', viewId: 'view', slice: 0 },
    ]);
    const modifiers = ['Shift', 'Control', 'Meta'];
    expect((await notebook.leaked()).filter((key) => !modifiers.includes(key))).toEqual([]);
    await keyboard.press('ControlOrMeta+s');
    await keyboard.press('Escape');
    expect((await notebook.leaked()).filter((key) => !modifiers.includes(key))).toEqual(['s', 'Escape']);
  });

  it('sets a box with the keyboard, corner by corner', async () => {
    await open();
    await notebook.page.getByRole('button', { name: 'Box' }).press('Enter');
    for (const key of ['ArrowLeft', 'Enter', 'Shift+ArrowRight', 'Shift+ArrowDown', 'Enter'])
      await notebook.page.keyboard.press(key);
    expect(await prompts()).toEqual([{ kind: 'box', x0: 95.5, y0: 80.5, x1: 105.5, y1: 90.5 }]);
  });

  it('offers undo, redo and clear where there is something to undo, redo and clear', async () => {
    await open();
    const enabled = async () =>
      await Promise.all(
        ['Undo', 'Redo', 'Clear all prompts'].map((name) => notebook.page.getByRole('button', { name }).isEnabled()),
      );
    expect(await enabled()).toEqual([false, false, false]);
    await tell(answered);
    expect(await enabled()).toEqual([true, false, true]);
    await notebook.page.getByRole('button', { name: 'Undo' }).click();
    expect(await notebook.sent()).toEqual([{ type: 'viewer/undo', viewId: 'view' }]);
  });

  it('stays itself when its output is rendered again, and goes when another takes its place', async () => {
    await open();
    await tell(answered);
    const before = await seen();
    await notebook.render(output);
    expect(await notebook.sent()).toEqual([]);
    expect(await seen()).toEqual(before);
    await notebook.render({ ...output, viewId: 'other' });
    expect(await notebook.sent()).toMatchObject([{ type: 'viewer/attach', viewId: 'other' }]);
    expect(await canvas().count()).toBe(1);
  });

  it('says what went wrong and takes it back with the next answer', async () => {
    await open();
    const alert = notebook.page.getByRole('alert');
    await notebook.receive({ type: 'viewer/error', viewId: 'view', message: '<b>scan.png</b> is gone' });
    expect(await alert.textContent()).toBe('<b>scan.png</b> is gone');
    await tell(answered);
    expect(await alert.count()).toBe(0);
    await tell({ ...answered, revision: 2, mask: { ...mask!, width: 9999 } });
    expect(await alert.textContent()).toMatch(/mask does not fit/);
  });

  it('offers to try again when the kernel says nothing', async () => {
    notebook = await OutputPage.open(browser, 'image');
    await notebook.page.clock.install();
    await notebook.render(output);
    await notebook.sent();
    await notebook.page.clock.runFor(10_000);
    await notebook.picture('image-no-answer');
    await notebook.page.getByRole('button', { name: 'Retry' }).click();
    expect(await notebook.sent()).toMatchObject([{ type: 'viewer/attach' }]);
  });

  it('refuses an output that is none', async () => {
    notebook = await OutputPage.open(browser, 'image');
    await notebook.render({ version: 1, viewId: 3 });
    expect(await notebook.page.locator('#output').textContent()).toMatch(/damaged/);
    expect(await notebook.sent()).toEqual([]);
  });

  it.each<ThemeName>(['dark', 'light', 'high-contrast'])('looks at home in the theme %s', async (name) => {
    await open();
    await notebook.theme(name);
    const both: Prompt[] = [centre, { kind: 'point', x: 158, y: 40, label: 0 }];
    await tell({ ...answered, prompts: [...both, { kind: 'box', x0: 40, y0: 46, x1: 116, y1: 122 }] });
    await notebook.receive({ type: 'viewer/busy', viewId: 'view', busy: 'encoding the image' });
    await canvas().focus();
    await notebook.page.keyboard.press('ArrowRight');
    await notebook.page.waitForTimeout(400);
    await notebook.picture(`image-${name}`);
    const pressed = notebook.page.getByRole('button', { name: 'Include' });
    expect(await pressed.getAttribute('aria-pressed')).toBe('true');
  });
});
