// A DICOM file whose attributes hold markup, all the way: file → kernel → event → page.
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ViewerRequest } from '../../src/protocol';
import { browserOfTests, hasBrowser } from '../support/browser';
import { temporaryFolder } from '../support/temporaryFolder';
import { dicomFile, picture, place } from '../unit/imaging/dicom/dicomBytes';
import { startKernel } from '../unit/notebook/notebookKernel';
import { OutputPage } from './outputPage';

const markup = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';
const pixels = Array.from({ length: 64 }, (_, at) => at);

/** A slice whose texts are markup, in a series of its own. */
function hostileSlice(series: number): Buffer {
  const at = { instance: `1.2.${series}.1`, series: `1.2.${series}`, seriesNumber: series } as const;
  return dicomFile({
    ...place({ ...at, position: [0, 0, 0], modality: markup }),
    ...picture({ columns: 8, rows: 8, pixels }),
    0x0008103e: ['LO', `${markup} series ${series}`],
    0x00081030: ['LO', markup],
    0x00100010: ['PN', markup],
  });
}

describe.skipIf(!hasBrowser)('a DICOM file with markup in its attributes', () => {
  const browser = browserOfTests();
  let page: OutputPage;
  afterEach(() => page?.close());

  /** Opens the image in a page that a kernel answers. */
  async function shown(folder: string, image: string): Promise<void> {
    const { kernel, notebook, events } = await startKernel(folder);
    page = await OutputPage.open(browser(), 'image');
    await page.render({ version: 2, image: { path: image } }, 'image');
    const attach = async (): Promise<void> => {
      for (const request of await page.sent()) await kernel.view(notebook, folder, request as ViewerRequest);
      for (const event of events.splice(0)) await page.receive(event);
    };
    await expect
      .poll(async () => {
        await attach();
        return page.page.locator('body').innerText();
      })
      .toMatch(/<img src=x/);
  }

  /** Nothing of it ran, and no element was made of it. */
  async function expectText(): Promise<void> {
    await page.page.waitForTimeout(300);
    const found = await page.page.evaluate(() => ({
      hacked: 'hacked' in window,
      elements: document.querySelectorAll('#cell script, img[src="x"], [onerror]').length,
    }));
    expect(found).toEqual({ hacked: false, elements: 0 });
  }

  it('shows it as text among what is known of the image', async () => {
    const folder = temporaryFolder('hostile-dicom');
    const name = '<img src=x onerror=hacked=1>.dcm';
    fs.writeFileSync(path.join(folder, name), hostileSlice(1));
    await shown(folder, name);
    const facts = page.page.getByRole('region', { name: 'Image' });
    expect(await facts.locator('dd').allTextContents()).toEqual(expect.arrayContaining([name, markup]));
    await expectText();
  });

  it('shows it as text in the message that asks which series is meant', async () => {
    const folder = temporaryFolder('hostile-series');
    fs.mkdirSync(path.join(folder, 'two'));
    for (const series of [1, 2]) fs.writeFileSync(path.join(folder, 'two', `${series}.dcm`), hostileSlice(series));
    await shown(folder, 'two');
    const text = await page.page.locator('body').innerText();
    expect(text).toContain('holds 2 series: add the one you mean to the path');
    expect(text).toContain(`#1 (${markup} ${markup} series 1, 1 slice)`);
    await expectText();
  });
});
