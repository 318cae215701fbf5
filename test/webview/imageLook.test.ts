import { describe, expect, it } from 'vitest';
import { browserOfTests, hasBrowser } from '../support/browser';
import type { ThemeName } from './themes';
import { scan, ViewerPage } from './viewerPage';

const looks: { name: string; theme: ThemeName; pixelRatio: number; width: number }[] = [
  { name: 'dark', theme: 'dark', pixelRatio: 1, width: 1000 },
  { name: 'light', theme: 'light', pixelRatio: 2, width: 1000 },
  { name: 'high-contrast', theme: 'high-contrast', pixelRatio: 1, width: 1000 },
  { name: 'wide', theme: 'high-contrast', pixelRatio: 2, width: 1320 },
  { name: 'narrow', theme: 'light', pixelRatio: 2, width: 424 },
];

describe.skipIf(!hasBrowser)('the look of the viewer', () => {
  const browser = browserOfTests();

  // The pictures in out/webview are for the eye; what can be measured is.
  it.each(looks)('is at home: $name, $width pixels wide, at a ratio of $pixelRatio', async (look) => {
    const { name, theme, pixelRatio, width } = look;
    const viewer = await ViewerPage.open(browser(), { volume: scan, slice: 20, theme, pixelRatio, width });
    const { page } = viewer;
    await viewer.click(78, 84);
    await viewer.press('n');
    await expect.poll(() => page.locator('.objects .row').count()).toBe(2);
    await viewer.drag([118, 38], [162, 82]);
    await viewer.click(100, 130, { key: 'Shift' });
    await viewer.click(100, 130);
    await viewer.hover(60, 60);
    await viewer.settled();
    await viewer.host.picture(`image-${name}`);
    await viewer.press('q', 'q', 'q');
    await viewer.settled();
    await viewer.host.picture(`image-${name}-all`);
    const task = { id: 't', text: 'propagating the liver', done: 12, total: 40, cancellable: true };
    await viewer.tell({ type: 'viewer/tasks', viewId: 'view', tasks: [task] });
    await viewer.press('b');
    await viewer.hover(60, 60);
    await page.waitForTimeout(400);
    await viewer.host.picture(`image-${name}-busy`);

    const overflows = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
    expect(overflows).toBe(false);
    const clipped = await page.locator('#view').evaluate((root) =>
      [...root.querySelectorAll<HTMLElement>('button, select, .slice-number, h4')]
        .filter((each) => each.offsetParent !== null && !each.classList.contains('name'))
        .filter((each) => each.scrollWidth > each.clientWidth + 1)
        .map((each) => each.outerHTML),
    );
    expect(clipped).toEqual([]);
    const sharp = await viewer.canvas().evaluate((canvas: HTMLCanvasElement) => canvas.width / canvas.clientWidth);
    expect(sharp).toBeCloseTo(pixelRatio, 1);
    await viewer.close();
  });

  it('follows the theme while it is open', async () => {
    const viewer = await ViewerPage.open(browser(), { volume: scan, slice: 20, theme: 'dark' });
    const colour = () => viewer.page.locator('.med-sa-image').evaluate((root) => getComputedStyle(root).color);
    const dark = await colour();
    await viewer.host.theme('light');
    expect(await colour()).not.toBe(dark);
    await viewer.close();
  });
});
