// Outputs and messages that hold markup, scripts and links: a notebook may come from anywhere.
import { afterEach, describe, expect, it } from 'vitest';
import { browserOfTests, hasBrowser } from '../support/browser';
import { imageOutput, inspectorOutput, summary, viewerEvents } from '../robustness/mutator/readers/messageSeeds';
import { OutputPage } from './outputPage';

const markup =
  '<img src="x" onerror="window.hacked = 1"><script>window.hacked = 1</script><a href="javascript:hacked">';

/** A copy whose texts that people read are markup; names of kinds stay. */
function spoilt(value: unknown, keys: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((one) => spoilt(one, keys));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      keys.includes(key) && typeof one === 'string' ? markup : spoilt(one, keys),
    ]),
  );
}

describe.skipIf(!hasBrowser)('what hostile notebooks and messages hold', () => {
  const browser = browserOfTests();
  let page: OutputPage;
  afterEach(() => page?.close());

  const receive = (message: unknown) => page.page.evaluate((sent) => window.host.receive(sent), message);

  /** Nothing of it ran, and no element was made of it; it stands there as the text that it is. */
  async function expectText(shown = true): Promise<void> {
    await page.page.waitForTimeout(300);
    const found = await page.page.evaluate(() => ({
      hacked: 'hacked' in window,
      elements: document.querySelectorAll('#output script, img[src="x"], a[href^="javascript:" i], [onerror]').length,
      text:
        document.body.innerText +
        [...document.querySelectorAll('[title], [aria-label]')].map((one) => one.outerHTML).join(),
    }));
    expect({ ...found, text: '' }).toEqual({ hacked: false, elements: 0, text: '' });
    if (shown) expect(found.text).toMatch(/<img src=|&lt;img src=/);
  }

  it('is text in the curves of a run', async () => {
    page = await OutputPage.open(browser(), 'training');
    await page.render(spoilt(summary, ['name', 'message', 'device', 'setting', 'part']), 'run');
    await expectText();
  });

  it('is text in an inspection', async () => {
    page = await OutputPage.open(browser(), 'inspector');
    await page.render(spoilt(inspectorOutput, ['name', 'model', 'adapters']), 'inspection');
    await expectText();
  });

  it('is text in the viewer: names, labels, notes, errors', async () => {
    page = await OutputPage.open(browser(), 'image');
    await page.render(spoilt(imageOutput, ['name']), 'image');
    const [attached] = viewerEvents;
    await receive(spoilt(attached, ['name', 'label', 'model', 'modality']));
    await receive({ type: 'viewer/error', viewId: 'view-1', message: markup });
    await expectText();
  });

  it('is told where a message is malformed, and the next one is taken', async () => {
    page = await OutputPage.open(browser(), 'training');
    const errors: Error[] = [];
    page.page.on('pageerror', (error) => errors.push(error));
    await page.render(summary, 'run');
    const [{ viewId }] = (await page.page.evaluate(() => window.host.sent)) as { viewId: string }[];
    await receive({ type: 'training/summary', viewId, summary: { ...summary, loss: 'x' } });
    await expect
      .poll(() => page.page.locator('body').innerText())
      .toMatch(/was not understood \(training\/summary, at summary/);
    await receive({
      type: 'training/summary',
      viewId,
      summary: { ...summary, status: 'failed', message: 'out of power' },
    });
    await expect.poll(() => page.page.locator('body').innerText()).toContain('out of power');
    expect(errors).toEqual([]);
  });
});
