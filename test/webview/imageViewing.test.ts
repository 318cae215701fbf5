import { afterEach, describe, expect, it } from 'vitest';
import { browserOfTests, hasBrowser } from '../support/browser';
import type { VolumeOptions } from './page/drawnVolume';
import { scan, ViewerPage } from './viewerPage';

describe.skipIf(!hasBrowser)('looking at a volume', () => {
  const browser = browserOfTests();
  let viewer: ViewerPage | undefined;

  afterEach(async () => {
    await viewer?.close();
    viewer = undefined;
  });

  const open = async (volume: VolumeOptions = scan, slice = 20): Promise<ViewerPage> => {
    viewer = await ViewerPage.open(browser(), { volume, slice });
    return viewer;
  };
  const slice = (page: ViewerPage) =>
    page.page.locator('#view .pane:not([hidden]) .slice-number').first().textContent();
  const coordinates = (page: ViewerPage) => page.page.locator('.coordinates').textContent();
  /** Grey level that an intensity has in a window, as 0xRRGGBB. */
  const grey = (value: number, low = -160, high = 240) =>
    0x010101 * Math.round(255 * Math.min(Math.max((value - low) / (high - low), 0), 1));

  it('draws the intensities of the slice through the window', async () => {
    const page = await open();
    const seen = await page.seen('axial', 'view', 'picture');
    const truth = await page.page.evaluate(() => [
      window.kernel.volume.at(78, 84, 20),
      window.kernel.volume.at(30, 90, 20),
    ]);
    expect(seen[84 * 192 + 78]).toBe(grey(truth[0]));
    expect(seen[90 * 192 + 30]).toBe(grey(truth[1]));
    expect(seen[0]).toBe(0);
  });

  it('scrolls with the wheel, a notch a slice, and asks for neighbours ahead of time', async () => {
    const page = await open();
    await page.hover(100, 100);
    await page.hover(101, 101);
    await page.settled();
    await expect.poll(() => page.page.evaluate(() => window.kernel.asked.length)).toBeGreaterThan(1);
    await page.asked('viewer/slices');
    await page.wheel(3);
    expect(await slice(page)).toBe('24 / 40');
    const asked: number[] = [];
    const furthest = async () => {
      asked.push(...(await page.asked('viewer/slices')).flatMap(({ indices }) => indices));
      return Math.max(...asked);
    };
    await expect.poll(furthest).toBe(31);
    expect(asked).not.toContain(22);
    expect(new Set(asked).size).toBe(asked.length);
    await page.wheel(-30);
    await page.settled();
    expect(await slice(page)).toBe('1 / 40');
  });

  it('leaves the wheel to a notebook that scrolls by under a resting pointer', async () => {
    const page = await open();
    await page.page.evaluate(() => {
      document.body.style.paddingBottom = '3000px';
      (document.activeElement as HTMLElement | null)?.blur();
    });
    await page.page.mouse.move(400, 1);
    await page.page.mouse.wheel(0, 150);
    await expect.poll(() => page.page.evaluate(() => window.scrollY)).toBe(150);
    expect(await slice(page)).toBe('21 / 40');
  });

  it('shows every slice that is scrolled to', async () => {
    const large: VolumeOptions = { ...scan, size: [512, 512, 60], balls: [] };
    const page = await open(large, 0);
    await page.canvas().focus();
    await page.page.evaluate(() => window.kernel.volume.drawAll('axial'));
    const { drawn, seconds } = await page.page.evaluate(async () => {
      const canvas = document.querySelector<HTMLCanvasElement>('#view .overlay')!;
      const waits = () => canvas.parentElement!.classList.contains('waiting');
      const frame = () => new Promise(requestAnimationFrame);
      const began = performance.now();
      let shown = 0;
      for (let at = 0; at < 40; at++) {
        canvas.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowUp', bubbles: true }));
        do await frame();
        while (waits());
        shown++;
      }
      return { drawn: shown, seconds: (performance.now() - began) / 1000 };
    });
    expect(drawn).toBe(40);
    console.log(`${(drawn / seconds).toFixed(0)} slices of 512 × 512 a second`);
  });

  it('zooms about the pointer and moves with the middle button, the space bar and the tool', async () => {
    const page = await open();
    const at = await page.onScreen(140, 60);
    await page.page.mouse.move(at.x, at.y);
    await page.page.keyboard.down('Control');
    for (let turn = 0; turn < 4; turn++) await page.page.mouse.wheel(0, -100);
    await page.page.keyboard.up('Control');
    const zoomed = await page.onScreen(140, 60);
    expect(Math.hypot(zoomed.x - at.x, zoomed.y - at.y)).toBeLessThan(1);
    const beside = await page.onScreen(150, 60);
    expect(beside.x - zoomed.x).toBeGreaterThan(60);

    const { mouse, keyboard } = page.page;
    const drag = async (button: 'left' | 'middle') => {
      await mouse.move(at.x, at.y);
      await mouse.down({ button });
      await mouse.move(at.x + 60, at.y + 30, { steps: 4 });
      await mouse.up({ button });
    };
    const moved = async (from: { x: number; y: number }) => {
      const to = await page.onScreen(140, 60);
      return [to.x - from.x, to.y - from.y].map(Math.round);
    };
    await drag('middle');
    expect(await moved(zoomed)).toEqual([60, 30]);
    await page.press('r');
    let fitted = await page.onScreen(140, 60);
    await page.canvas().focus();
    await keyboard.down('Space');
    await drag('left');
    await keyboard.up('Space');
    expect(await moved(fitted)).toEqual([60, 30]);
    await page.press('r', 'h');
    fitted = await page.onScreen(140, 60);
    await drag('left');
    expect(await moved(fitted)).toEqual([60, 30]);
    expect(await page.asked('viewer/prompt/add', 'viewer/stroke')).toEqual([]);
  });

  it('changes level and width with the right button, at once and without asking', async () => {
    const page = await open();
    const before = await page.seen('axial', 'view', 'picture');
    await page.asked('viewer/slices');
    await page.drag([60, 60], [120, 60], 'right');
    const after = await page.seen('axial', 'view', 'picture');
    expect(ViewerPage.differs(before, after).some(Boolean)).toBe(true);
    const fields = page.page.locator('.numbers input');
    const [level, width] = await fields.evaluateAll((inputs) =>
      inputs.map((input) => (input as HTMLInputElement).valueAsNumber),
    );
    expect(level).toBeCloseTo(40, 1);
    expect(width).toBeGreaterThan(500);
    expect(await page.page.getByLabel('Window', { exact: true }).inputValue()).toBe('Custom');
    const at = await page.page.evaluate(() => window.kernel.volume.at(78, 84, 20));
    const expected = grey(at, level - width / 2, level + width / 2);
    expect(Math.abs((after[84 * 192 + 78] & 0xff) - (expected & 0xff))).toBeLessThanOrEqual(1);
    expect(await page.asked('viewer/prompt/add')).toEqual([]);
  });

  it('offers the presets of a CT, one from the values, and numbers to type', async () => {
    const page = await open();
    const list = page.page.getByLabel('Window', { exact: true });
    expect(await list.locator('option').allTextContents()).toEqual([
      'Image',
      'Auto',
      'CT lung',
      'CT bone',
      'CT soft tissue',
      'CT brain',
      'Custom',
    ]);
    await list.selectOption('CT lung');
    const lung = await page.seen('axial', 'view', 'picture');
    const air = await page.page.evaluate(() => window.kernel.volume.at(0, 0, 20));
    expect(lung[0]).toBe(grey(air, -1350, 150));
    await list.selectOption('Auto');
    expect(ViewerPage.differs(lung, await page.seen('axial', 'view', 'picture')).some(Boolean)).toBe(true);
    await page.page.getByLabel('Window level').fill('100');
    await page.page.getByLabel('Window level').press('Tab');
    await page.host.drawn();
    expect(await list.inputValue()).toBe('Custom');
  });

  it('says which voxel lies under the pointer, where it is in the patient, and its intensity', async () => {
    const page = await open();
    await page.hover(78.5, 84.5);
    const value = await page.page.evaluate(() => window.kernel.volume.at(78, 84, 20));
    expect(await coordinates(page)).toBe(`78, 84, 20   R 9.8 P 15.6 S 24.0 mm   ${value} HU`);
    await page.page.mouse.move(3, 3);
    expect(await coordinates(page)).toBe('');
  });

  it('draws thick slices thick, head up, with the cross-hair linked', async () => {
    const page = await open();
    await page.button('All planes').click();
    await page.settled();
    const corner = await page.onScreen(0, 0, 'coronal');
    const [right, up] = [await page.onScreen(10, 0, 'coronal'), await page.onScreen(0, 10, 'coronal')];
    expect((corner.y - up.y) / (right.x - corner.x)).toBeCloseTo(3, 2);
    // A click in another plane brings all others there.
    await page.click(140.5, 18.5, { plane: 'coronal' });
    await page.settled();
    const numbers = await page.page.locator('#view .slice-number').allTextContents();
    expect(numbers).toEqual(['19 / 40', '81 / 160', '141 / 192']);
    expect(await page.asked('viewer/prompt/add')).toEqual([]);
    // Scrolling one plane moves its line in the others.
    const before = await page.seen('axial');
    await page.hover(100.5, 20.5, 'sagittal');
    await page.hover(101.5, 20.5, 'sagittal');
    await page.wheel(5, 'sagittal');
    await page.settled();
    expect(await page.page.locator('#view .slice-number').allTextContents()).toEqual([
      '19 / 40',
      '81 / 160',
      '146 / 192',
    ]);
    expect(ViewerPage.differs(before, await page.seen('axial')).some(Boolean)).toBe(true);
  });

  it('shows masks in the other planes, and asks for them again when they change', async () => {
    const page = await open();
    await page.button('All planes').click();
    await page.settled();
    await page.asked('viewer/slices');
    await page.drag([60, 66], [96, 102]);
    const planes = new Set<string>();
    const asks = async () => {
      for (const { plane, pixels } of await page.asked('viewer/slices')) if (!pixels) planes.add(plane);
      return [...planes].sort();
    };
    await expect.poll(asks).toEqual(['coronal', 'sagittal']);
    await page.settled();
    await page.page.mouse.move(3, 3);
    const masked = await page.seen('coronal', 'view', 'picture');
    await page.press('v');
    const plain = await page.seen('coronal', 'view', 'picture');
    const rows = ViewerPage.differs(masked, plain).flatMap((value, at) => (value ? [Math.floor(at / 192)] : []));
    expect(new Set(rows)).toEqual(new Set([20]));
  });

  it('keeps the memory of the page bounded, however many slices are looked at', async () => {
    const large: VolumeOptions = { ...scan, size: [640, 640, 250], balls: [] };
    const page = await open(large, 0);
    await page.canvas().focus();
    await page.press('End', 'Home');
    for (let index = 0; index < 240; index += 12) {
      await page.press('PageUp');
      await page.settled();
    }
    await page.page.waitForTimeout(500);
    const shown = await page.page.evaluate(
      () => window.kernel.asked.filter(({ type }) => type === 'viewer/slices').length,
    );
    expect(shown).toBeGreaterThan(10);
    const client = await page.page.context().newCDPSession(page.page);
    await client.send('HeapProfiler.collectGarbage');
    const { usedSize, backingStorageSize } = (await client.send('Runtime.getHeapUsage')) as {
      usedSize: number;
      backingStorageSize?: number;
    };
    const held = (usedSize + (backingStorageSize ?? 0)) / 2 ** 20;
    console.log(`${held.toFixed(0)} MB held after ${(250 * 640 * 640 * 2) / 2 ** 20} MB of slices`);
    expect(held).toBeLessThan(200);
  });
});
