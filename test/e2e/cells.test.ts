// What the editor makes of cells: VS Code's own TypeScript server, with the plugin that the package brings.
import type * as vscode from 'vscode';
import { beforeAll, describe, expect, it } from 'vitest';
import { openNotebook } from './notebook';
import { hasBrowser, pictureOnFailure, workbench } from './workbench';

const cells = [
  "const scan = await open('scan.png');\nscan.",
  "const scan = await open('other.png');\nawait scan.label('liver', { box: [1, 2, 3, 4] });",
];

describe.skipIf(!hasBrowser)('a cell in the editor', () => {
  const window = workbench();

  beforeAll(async () => {
    if (hasBrowser) await openNotebook(window, 'cells/cells.ipynb', cells);
  });

  /** What is underlined in a cell: codes of the problems, in their order. */
  const problems = (cell: number): Promise<number[]> =>
    window.api((api, at) => {
      const document = api.window.activeNotebookEditor?.notebook.cellAt(at).document;
      if (!document) throw new Error(`There is no cell ${at}.`);
      return api.languages.getDiagnostics(document.uri).map(({ code }) => Number(code));
    }, cell);

  // VS Code shows only errors of syntax in cells and drops what the checker says (its TypeScript client does so for every
  // vscode-notebook-cell): what a cell may do is tried on the server in test/unit/editor.
  it('may await at its top level, and declare again what another cell has declared', async () => {
    pictureOnFailure(window, 'cells-await');
    // The unfinished line of the first cell is an error: by then the server has looked at the cells.
    await expect.poll(() => problems(0), { timeout: 90_000 }).toEqual([1003]);
    expect(await problems(1)).toEqual([]);
    const underlined = window.page.locator('.notebook-editor .squiggly-error');
    await expect.poll(() => underlined.count()).toBe(1);
  });

  it('tells what a function takes and does', async () => {
    const text = await window.api(async (api) => {
      const uri = api.window.activeNotebookEditor!.notebook.cellAt(0).document.uri;
      const at = new api.Position(0, 'const scan = await op'.length);
      const hovers = await api.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', uri, at);
      return hovers.flatMap(({ contents }) => contents.map((part) => (typeof part === 'string' ? part : part.value)));
    });
    expect(text.join('\n')).toMatch(/open\(path: string, options\?: OpenImageOptions.*\): Promise<NotebookImage>/);
    expect(text.join('\n')).toContain('Opens a picture or a volume');
  });

  it('offers what an image can do', async () => {
    const names = await window.api(async (api) => {
      const uri = api.window.activeNotebookEditor!.notebook.cellAt(0).document.uri;
      const at = new api.Position(1, 'scan.'.length);
      const list = await api.commands.executeCommand<vscode.CompletionList>(
        'vscode.executeCompletionItemProvider',
        uri,
        at,
      );
      return list.items.map(({ label }) => (typeof label === 'string' ? label : label.label));
    });
    expect(names).toEqual(expect.arrayContaining(['segment', 'label', 'propagate', 'spacing']));
  });
});
