import { describe, expect, it } from 'vitest';
import { openNotebook, runCell } from './notebook';
import { hasBrowser, pictureOnFailure, workbench } from './workbench';

const cells = ['const sum = 1 + 1; sum', 'throw new RangeError("too far")', 'while (true) {}', 'sum'];

describe.skipIf(!hasBrowser)('the extension in VS Code', () => {
  const window = workbench();

  it('is installed and activates with a notebook', async () => {
    pictureOnFailure(window, 'activation');
    await openNotebook(window, 'activation.ipynb', cells);
    const active = await window.api((vscode) => vscode.extensions.getExtension('med-sa.med-sa-notebook')?.isActive);
    expect(active).toBe(true);
  });

  it('offers its commands in the palette', async () => {
    const commands = await window.api(async (vscode) =>
      (await vscode.commands.getCommands(true)).filter((name) => name.startsWith('medSa.')),
    );
    expect(commands).toEqual(
      expect.arrayContaining(['medSa.fineTune', 'medSa.useAdapters', 'medSa.newNotebook', 'medSa.restartKernel']),
    );
  });

  it('runs a cell and shows its value', async () => {
    pictureOnFailure(window, 'value');
    const { success, items } = await runCell(window, 0);
    expect(items.map(({ text }) => text).join('\n')).toContain('2');
    expect(success).toBe(true);
  });

  it('shows an error with its name, message and line', async () => {
    pictureOnFailure(window, 'error');
    const { success, items } = await runCell(window, 1);
    expect(success).toBe(false);
    const [error] = items;
    expect(error.text).toMatch(/RangeError/);
    expect(error.text).toMatch(/too far/);
    expect(error.text).toMatch(/line 1/);
  });

  it('interrupts an endless loop and keeps what was declared before', async () => {
    pictureOnFailure(window, 'interrupt');
    const loop = runCell(window, 2);
    await window.page.waitForTimeout(1500);
    await window.api((vscode) =>
      vscode.commands.executeCommand('notebook.cell.cancelExecution', { ranges: [{ start: 2, end: 3 }] }),
    );
    expect((await loop).success).toBe(false);
    const { success, items } = await runCell(window, 3);
    expect(items.map(({ text }) => text).join()).toContain('2');
    expect(success).toBe(true);
  });
});
