import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { drawDiscs, writeImage } from '../support/drawnImage';
import { closeNotebooks, openNotebook, runCell } from './notebook';
import { changes, Viewer } from './viewer';
import { hasBrowser, pictureOnFailure, workbench } from './workbench';

const image = drawDiscs(160, 96, [
  { x: 50, y: 48, radius: 20, level: 200 },
  { x: 120, y: 48, radius: 18, level: 190 },
]);

describe.skipIf(!hasBrowser)('viewers of one image', () => {
  const window = workbench();
  let untouched: number[];

  beforeAll(async () => {
    if (!hasBrowser) return;
    const folder = path.join(window.workspace, 'together');
    fs.mkdirSync(folder, { recursive: true });
    await writeImage(image, path.join(folder, 'scan.png'));
  });

  it('in two cells show what is done in either', async () => {
    pictureOnFailure(window, 'together-cells');
    await openNotebook(window, 'together/cells.ipynb', ['await open("scan.png")', 'await open("scan.png")']);
    for (const cell of [0, 1]) expect((await runCell(window, cell)).success).toBe(true);
    const [first, second] = [await viewer({ cell: 0, nth: 0 }), await viewer({ cell: 1, nth: 1 })];
    untouched = await first.picture();
    await first.click(50, 48);
    const masked = await first.until((now) => changes(untouched, now) > 300, 'a mask is drawn');
    await second.until((now) => changes(masked, now) < 40, 'the other viewer shows the same');
    await second.click(120, 48, 'Shift');
    await first.until((now) => changes(masked, now) > 10, 'the other’s point is drawn here');
    await second.press('ControlOrMeta+z', 'ControlOrMeta+z');
    await first.until((now) => changes(untouched, now) < 40, 'undone there, undone here');
  });

  it('in a split editor do so too', async () => {
    pictureOnFailure(window, 'together-split');
    await openNotebook(window, 'together/split.ipynb', ['await open("scan.png")']);
    expect((await runCell(window, 0)).success).toBe(true);
    await viewer({});
    await window.api((vscode) => vscode.commands.executeCommand('workbench.action.splitEditor'));
    const [one, two] = [await viewer({ nth: 0 }), await viewer({ nth: 1 })];
    await one.click(120, 48);
    const masked = await one.until((now) => changes(untouched, now) > 300, 'a mask is drawn');
    await two.until((now) => changes(masked, now) < 40, 'the other editor shows the same');
    await one.press('ControlOrMeta+z');
    await two.until((now) => changes(untouched, now) < 40, 'undone here, undone there');
    await window.api((vscode) => vscode.commands.executeCommand('workbench.action.joinAllGroups'));
  });

  it('that another kernel put into a notebook is answered by this one', async () => {
    pictureOnFailure(window, 'together-python');
    await closeNotebooks(window);
    const output = { version: 2, image: { path: 'scan.png' }, annotation: 'python' };
    const file = path.join(window.workspace, 'together', 'python.ipynb');
    fs.writeFileSync(file, JSON.stringify(pythonNotebook(output), null, 1));
    await window.api(async (vscode, notebook) => {
      const document = await vscode.workspace.openNotebookDocument(vscode.Uri.file(notebook));
      await vscode.window.showNotebookDocument(document);
    }, file);
    const shown = await viewer({});
    untouched = await shown.picture();
    await shown.click(50, 48);
    await shown.until((now) => changes(untouched, now) > 300, 'a mask is drawn');
  });

  const viewer = (where: { cell?: number; nth?: number }) => Viewer.shown(window, image, where);
});

/** As Jupyter saves `display({"application/vnd.med-sa.image+json": …}, raw=True)`. */
function pythonNotebook(output: object): object {
  const data = { 'application/vnd.med-sa.image+json': output };
  const cell = {
    cell_type: 'code',
    id: 'cell-0',
    metadata: {},
    execution_count: 1,
    source: 'display({"application/vnd.med-sa.image+json": {}}, raw=True)',
    outputs: [{ output_type: 'display_data', metadata: {}, data }],
  };
  const kernelspec = { name: 'python3', display_name: 'Python 3', language: 'python' };
  return { nbformat: 4, nbformat_minor: 5, metadata: { kernelspec, language_info: { name: 'python' } }, cells: [cell] };
}
