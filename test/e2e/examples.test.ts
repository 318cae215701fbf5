// The examples as they are installed: opened from the palette, run, and looked at. Leaves the pictures of the README.
import path from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { closeNotebooks, runCell } from './notebook';
import { Viewer } from './viewer';
import { hasBrowser, pictureOnFailure, workbench } from './workbench';

const plane = { width: 128, height: 128 };

describe.skipIf(!hasBrowser)('the example “Segment a volume”', () => {
  const window = workbench();
  const pictures = inject('window')?.pictures ?? '.';

  beforeAll(async () => {
    if (hasBrowser) await closeNotebooks(window);
  });

  it('opens from the palette as a copy of its own', async () => {
    pictureOnFailure(window, 'example');
    await window.palette('Med-SA: Open Example…');
    await window.page.locator('.quick-input-list .monaco-list-row', { hasText: 'Segment a volume' }).click();
    const opened = () =>
      window.api((vscode) => {
        const notebook = vscode.window.activeNotebookEditor?.notebook;
        return { untitled: notebook?.isUntitled, cells: notebook?.cellCount };
      });
    await expect.poll(opened).toEqual({ untitled: true, cells: 15 });
    // The kernel is chosen a moment after the notebook is shown.
    await window.page.locator('.notebook-toolbar-container', { hasText: 'Fine-tune…' }).waitFor();
  });

  it('runs from top to bottom, and shows the organ in its viewer', async () => {
    pictureOnFailure(window, 'example-run');
    const code = await window.api((vscode) =>
      vscode.window
        .activeNotebookEditor!.notebook.getCells()
        .flatMap(({ kind, index }) => (kind === vscode.NotebookCellKind.Code ? [index] : [])),
    );
    for (const cell of code) expect((await runCell(window, cell)).success, `cell ${cell}`).toBe(true);
    const viewer = await Viewer.shown(window, plane, { cell: code[0] });
    await viewer.until(
      (picture) => picture.some((_, at) => at % 3 === 0 && picture[at] - picture[at + 2] > 40),
      'a mask',
    );
  });

  it.each(['Default Light Modern', 'Default Dark Modern'])('looks as in the README, in %s', async (theme) => {
    pictureOnFailure(window, 'example-look');
    await window.api(async (vscode, name) => {
      await vscode.workspace
        .getConfiguration('workbench')
        .update('colorTheme', name, vscode.ConfigurationTarget.Global);
    }, theme);
    await window.api((vscode) => vscode.commands.executeCommand('workbench.action.closeSidebar'));
    await window.page.setViewportSize({ width: 1100, height: 900 });
    const viewer = await Viewer.shown(window, plane, { cell: 1 });
    await viewer.onScreen();
    await viewer.settled();
    await window.page.waitForTimeout(1000);
    await window.page.screenshot({ path: path.join(pictures, `readme-${theme.split(' ')[1].toLowerCase()}.png`) });
  });
});
