// The examples as they are installed: opened from the palette, run, and looked at. Leaves the pictures of the README.
import path from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { type CellResult, closeNotebooks, runCell } from './notebook';
import { Viewer } from './viewer';
import { hasBrowser, pictureOnFailure, workbench, type Workbench } from './workbench';

const plane = { width: 128, height: 128 };

/** Picks an example in the palette; its copy has no file yet. */
async function openExample(window: Workbench, title: string, cells: number): Promise<void> {
  await window.palette('Med-SA: Open Example…');
  await window.page.locator('.quick-input-list .monaco-list-row', { hasText: title }).click();
  const opened = () =>
    window.api((vscode) => {
      const notebook = vscode.window.activeNotebookEditor?.notebook;
      return { untitled: notebook?.isUntitled, cells: notebook?.cellCount };
    });
  await expect.poll(opened).toEqual({ untitled: true, cells });
  // The kernel is chosen a moment after the notebook is shown.
  await window.page.locator('.notebook-toolbar-container', { hasText: 'Fine-tune…' }).waitFor();
}

/** Runs every code cell from top to bottom, each of which has to succeed; their results by the cells' numbers. */
async function runAll(window: Workbench, milliseconds?: number): Promise<Map<number, CellResult>> {
  const code = await window.api((vscode) =>
    vscode.window
      .activeNotebookEditor!.notebook.getCells()
      .flatMap(({ kind, index }) => (kind === vscode.NotebookCellKind.Code ? [index] : [])),
  );
  const results = new Map<number, CellResult>();
  for (const cell of code) {
    const result = await runCell(window, cell, milliseconds);
    expect(result.success, `cell ${cell}: ${JSON.stringify(result.items)}`).toBe(true);
    results.set(cell, result);
  }
  return results;
}

const textOf = (result: CellResult | undefined): string => (result?.items ?? []).map(({ text }) => text).join('\n');
const orange = (picture: readonly number[]): boolean =>
  picture.some((_, at) => at % 3 === 0 && picture[at] - picture[at + 2] > 40);

describe.skipIf(!hasBrowser)('the example “Segment a volume”', () => {
  const window = workbench();
  const pictures = inject('window')?.pictures ?? '.';

  beforeAll(async () => {
    if (hasBrowser) await closeNotebooks(window);
  });

  it('opens from the palette as a copy of its own', async () => {
    pictureOnFailure(window, 'example');
    await openExample(window, 'Segment a volume', 15);
  });

  it('runs from top to bottom, and shows the organ in its viewer', async () => {
    pictureOnFailure(window, 'example-run');
    const [first] = (await runAll(window)).keys();
    const viewer = await Viewer.shown(window, plane, { cell: first });
    await viewer.until(orange, 'a mask');
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

describe.skipIf(!hasBrowser)('the example “Segment a picture”', () => {
  const window = workbench();

  it('runs from top to bottom: its clicks stand in the viewer, and the answer gets better', async () => {
    pictureOnFailure(window, 'example-picture');
    await closeNotebooks(window);
    await openExample(window, 'Segment a picture', 13);
    const results = await runAll(window);
    // An output that is far off the screen is not in the page.
    await window.api((vscode) => vscode.window.activeNotebookEditor!.revealRange(new vscode.NotebookRange(0, 2)));
    const shown = results.get(1)?.items.find(({ mime }) => mime === 'application/vnd.med-sa.image+json');
    const { image } = JSON.parse(shown?.text ?? '{}') as { image: { size: [number, number] } };
    const viewer = await Viewer.shown(window, { width: image.size[0], height: image.size[1] }, { cell: 1 });
    await viewer.until(orange, 'a mask');
    const pixels = (cell: number): number => Number(/mask of (\d+) pixels/.exec(textOf(results.get(cell)))?.[1]);
    expect(pixels(5)).toBeGreaterThan(pixels(3));
    expect(textOf(results.get(11))).toMatch(/^\d+ pixels, \d+\.\d % of the picture/m);
  });
});

describe.skipIf(!hasBrowser)('the example “Teach it your task”', () => {
  const window = workbench();

  it(
    'fine-tunes in its cell, and a click is answered better than before',
    async () => {
      pictureOnFailure(window, 'example-teach');
      await closeNotebooks(window);
      await openExample(window, 'Teach it your task', 13);
      const results = await runAll(window, 9 * 60_000);
      expect(results.get(7)?.items.map(({ mime }) => mime)).toContain('application/vnd.med-sa.training+json');
      const [, before, after] = /(\d+) % before, (\d+) % after/.exec(textOf(results.get(11))) ?? [];
      expect(Number(after)).toBeGreaterThan(Number(before));
      await closeNotebooks(window);
    },
    10 * 60_000,
  );
});
