// A notebook of the Med-SA kernel, made, opened, run and read as VS Code's own commands do.
import fs from 'node:fs';
import path from 'node:path';
import type { Workbench } from './window';

const controller = { id: 'med-sa', extension: 'med-sa.med-sa-notebook' };

export interface CellResult {
  /** The number in the cell's brackets; another one for every execution. */
  order: number | undefined;
  ended: boolean;
  /** When, where it has ended since it was opened. */
  endTime: number | undefined;
  success: boolean | undefined;
  /** The outputs, one entry per representation; text only of the textual ones. */
  items: { mime: string; text: string }[];
}

/** Writes a notebook of code cells into the workspace, opens it and picks the Med-SA kernel. Returns its file. */
export async function openNotebook(window: Workbench, name: string, cells: string[]): Promise<string> {
  const file = path.join(window.workspace, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const code = cells.map((source, index) => ({
    cell_type: 'code',
    id: `cell-${index}`,
    metadata: {},
    execution_count: null,
    outputs: [],
    source,
  }));
  const metadata = { language_info: { name: 'typescript' } };
  fs.writeFileSync(file, JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata, cells: code }, null, 1));
  await closeNotebooks(window);
  await showNotebook(window, file);
  return file;
}

/** Opens a notebook that is on disk and picks the Med-SA kernel. */
export async function showNotebook(window: Workbench, file: string): Promise<void> {
  await window.api(
    async (vscode, notebookFile, kernel) => {
      const notebook = await vscode.workspace.openNotebookDocument(vscode.Uri.file(notebookFile));
      const editor = await vscode.window.showNotebookDocument(notebook);
      await vscode.commands.executeCommand('notebook.selectKernel', { notebookEditor: editor, ...kernel });
    },
    file,
    controller,
  );
}

/** Saves and closes every notebook, and drops those without a file: their outputs leave the page. */
export async function closeNotebooks(window: Workbench): Promise<void> {
  await window.api(async (vscode) => {
    // Not `isDirty` of the documents: after a reload the extension host calls a notebook clean whose unsaved content the
    // window has restored, and closing it would ask, and wait for ever.
    await vscode.commands.executeCommand('workbench.action.files.saveFiles');
    for (const notebook of vscode.workspace.notebookDocuments.filter((each) => each.isUntitled)) {
      await vscode.window.showNotebookDocument(notebook);
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    }
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });
}

/** Runs one cell of the active notebook and waits for its end. Throws when it takes longer than `milliseconds`. */
export async function runCell(window: Workbench, index: number, milliseconds = 120_000): Promise<CellResult> {
  const before = await readCell(window, index);
  await window.api(async (vscode, cell) => {
    const document = vscode.window.activeNotebookEditor?.notebook.uri;
    await vscode.commands.executeCommand('notebook.cell.execute', {
      ranges: [{ start: cell, end: cell + 1 }],
      document,
    });
  }, index);
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const now = await readCell(window, index);
    // A notebook that was opened again counts from 1 again.
    if (now.ended && (now.order !== before.order || now.endTime !== before.endTime)) return now;
    if (Date.now() > deadline)
      throw new Error(`Cell ${index} still runs after ${milliseconds / 1000} s: ${JSON.stringify(now)}`);
    await window.page.waitForTimeout(150);
  }
}

/** What a cell of the active notebook shows now. */
export async function readCell(window: Workbench, index: number): Promise<CellResult> {
  return await window.api((vscode, at) => {
    const cell = vscode.window.activeNotebookEditor?.notebook.cellAt(at);
    if (!cell) throw new Error(`The active editor has no cell ${at}.`);
    const textual = /^(text|application\/(json|vnd\.(code|med-sa)))/;
    const items = cell.outputs.flatMap(({ items: each }) =>
      each.map(({ mime, data }) => ({ mime, text: textual.test(mime) ? new TextDecoder().decode(data) : '' })),
    );
    const { executionOrder: order, success, timing } = cell.executionSummary ?? {};
    return { order, ended: timing !== undefined, endTime: timing?.endTime, success, items };
  }, index);
}

/** Scrolls a cell of the notebook in front to the top; it may move for a moment yet. */
export const revealCell = (window: Workbench, cell: number): Promise<void> =>
  window.api((vscode, at) => {
    const range = new vscode.NotebookRange(at, at + 1);
    vscode.window.activeNotebookEditor?.revealRange(range, vscode.NotebookEditorRevealType.AtTop);
  }, cell);
