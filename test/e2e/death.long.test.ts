// The kernel dies under open notebooks: one message says so, offers what to do, and what was on the screen stays.
import path from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { drawDiscs, writeImage } from '../support/drawnImage';
import { killKernel } from './kernel';
import { openNotebook, readCell, runCell, showNotebook } from './notebook';
import { clearNotifications, notifications, pressInNotification } from './sideBar';
import { changes, Viewer } from './viewer';
import { hasBrowser, pictureOnFailure, workbench } from './workbench';

const image = drawDiscs(160, 128, [
  { x: 56, y: 60, radius: 28, level: 200 },
  { x: 124, y: 90, radius: 20, level: 190 },
]);
const waits = 'await new Promise((resolve) => setTimeout(resolve, 120_000))';
const dead = /The Med-SA kernel stopped \(ended by SIGKILL\)/;

describe.skipIf(!hasBrowser)('a kernel that dies under two notebooks', () => {
  const window = workbench();
  let first: string;
  let second: string;
  let viewer: Viewer;
  let segmented: number[];

  /** Starts a cell of a notebook, whether it is the active one or not, and does not wait for it. */
  const start = (file: string, cell: number): Promise<void> =>
    window.api(
      async (vscode, name, index) => {
        const document = vscode.workspace.notebookDocuments.find(({ uri }) => uri.fsPath === name)?.uri;
        const ranges = [{ start: index, end: index + 1 }];
        void vscode.commands.executeCommand('notebook.cell.execute', { ranges, document });
      },
      file,
      cell,
    );
  const waitsIn = (file: string, cell: number): Promise<boolean> =>
    window.api(
      (vscode, name, index) => {
        const notebook = vscode.workspace.notebookDocuments.find(({ uri }) => uri.fsPath === name);
        const { timing, executionOrder } = notebook?.cellAt(index).executionSummary ?? {};
        return executionOrder !== undefined && timing?.endTime === undefined;
      },
      file,
      cell,
    );
  const kernelLine = (): Promise<string> =>
    window.page.locator('.statusbar-item[aria-label^="Med-SA:"]').getAttribute('aria-label').then(String);

  beforeAll(async () => {
    if (!hasBrowser) return;
    second = await openNotebook(window, 'death/second.ipynb', ['const own = 2; own', waits, 'own * 21']);
    first = await openNotebook(window, 'death/first.ipynb', ['await open("scan.png")', waits, '6 * 7']);
    await writeImage(image, path.join(window.workspace, 'death', 'scan.png'));
    expect((await runCell(window, 0)).success).toBe(true);
    viewer = await Viewer.shown(window, image);
    const untouched = await viewer.picture();
    await viewer.click(56, 60);
    await viewer.says(/estimated IoU/);
    segmented = await viewer.until((now) => changes(untouched, now) > 100, 'a mask is drawn');
    // Both are to be open when it dies: beside each other, as people work.
    await window.api(async (vscode, file) => {
      const notebook = await vscode.workspace.openNotebookDocument(vscode.Uri.file(file));
      await vscode.window.showNotebookDocument(notebook, { viewColumn: vscode.ViewColumn.Beside });
    }, second);
    await showNotebook(window, second);
    expect((await runCell(window, 0)).success).toBe(true);
    await clearNotifications(window);
  });

  it('says so once, with a way on, while a cell of each was running', async () => {
    pictureOnFailure(window, 'death-message');
    await Promise.all([start(first, 1), start(second, 1)]);
    await expect.poll(async () => [await waitsIn(first, 1), await waitsIn(second, 1)]).toEqual([true, true]);
    killKernel(window);
    await expect.poll(async () => (await notifications(window.page)).length, { timeout: 60_000 }).toBe(1);
    // What else might follow has had its time.
    await window.page.waitForTimeout(3000);
    const [said, ...others] = await notifications(window.page);
    expect(others).toEqual([]);
    expect(said).toMatch(dead);
    expect(said).toMatch(/Variables of cells are gone; images, prompts and runs are on disk/);
    expect(said).toMatch(/Restart.*Show Log/s);
    await window.page.screenshot({ path: path.join(inject('window')?.pictures ?? '.', 'death.png') });
  });

  it('ends both cells with the reason, and leaves what others have shown', async () => {
    pictureOnFailure(window, 'death-cells');
    // A viewer that is shown again asks for its picture, which may start the next kernel: before that, none runs.
    expect(await kernelLine()).toMatch(/Kernel not running/);
    for (const file of [first, second]) {
      await showNotebook(window, file);
      const { success, items } = await readCell(window, 1);
      expect(success).toBe(false);
      expect(items[0].text).toMatch(/Kernel stopped.*SIGKILL/s);
      expect((await readCell(window, 0)).items.length).toBeGreaterThan(0);
    }
  });

  it('runs again after "Restart", for both, and nothing else was said', async () => {
    pictureOnFailure(window, 'death-restart');
    await pressInNotification(window.page, dead, 'Restart');
    await expect.poll(kernelLine, { timeout: 60_000 }).toMatch(/Kernel running, process \d+/);
    expect(await notifications(window.page)).toEqual([]);
    await showNotebook(window, second);
    const { success, items } = await runCell(window, 2);
    expect([success, items[0].text]).toEqual([false, expect.stringMatching(/own is not defined/)]);
    expect((await runCell(window, 0)).success).toBe(true);
    expect((await runCell(window, 2)).items.map(({ text }) => text).join()).toContain('42');
    await showNotebook(window, first);
    expect((await runCell(window, 2)).items.map(({ text }) => text).join()).toContain('42');
    // The image has been there all the time, and its prompts are on the disk.
    await viewer.click(124, 90, 'Shift');
    await viewer.until((now) => changes(segmented, now) > 0, 'the click is answered');
    expect(await notifications(window.page)).toEqual([]);
  });
});
