import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { drawDiscs, writeImage } from '../support/drawnImage';
import { openNotebook, runCell } from './notebook';
import { changes, Viewer } from './viewer';
import { hasBrowser, pictureOnFailure, workbench } from './workbench';

const image = drawDiscs(160, 128, [{ x: 60, y: 64, radius: 24, level: 200 }]);

describe.skipIf(!hasBrowser)('keys of the viewer and of the notebook', () => {
  const window = workbench();
  let viewer: Viewer;
  let untouched: number[];

  beforeAll(async () => {
    if (!hasBrowser) return;
    await openNotebook(window, 'keys/keys.ipynb', ['await open("scan.png")', 'const last = 1;']);
    await writeImage(image, path.join(window.workspace, 'keys', 'scan.png'));
    expect((await runCell(window, 0)).success).toBe(true);
    viewer = await Viewer.shown(window, image);
    untouched = await viewer.picture();
  });

  it('are the notebook’s while the viewer has no focus', async () => {
    pictureOnFailure(window, 'keys-notebook');
    await commandMode();
    await viewer.press('b');
    await expect.poll(cells).toBe(3);
    await commandMode();
    await viewer.press('z');
    await expect.poll(cells).toBe(2);
    expect(await tool()).toBe('Points');
  });

  it('are the viewer’s once it was clicked', async () => {
    pictureOnFailure(window, 'keys-viewer');
    await viewer.click(60, 64);
    await viewer.until((now) => changes(untouched, now) > 300, 'a mask is drawn');
    // Inserts, deletes and edits cells, were the notebook to hear of it.
    await viewer.press('d', 'd', 'x', 'Enter', 'Escape', 'b');
    await expect.poll(tool).toBe('Brush');
    expect(await cells()).toBe(2);
    await viewer.press('p', 'ControlOrMeta+z');
    await viewer.until((now) => changes(untouched, now) < 40, 'the prompt is undone');
    expect(await cells()).toBe(2);
  });

  it('lists them, and leaves VS Code its own', async () => {
    pictureOnFailure(window, 'keys-help');
    await viewer.press('?');
    await viewer.says(/Segment the slice/);
    await viewer.press('Escape');
    await expect.poll(() => viewer.text()).not.toMatch(/Segment the slice/);
    await viewer.press('F1');
    await window.page.locator('.quick-input-widget input').waitFor();
    await viewer.press('Escape');
  });

  it('are the notebook’s again after a click elsewhere', async () => {
    pictureOnFailure(window, 'keys-back');
    await viewer.focus();
    await viewer.press('e');
    await expect.poll(tool).toBe('Box');
    await window.page.locator('.cell-focus-indicator-left:visible').first().click();
    await viewer.press('Escape', 'b');
    await expect.poll(cells).toBe(3);
    expect(await tool()).toBe('Box');
  });

  it('reach the viewer without a mouse', async () => {
    pictureOnFailure(window, 'keys-reach');
    await commandMode();
    await window.api((vscode) => vscode.commands.executeCommand('notebook.cell.focusInOutput'));
    // The toolbar comes first; the picture is the next stop after its buttons.
    await expect
      .poll(async () => {
        await viewer.press('Tab');
        return await viewer.focused();
      })
      .toMatch(/medical image/);
    await viewer.press('p', 'Enter');
    await viewer.until((now) => changes(untouched, now) > 300, 'the cursor’s point is answered');
  });

  /** The first cell is selected, and keys are commands. */
  async function commandMode(): Promise<void> {
    await window.api(async (vscode) => {
      await vscode.commands.executeCommand('notebook.focusTop');
      await vscode.commands.executeCommand('notebook.cell.quitEdit');
    });
  }

  async function cells(): Promise<number | undefined> {
    return await window.api((vscode) => vscode.window.activeNotebookEditor?.notebook.cellCount);
  }

  const tool = () => viewer.attribute('.toolbar [aria-label=Tool] [aria-pressed=true]', 'aria-label');
});
