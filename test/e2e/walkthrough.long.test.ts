// The walkthrough ticks its steps off: those that were done before it was ever opened, and those done while it stands.
import path from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { medSa } from '../support/cli';
import { drawDiscs, writeImage } from '../support/drawnImage';
import { closeNotebooks, openNotebook, runCell, showNotebook } from './notebook';
import { Viewer } from './viewer';
import { hasBrowser, pictureOnFailure, workbench } from './workbench';

const image = drawDiscs(128, 128, [{ x: 60, y: 66, radius: 30, level: 200 }]);
const walkthrough = 'med-sa.med-sa-notebook#medSa.start';
const steps = ['image', 'click', 'fineTune', 'apply', 'inspect'];

describe.skipIf(!hasBrowser)('the walkthrough', () => {
  const window = workbench();
  let notebook: string;
  const openWalkthrough = (): Promise<unknown> =>
    window.api((vscode, id) => vscode.commands.executeCommand('workbench.action.openWalkthrough', id), walkthrough);
  /** Steps with a tick, as the page shows them. */
  const ticked = async (): Promise<string[]> => {
    const done = window.page.locator('.getting-started-step[aria-checked="true"]');
    const ids = await done.evaluateAll((all) => all.map((step) => step.getAttribute('data-step-id') ?? ''));
    return ids.map((id) => id.slice(id.lastIndexOf('#') + 1));
  };
  const expectTicked = async (...expected: string[]): Promise<void> => {
    await openWalkthrough();
    await expect.poll(() => window.page.locator('.getting-started-step').count(), { timeout: 60_000 }).toBe(5);
    await expect.poll(ticked, { timeout: 30_000 }).toEqual(expected);
  };

  beforeAll(async () => {
    if (!hasBrowser) return;
    const folder = path.join(window.workspace, 'walk');
    await closeNotebooks(window);
    // Each window tells a step once: what earlier files have done in this one must not count.
    await window.reload();
    for (const step of steps) {
      await window.api(
        (vscode, id) => vscode.commands.executeCommand('welcome.markStepIncomplete', id).then(undefined, () => null),
        `${walkthrough}#${step}`,
      );
    }
    notebook = await openNotebook(window, 'walk/walk.ipynb', [
      'await open("scan.png")',
      'const run = await fineTune({ data: "drawn", epochs: 1, batch: 4, imageSize: 64 });',
    ]);
    await writeImage(image, path.join(folder, 'scan.png'));
    const drawn = await medSa(['phantoms', '--out', path.join(folder, 'drawn'), '--count', '8', '--seed', '3']);
    expect(drawn.code, drawn.stderr).toBe(0);
  });

  it('is not ticked before anything is done', async () => {
    pictureOnFailure(window, 'walkthrough-none');
    await expectTicked();
    // What it would know of by now, it is to know of anew: the next steps are done before it is opened again.
    await closeNotebooks(window);
    await window.reload();
  });

  it('ticks the first image and the first click, done before it was opened', async () => {
    pictureOnFailure(window, 'walkthrough-click');
    await showNotebook(window, notebook);
    expect((await runCell(window, 0)).success).toBe(true);
    const viewer = await Viewer.shown(window, image);
    await expectTicked('image');
    await showNotebook(window, notebook);
    await viewer.click(60, 66);
    await viewer.says(/IoU/);
    await expectTicked('image', 'click');
  });

  it('ticks the first fine-tune, its use, and a look inside', async () => {
    pictureOnFailure(window, 'walkthrough-inspect');
    const { page } = window;
    await showNotebook(window, notebook);
    expect((await runCell(window, 1, 240_000)).success).toBe(true);
    await expectTicked('image', 'click', 'fineTune');

    await showNotebook(window, notebook);
    await window.palette('Med-SA: Use adapters');
    await page.getByPlaceholder('Which run should answer clicks?').waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.statusbar-item', { hasText: /phantom-sam \+ / }).waitFor();
    await expectTicked('image', 'click', 'fineTune', 'apply');

    await showNotebook(window, notebook);
    await window.palette('Med-SA: Inspect Adapters');
    await page.getByPlaceholder('Which adapters?').waitFor();
    await page.keyboard.press('Enter');
    await window.outputFrame(() => document.querySelector('main#inspector .med-sa-inspector') !== null);
    await expectTicked(...steps);
    await page.screenshot({ path: path.join(inject('window')?.pictures ?? '.', 'walkthrough.png') });
  });
});
