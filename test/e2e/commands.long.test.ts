// Commands of the palette, and dialogs, that no other file of these tests comes by.
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { medSa } from '../support/cli';
import { closeNotebooks, openNotebook, readCell, runCell } from './notebook';
import {
  answer,
  answerFileDialog,
  asked,
  clearNotifications,
  notification,
  openSideBar,
  pickOnRow,
  pressInHead,
  pressInNotification,
  row,
  view,
} from './sideBar';
import { hasBrowser, pictureOnFailure, workbench } from './workbench';

const patient = { timeout: 120_000 };

describe.skipIf(!hasBrowser)('commands', () => {
  const window = workbench();
  const inside = (): string => path.join(window.workspace, 'chosen');
  /** Beside the workspace: nothing there is found by itself, and no watcher sees it change. */
  const outside = (): string => path.join(path.dirname(window.workspace), 'elsewhere', 'hearts');

  beforeAll(async () => {
    if (!hasBrowser) return;
    await closeNotebooks(window);
    for (const folder of [inside(), outside()]) {
      fs.rmSync(folder, { recursive: true, force: true });
      const drawn = await medSa(['phantoms', '--out', folder, '--count', '8', '--seed', '5']);
      expect(drawn.code, drawn.stderr).toBe(0);
    }
    await clearNotifications(window);
  });

  it('"New Notebook" opens one with a first cell and the kernel chosen', async () => {
    pictureOnFailure(window, 'commands-notebook');
    await window.palette('Med-SA: New Notebook');
    await window.page.locator('.notebook-toolbar-container', { hasText: 'Fine-tune…' }).waitFor(patient);
    const [text, untitled] = await window.api((vscode) => {
      const notebook = vscode.window.activeNotebookEditor?.notebook;
      return [notebook?.cellAt(0).document.getText(), notebook?.isUntitled];
    });
    expect(text).toMatch(/await open\("scan\.png"\)/);
    expect(untitled).toBe(true);
    // There is no such file: the cell says so, and where it looked.
    const { success, items } = await runCell(window, 0);
    expect(success).toBe(false);
    expect(items[0].text).toMatch(/scan\.png/);
    await closeNotebooks(window);
  });

  it('"Interrupt the Running Cell" ends a loop that has no end', async () => {
    pictureOnFailure(window, 'commands-interrupt');
    await openNotebook(window, 'commands/loop.ipynb', ['let turns = 0; while (true) turns++;', 'turns > 0']);
    const loop = runCell(window, 0);
    await window.page.waitForTimeout(2000);
    expect((await readCell(window, 0)).ended).toBe(false);
    await window.palette('Med-SA: Interrupt the Running Cell');
    expect((await loop).success).toBe(false);
    expect((await runCell(window, 1)).items.map(({ text }) => text).join()).toContain('true');
    await closeNotebooks(window);
  });

  it('"Show Log" shows what the kernel has said', async () => {
    pictureOnFailure(window, 'commands-log');
    await window.palette('Med-SA: Show Log');
    await window.page.locator('.part.panel .output-view').waitFor(patient);
    await window.page
      .locator('.part.panel select option:checked, .part.panel .monaco-select-box', { hasText: 'Med-SA' })
      .first()
      .waitFor();
    await window.api((vscode) => vscode.commands.executeCommand('workbench.action.closePanel'));
  });

  it('"Check This Installation" says that it works', async () => {
    pictureOnFailure(window, 'commands-doctor');
    await window.palette('Med-SA: Check This Installation');
    await notification(window.page, /Med-SA works on this machine/).waitFor({ timeout: 240_000 });
    await clearNotifications(window);
  });

  it('"Choose Device…" sets the device, and says from when it counts', async () => {
    pictureOnFailure(window, 'commands-device');
    const device = (): Promise<string | undefined> =>
      window.api((vscode) => vscode.workspace.getConfiguration('medSa').get<string>('device'));
    await window.palette('Med-SA: Choose Device…');
    await answer(window.page, 'A named device is never replaced by another one.', 'cpu');
    await expect.poll(device).toBe('cpu');
    await pressInNotification(window.page, /settings take effect when the kernel starts again/, 'Restart Kernel');
    await window.page.locator('.statusbar-item[aria-label*="Kernel running, process"]').waitFor(patient);
    await window.api((vscode) =>
      vscode.workspace.getConfiguration('medSa').update('device', undefined, vscode.ConfigurationTarget.Workspace),
    );
    await expect.poll(device).toBe('auto');
    await clearNotifications(window);
  });

  it('"Add a Data Folder…" takes one from anywhere; "Refresh" reads it again; it can be shown and taken off the list', async () => {
    pictureOnFailure(window, 'commands-data');
    const { page } = window;
    await openSideBar(window);
    await pressInHead(page, 'Data', 'Add');
    await answerFileDialog(page, outside());
    await row(page, 'Data', /hearts.*8 pictures of 2 patients/).waitFor(patient);

    const table = path.join(outside(), 'pairs.csv');
    fs.writeFileSync(table, fs.readFileSync(table, 'utf8').trimEnd().split('\n').slice(0, -1).join('\n'));
    await pressInHead(page, 'Data', 'Refresh');
    await row(page, 'Data', /hearts.*7 pictures/).waitFor(patient);

    await pickOnRow(page, 'Data', /hearts/, 'Reveal Files');
    await notification(page, /hearts lies outside of this workspace/).waitFor();
    await clearNotifications(window);
    await pickOnRow(page, 'Data', /hearts/, 'Remove from List');
    await expect.poll(() => row(page, 'Data', /hearts/).count(), patient).toBe(0);
    expect(fs.existsSync(table)).toBe(true);

    await pickOnRow(page, 'Data', /chosen/, 'Reveal Files');
    await page.locator('.explorer-viewlet .monaco-list-row', { hasText: 'chosen' }).waitFor();
    await openSideBar(window);
    expect(
      await view(page, 'Data')
        .getByRole('treeitem', { name: /chosen/ })
        .count(),
    ).toBe(1);
  });

  it('"Fine-tune…" takes a folder from the dialog, and says of one without images why it does not', async () => {
    pictureOnFailure(window, 'commands-browse');
    const { page } = window;
    fs.mkdirSync(path.join(window.workspace, 'nothing'), { recursive: true });
    await window.palette('Med-SA: Fine-tune…');
    await answer(page, 'Which data?', 'Browse');
    await answerFileDialog(page, path.join(window.workspace, 'nothing'));
    const widget = await asked(page, 'Which data? That folder cannot be used.');
    expect(await widget.innerText()).toMatch(/Not usable/);
    await answer(page, 'Which data? That folder cannot be used.', 'Browse');
    await answerFileDialog(page, outside());
    await asked(page, 'Which model is taught?');
    expect(await widget.innerText()).toMatch(/hearts: pairs, 7 pictures/);
    await page.keyboard.press('Escape');
    await widget.waitFor({ state: 'hidden' });
    expect(fs.existsSync(path.join(window.workspace, 'runs', 'hearts'))).toBe(false);
  });
});
