import { afterEach, describe, expect, it } from 'vitest';
import { browserOfTests, hasBrowser } from '../support/browser';
import type { VolumeOptions } from './page/drawnVolume';
import { picture, scan, ViewerPage } from './viewerPage';

const modifiers = ['Shift', 'Control', 'Meta', 'Alt'];

describe.skipIf(!hasBrowser)('the viewer on the keyboard', () => {
  const browser = browserOfTests();
  let viewer: ViewerPage | undefined;

  afterEach(async () => {
    await viewer?.close();
    viewer = undefined;
  });

  const open = async (volume: VolumeOptions = scan, slice = 20): Promise<ViewerPage> => {
    viewer = await ViewerPage.open(browser(), { volume, slice });
    await viewer.canvas().focus();
    await viewer.host.sent();
    return viewer;
  };
  const leaked = async (page: ViewerPage) => (await page.host.leaked()).filter((key) => !modifiers.includes(key));
  const slice = (page: ViewerPage) =>
    page.page.locator('#view .pane:not([hidden]) .slice-number').first().textContent();

  it('goes through the slices with arrows, pages, Home and End', async () => {
    const page = await open();
    const seen: (string | null)[] = [];
    for (const key of ['ArrowUp', 'ArrowRight', 'ArrowDown', 'PageUp', 'End', 'PageDown', 'Home', 'ArrowLeft']) {
      await page.press(key);
      await page.host.drawn();
      seen.push(await slice(page));
    }
    expect(seen.map((text) => Number(text!.split(' ')[0]))).toEqual([22, 23, 22, 32, 40, 30, 1, 1]);
    expect(await leaked(page)).toEqual([]);
  });

  it('places points, boxes, scribbles and strokes at its cursor', async () => {
    const page = await open();
    await page.press('Alt+ArrowRight', 'Alt+Shift+ArrowDown', 'Enter', 'Shift+Enter', 't', 'Enter', 't');
    const points = (await page.asked('viewer/prompt/add')).map(({ prompt }) => prompt);
    expect(points).toEqual([
      { kind: 'point', x: 97.5, y: 90.5, label: 1 },
      { kind: 'point', x: 97.5, y: 90.5, label: 0 },
      { kind: 'point', x: 97.5, y: 90.5, label: 0 },
    ]);
    await page.press('e', 'Enter', 'Alt+Shift+ArrowRight', 'Alt+Shift+ArrowDown', 'Enter');
    await page.press('d', 'Enter', 'Alt+Shift+ArrowLeft', 'Alt+ArrowUp', 'Enter');
    expect((await page.asked('viewer/prompt/add')).map(({ prompt }) => prompt)).toEqual([
      { kind: 'box', x0: 97.5, y0: 90.5, x1: 107.5, y1: 100.5 },
      {
        kind: 'scribble',
        points: [
          [107.5, 100.5],
          [97.5, 100.5],
          [97.5, 99.5],
        ],
        label: 1,
      },
    ]);
    await page.press('b', '[', 'Enter', 'Alt+Shift+ArrowUp', 'Enter');
    expect(await page.asked('viewer/stroke')).toMatchObject([
      {
        erase: false,
        radius: 3,
        points: [
          [97.5, 99.5],
          [97.5, 89.5],
        ],
      },
    ]);
    expect(await leaked(page)).toEqual([]);
  });

  it('moves its cursor with plain arrows where there are no slices to go to', async () => {
    const page = await open(picture, 0);
    await page.press('ArrowRight', 'Shift+ArrowDown', 'Enter');
    const [{ prompt }] = await page.asked('viewer/prompt/add');
    expect(prompt).toEqual({ kind: 'point', x: 97.5, y: 90.5, label: 1 });
    expect(await page.page.locator('.coordinates').textContent()).toMatch(/^97, 90 /);
  });

  it('has the keys of the tools that people come from', async () => {
    const page = await open();
    await page.press('e');
    await expect.poll(() => page.button('Box').getAttribute('aria-pressed')).toBe('true');
    await page.press('t');
    await expect.poll(() => page.button('Exclude').getAttribute('aria-pressed')).toBe('true');
    await page.press('n', 's', 'Shift+S', 'ControlOrMeta+z', 'ControlOrMeta+Shift+z', 'ControlOrMeta+y', 'Delete', 'm');
    const sent = (await page.host.sent()) as { type: string }[];
    expect(sent.map(({ type }) => type).filter((type) => type !== 'viewer/slices')).toEqual([
      'viewer/object/add',
      'viewer/segment',
      'viewer/segment',
      'viewer/undo',
      'viewer/redo',
      'viewer/redo',
      'viewer/clear',
      'viewer/prompt/add',
    ]);
    await page.press('v', 'q', 'q', 'q');
    await expect.poll(() => page.button('All planes').getAttribute('aria-pressed')).toBe('true');
    await page.press('w', 'w');
    await expect.poll(() => page.page.getByLabel('Window', { exact: true }).inputValue()).toBe('CT lung');
    await page.press('i', 'l');
    await expect.poll(() => page.button('Smooth').getAttribute('aria-pressed')).toBe('true');
    await expect.poll(() => page.button('Live preview').getAttribute('aria-pressed')).toBe('false');
    expect(await leaked(page)).toEqual([]);
  });

  it('keeps from the notebook what the notebook would take, and nothing that is the editor’s', async () => {
    const page = await open();
    await page.press('a', 'j', 'o', 'Enter', 'Escape');
    await page.host.leaked();
    await page.press('d', 'a', 'z', 'Backspace');
    expect(await leaked(page)).toEqual([]);
    await page.press('Escape', 'ControlOrMeta+s', 'F5', 'Alt+z');
    expect(await leaked(page)).toEqual(['Escape', 's', 'F5', 'z']);
    await page.page.evaluate(() => (document.activeElement as HTMLElement).blur());
    await page.press('d', 'n', 'ArrowUp', 'Delete');
    expect(await leaked(page)).toEqual(['d', 'n', 'ArrowUp', 'Delete']);
    expect(await page.asked('viewer/object/add')).toEqual([]);
  });

  it('leaves arrows to sliders and letters to fields', async () => {
    const page = await open();
    await page.page.getByRole('slider', { name: 'axial slice' }).focus();
    await page.press('ArrowRight');
    await page.host.drawn();
    expect(await slice(page)).toBe('22 / 40');
    await page.press('F2');
    await page.page.keyboard.type('new n');
    await page.press('Enter');
    const changes = await page.asked('viewer/object/add', 'viewer/object/change');
    expect(changes).toMatchObject([{ type: 'viewer/object/change', properties: { label: 'new n' } }]);
    expect(await leaked(page)).toEqual([]);
  });

  it('lists all keys, and closes the list where it was opened', async () => {
    const page = await open();
    await page.press('?');
    const dialog = page.page.getByRole('dialog', { name: 'Keys and mouse' });
    expect(await dialog.isVisible()).toBe(true);
    const text = (await dialog.textContent()) ?? '';
    for (const key of ['E', 'T', 'Ctrl+Z', 'Ctrl+Shift+Z', 'N', 'S', 'Shift+S', 'V', 'Delete', '?'])
      expect(await dialog.locator('kbd', { hasText: new RegExp(`^${key.replace(/[+?]/g, '\\$&')}$`) }).count()).toBe(1);
    expect(text).toMatch(/Wheel.*slices/);
    await page.host.picture('image-keys');
    await page.press('Escape');
    expect(await dialog.isVisible()).toBe(false);
    expect(await page.canvas().evaluate((canvas) => canvas === document.activeElement)).toBe(true);
  });

  it('names everything for those who do not see it', async () => {
    const page = await open();
    const unnamed = await page.page.locator('#view').evaluate((root) =>
      [...root.querySelectorAll('button, input, select, [role=application], progress')]
        .filter((each) => (each as HTMLElement).offsetParent !== null)
        .filter((each) => !each.getAttribute('aria-label') && !each.textContent?.trim() && !each.closest('label'))
        .map((each) => each.outerHTML),
    );
    expect(unnamed).toEqual([]);
    expect(await page.canvas().getAttribute('aria-label')).toBe(
      'scan.nii.gz, 192 × 160 × 40 voxels, axial slice 21 of 40. Press ? for keys.',
    );
    await page.press('ArrowUp');
    await expect.poll(() => page.page.locator('.said').textContent()).toBe('Slice 22');
    await page.press('v');
    await expect.poll(() => page.page.locator('.said').textContent()).toBe('Masks hidden');
    const focused = new Set<string>();
    for (let tab = 0; tab < 40; tab++) {
      await page.press('Tab');
      focused.add(await page.page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? ''));
    }
    for (const name of ['Points', 'Box', 'Window', 'axial slice', 'New object', 'Opacity'])
      expect(focused).toContain(name);
  });
});
