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

  // Of VS Code's own keys for a selected cell: M and Y make it Markdown and code, Delete deletes it.
  it('are the notebook’s while the viewer has no focus', async () => {
    pictureOnFailure(window, 'keys-notebook');
    await selectCell();
    // A moment passes before VS Code knows that the keyboard has left the outputs: no person is as quick.
    await expect
      .poll(async () => {
        await viewer.press('m');
        return await cells();
      })
      .toEqual(['code', 'markdown']);
    await viewer.press('y');
    await expect.poll(cells).toEqual(['code', 'code']);
    await viewer.press('e');
    expect(await tool()).toBe('Points');
  });

  it('are the viewer’s once it was clicked', async () => {
    pictureOnFailure(window, 'keys-viewer');
    await viewer.click(60, 64);
    await viewer.until((now) => changes(untouched, now) > 300, 'a mask is drawn');
    await viewer.press('ControlOrMeta+z');
    await viewer.until((now) => changes(untouched, now) < 40, 'the prompt is undone');
    await viewer.press('Delete', 'Backspace', 'y', 'Enter', 'ControlOrMeta+z', 'b');
    await expect.poll(tool).toBe('Brush');
    expect(await cells()).toEqual(['code', 'code']);
    await viewer.press('p');
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
    await selectCell();
    // A moment passes before VS Code knows that the keyboard has left the outputs: no person is as quick.
    await expect
      .poll(async () => {
        await viewer.press('m');
        return await cells();
      })
      .toEqual(['code', 'markdown']);
    expect(await tool()).toBe('Box');
  });

  it('reach the viewer without a mouse', async () => {
    pictureOnFailure(window, 'keys-reach');
    await window.api(async (vscode) => {
      await vscode.commands.executeCommand('notebook.focusTop');
      await vscode.commands.executeCommand('notebook.cell.focusInOutput');
    });
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

  /** Clicks below the last cell’s button: it is selected, and keys are commands for it. */
  async function selectCell(): Promise<void> {
    const row = window.page.locator('.monaco-list-row', { hasText: 'last' }).last();
    const box = await row.boundingBox();
    if (!box) throw new Error('The last cell is not on the screen.');
    await window.page.mouse.click(box.x + 24, box.y + box.height - 8);
  }

  async function cells(): Promise<string[]> {
    return await window.api((vscode) => {
      const notebook = vscode.window.activeNotebookEditor?.notebook;
      return (notebook?.getCells() ?? []).map(({ kind }) =>
        kind === vscode.NotebookCellKind.Code ? 'code' : 'markdown',
      );
    });
  }

  const tool = () => viewer.attribute('.toolbar [aria-label=Tool] [aria-pressed=true]', 'aria-label');
});
