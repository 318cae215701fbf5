import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunSummary } from '../../src/protocol';
import { hasBrowser, launchBrowser } from '../support/browser';
import { OutputPage } from './outputPage';
import type { ThemeName } from './themes';

/** A run of ten epochs of 20 steps that has done so many. */
function summary(epoch: number, changes: Partial<RunSummary> = {}): RunSummary {
  const steps = Array.from({ length: 20 * epoch }, (_, index) => index + 1);
  const validations = Array.from({ length: epoch + 1 }, (_, index) => index);
  return {
    run: '/home/ada/runs/heart',
    name: 'heart',
    status: 'running',
    message: null,
    epochs: 10,
    epoch,
    loss: steps.map((step) => [step, 0.9 * Math.exp(-step / 60) + 0.1 + 0.06 * Math.sin(step * 1.7)]),
    dice: {
      '1-point': validations.map((n) => [20 * n, 0.85 - 0.4 * Math.exp(-n / 2)]),
      'bbox-0.75': validations.map((n) => [20 * n, 0.92 - 0.2 * Math.exp(-n / 2)]),
    },
    bestDice: epoch > 0 ? 0.91 : null,
    ...changes,
  };
}

describe.skipIf(!hasBrowser)('the training renderer in a browser', () => {
  let browser: Browser;
  let notebook: OutputPage;
  let viewId: string;

  beforeAll(async () => {
    if (hasBrowser) browser = await launchBrowser();
  });
  afterEach(() => notebook?.close());
  afterAll(() => browser?.close());

  const open = async (saved: RunSummary): Promise<void> => {
    notebook = await OutputPage.open(browser, 'training');
    await notebook.render(saved);
    await notebook.drawn();
    const [attach] = (await notebook.sent()) as { type: string; viewId: string; run: string }[];
    expect(attach).toMatchObject({ type: 'training/attach', run: saved.run });
    viewId = attach.viewId;
  };
  const tell = async (told: RunSummary): Promise<void> => {
    await notebook.receive({ type: 'training/summary', viewId, summary: told });
    await notebook.drawn();
  };
  const figures = () => notebook.page.locator('.figures').textContent();
  const stop = () => notebook.page.getByRole('button', { name: 'Stop' });
  /** How much of a diagram is drawn in a colour that no axis has. */
  const inked = (index: number) =>
    notebook.page
      .locator('.u-wrap canvas')
      .nth(index)
      .evaluate((element) => {
        const layer = element as HTMLCanvasElement;
        const { data } = layer.getContext('2d')!.getImageData(0, 0, layer.width, layer.height);
        let count = 0;
        for (let at = 0; at < data.length; at += 4) {
          const colour =
            Math.max(data[at], data[at + 1], data[at + 2]) - Math.min(data[at], data[at + 1], data[at + 2]);
          if (data[at + 3] > 60 && colour > 60) count++;
        }
        return count;
      });

  it('shows a saved run, and its curves grow while it trains', async () => {
    await open(summary(1));
    expect(await figures()).toBe('epoch 1 of 10 · best Dice 0.910');
    const before = [await inked(0), await inked(1)];
    await tell(summary(8));
    expect(await figures()).toMatch(/^epoch 8 of 10/);
    expect(await inked(0)).toBeGreaterThan(before[0]);
    expect(await inked(1)).toBeGreaterThan(before[1]);
    expect(await notebook.page.locator('progress').evaluate((bar) => (bar as HTMLProgressElement).position)).toBe(0.8);
  });

  it('says when the run starts, ends and fails', async () => {
    await open(summary(0, { status: 'starting', dice: {} }));
    expect(await notebook.page.getByRole('status').textContent()).toBe('Starting');
    await tell(summary(10, { status: 'done' }));
    expect(await notebook.page.getByRole('status').textContent()).toBe('Done');
    expect(await stop().count()).toBe(0);
    await tell(summary(3, { status: 'failed', message: 'out of memory: try a smaller batch' }));
    expect(await notebook.page.getByRole('alert').textContent()).toBe('out of memory: try a smaller batch');
  });

  it('stops the run on request, once', async () => {
    await open(summary(2));
    await stop().click();
    expect(await notebook.sent()).toEqual([{ type: 'training/stop', viewId, run: '/home/ada/runs/heart' }]);
    expect(await notebook.page.getByRole('button').isDisabled()).toBe(true);
    await tell(summary(3));
    expect(await notebook.page.getByRole('button').textContent()).toBe('Stopping…');
  });

  it('stays itself when the saved output is updated, and takes nothing older than what it was told', async () => {
    await open(summary(1));
    await notebook.render(summary(2));
    await notebook.drawn();
    expect(await figures()).toMatch(/^epoch 2/);
    await tell(summary(5));
    await notebook.render(summary(4));
    await notebook.drawn();
    expect(await figures()).toMatch(/^epoch 5/);
    expect(await notebook.sent()).toEqual([]);
  });

  it('fits its place when that changes', async () => {
    await open(summary(4));
    await notebook.page.setViewportSize({ width: 420, height: 800 });
    await notebook.drawn();
    await notebook.drawn();
    const wide = await notebook.page
      .locator('.uplot')
      .first()
      .evaluate((plot) => plot.getBoundingClientRect().width);
    expect(wide).toBeLessThanOrEqual(420);
    await notebook.picture('training-narrow');
  });

  it('refuses an output that is none', async () => {
    notebook = await OutputPage.open(browser, 'training');
    await notebook.render({ run: 'x', loss: 'y' });
    expect(await notebook.page.locator('#output').textContent()).toMatch(/damaged/);
  });

  it.each<ThemeName>(['dark', 'light', 'high-contrast'])('looks at home in the theme %s', async (name) => {
    await open(summary(7));
    await notebook.theme(name);
    await notebook.page
      .locator('.u-over')
      .first()
      .hover({ position: { x: 120, y: 60 } });
    await notebook.picture(`training-${name}`);
    const [axis] = await notebook.page.locator('.u-legend').all();
    expect(await axis.textContent()).toMatch(/average/);
  });
});
