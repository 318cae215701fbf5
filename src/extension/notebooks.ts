import path from 'node:path';
import * as vscode from 'vscode';
import { cellLanguage, controllerId, extensionId, notebookType } from './identity';
import { workspaceFolder } from './settings';

/** What VS Code shows cells as where the file names no language. */
const guessedLanguage = 'python';

const kernelspec = { name: controllerId, display_name: 'Med-SA', language: cellLanguage };

/** Names a notebook's state in the kernel. */
export function notebookKey(notebook: vscode.NotebookDocument): string {
  return notebook.uri.toString();
}

/** Folder that relative paths in cells start from: the notebook's own, or the workspace's for one not yet saved. */
export function notebookFolder(notebook: vscode.NotebookDocument): string {
  return notebook.uri.scheme === 'file' ? path.dirname(notebook.uri.fsPath) : workspaceFolder();
}

interface LanguageMetadata {
  kernelspec?: { name?: string; language?: string };
  language_info?: { name?: string };
}

/** What the .ipynb file itself says about its kernel and language. */
function languageMetadata(notebook: vscode.NotebookDocument): LanguageMetadata {
  const metadata: unknown = notebook.metadata['metadata'];
  return typeof metadata === 'object' && metadata !== null ? metadata : {};
}

/** Whether the file was last used with this kernel. */
export function asksForMedSa(notebook: vscode.NotebookDocument): boolean {
  return languageMetadata(notebook).kernelspec?.name === controllerId;
}

/** A cell of code, or of text. */
export type NewCell = string | { readonly markdown: string };

/** Opens a new untitled notebook with the Med-SA kernel chosen and these cells. */
export async function openNewNotebook(...cells: NewCell[]): Promise<vscode.NotebookDocument> {
  const { Code, Markup } = vscode.NotebookCellKind;
  const data = new vscode.NotebookData(
    cells.map((cell) =>
      typeof cell === 'string'
        ? new vscode.NotebookCellData(Code, cell, cellLanguage)
        : new vscode.NotebookCellData(Markup, cell.markdown, 'markdown'),
    ),
  );
  data.metadata = { metadata: { kernelspec, language_info: { name: cellLanguage } }, nbformat: 4, nbformat_minor: 5 };
  const notebook = await vscode.workspace.openNotebookDocument(notebookType, data);
  await vscode.window.showNotebookDocument(notebook);
  await vscode.commands.executeCommand('notebook.selectKernel', { id: controllerId, extension: extensionId });
  return notebook;
}

/** Appends a code cell and runs it. */
export async function runNewCell(notebook: vscode.NotebookDocument, code: string): Promise<void> {
  const index = notebook.cellCount;
  const cell = new vscode.NotebookCellData(vscode.NotebookCellKind.Code, code, cellLanguage);
  const edit = new vscode.WorkspaceEdit();
  edit.set(notebook.uri, [vscode.NotebookEdit.insertCells(index, [cell])]);
  await vscode.workspace.applyEdit(edit);
  const editor = await vscode.window.showNotebookDocument(notebook);
  const range = new vscode.NotebookRange(index, index + 1);
  editor.selection = range;
  editor.revealRange(range, vscode.NotebookEditorRevealType.InCenterIfOutsideViewport);
  await vscode.commands.executeCommand('notebook.cell.execute', {
    ranges: [{ start: index, end: index + 1 }],
    document: notebook.uri,
  });
}

/**
 * Makes a notebook that took the Med-SA kernel one whose cells are TypeScript, and lets the file say so. As with every
 * change of kernel, cells in the notebook's former language follow; those in a language of their own stay as they are.
 */
export async function adopt(notebook: vscode.NotebookDocument): Promise<void> {
  const metadata = languageMetadata(notebook);
  const former = metadata.language_info?.name ?? metadata.kernelspec?.language ?? guessedLanguage;
  for (const { kind, document } of notebook.getCells()) {
    const follows = document.languageId === former || document.getText().trim() === '';
    if (kind === vscode.NotebookCellKind.Code && follows && document.languageId !== cellLanguage)
      await vscode.languages.setTextDocumentLanguage(document, cellLanguage);
  }
  if (metadata.kernelspec?.name === controllerId) return;
  const edit = new vscode.WorkspaceEdit();
  const said = { ...metadata, kernelspec, language_info: { name: cellLanguage } };
  edit.set(notebook.uri, [vscode.NotebookEdit.updateNotebookMetadata({ ...notebook.metadata, metadata: said })]);
  await vscode.workspace.applyEdit(edit);
}
