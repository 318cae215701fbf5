// The adapter inspector in real VS Code: as a cell's output, and in a panel from the palette.
import path from 'node:path';
import type { Frame, Locator } from 'playwright-core';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { inspectorMime } from '../../src/protocol/inspector';
import { medSa } from '../support/cli';
import { closeNotebooks, openNotebook, readCell, revealCell, runCell } from './notebook';
import { answerFileDialog, chooseAdapters, pickInMenu } from './sideBar';
import { hasBrowser, pictureOnFailure, workbench } from './workbench';

const themes = { dark: 'Default Dark Modern', light: 'Default Light Modern', contrast: 'Default High Contrast' };

describe.skipIf(!hasBrowser)('the adapter inspector', () => {
  const window = workbench();
  let page: Frame;

  beforeAll(async () => {
    if (!hasBrowser) return;
    const folder = path.join(window.workspace, 'inspect');
    await openNotebook(window, 'inspect/inspect.ipynb', [
      'const run = await fineTune({ data: "drawn", epochs: 1, batch: 4, imageSize: 64 });',
      'const image = await open("drawn/images/phantom-0001.png"); image',
      'await image.label("lesion", { points: [[64, 60]] });\n' +
        'const looked = await inspect(image, { adapters: run, points: [[64, 60]], compare: { box: [20, 20, 80, 90] } });\nlooked',
      'const { data, shape } = await looked.tensor("image_encoder.blocks.1.mlp_adapter.addition.norm");\n' +
        'console.log(JSON.stringify({ shape, data: [...data] }))',
    ]);
    const drawn = await medSa(['phantoms', '--out', path.join(folder, 'drawn'), '--count', '8', '--seed', '3']);
    expect(drawn.code, drawn.stderr).toBe(0);
    expect((await runCell(window, 0, 240_000)).success, 'the fine-tune').toBe(true);
  });

  it('is what a cell’s inspection looks like, and the saved output holds a picture and words', async () => {
    pictureOnFailure(window, 'inspect-cell');
    expect((await runCell(window, 1)).success).toBe(true);
    const { success, items } = await runCell(window, 2);
    expect(success, JSON.stringify(items)).toBe(true);
    expect(items.map(({ mime }) => mime)).toEqual([inspectorMime, 'image/png', 'text/plain']);
    expect(items[2].text).toMatch(/block 0: output changed by [\d.]+ %; shares: space_adapter/);
    // VS Code draws outputs when they come into sight.
    await revealCell(window, 2);
    await window.page.waitForTimeout(300);
    page = await inspector();
    await figure('Change of output').locator('.scale').waitFor();
    await page.getByRole('tab').nth(1).click();
    await page.getByRole('heading', { name: 'Block 1' }).waitFor();
    await page.getByText(/Estimated IoU .* 1 point/).waitFor();
    await page
      .getByText(/changed by/)
      .first()
      .waitFor();
  });

  it('tells the tensor’s value under the pointer', async () => {
    pictureOnFailure(window, 'inspect-hover');
    expect((await runCell(window, 3)).success).toBe(true);
    const { shape, data } = JSON.parse((await readCell(window, 3)).items[0].text) as {
      shape: number[];
      data: number[];
    };
    await revealCell(window, 2);
    await window.page.waitForTimeout(300);
    const mlp = figure('MLP');
    await mlp.scrollIntoViewIfNeeded();
    await mlp.locator('.scale').waitFor();
    await mlp
      .locator('canvas')
      .first()
      .hover({ position: { x: 104, y: 78 } });
    const said = (await mlp.locator('output').textContent()) ?? '';
    const [, x, y, value] = /^\((\d+), (\d+)\) (?:[≤≥] )?([\d.e-]+)/.exec(said) ?? [];
    expect(value, said).toBeDefined();
    const truth = data[Number(y) * shape[2] + Number(x)];
    const step = (Math.max(...data) - Math.min(...data)) / 255;
    expect(Math.abs(Number(value) - truth), `${said}, the tensor: ${truth}`).toBeLessThanOrEqual(step + 0.006 * truth);
  });

  it.each(Object.entries(themes))('looks at home in VS Code’s theme %s', async (name, theme) => {
    pictureOnFailure(window, `inspect-theme-${name}`);
    await window.api(
      (vscode, wanted) => vscode.workspace.getConfiguration('workbench').update('colorTheme', wanted, true),
      theme,
    );
    await revealCell(window, 2);
    await window.page.waitForTimeout(300);
    await window.page.waitForTimeout(1000);
    await window.page.screenshot({ path: path.join(inject('window')!.pictures, `inspector-cell-${name}.png`) });
    const kind = await page.evaluate(() => document.body.className);
    expect(kind).toContain({ dark: 'vscode-dark', light: 'vscode-light', contrast: 'vscode-high-contrast' }[name]);
  });

  it('opens in a panel, with the image of the selected cell and its prompt', async () => {
    pictureOnFailure(window, 'inspect-panel');
    await window.api((vscode) => {
      const editor = vscode.window.activeNotebookEditor;
      if (editor) editor.selection = new vscode.NotebookRange(1, 2);
    });
    await window.palette('Med-SA: Inspect Adapters');
    const widget = window.page.locator('.quick-input-widget');
    await widget.locator('[placeholder="Which adapters?"]').waitFor();
    await window.page.keyboard.press('Enter');
    page = await inspector(() => document.querySelector('main#inspector .med-sa-inspector') !== null);
    await page.getByText(/Estimated IoU .* 1 point/).waitFor();
    await figure('Change of output').locator('.scale').waitFor();
    expect(await page.getByRole('alert').count(), await page.locator('body').innerText()).toBe(0);
    // The policy lets the page's own sheet in: without it a strip is no grid.
    expect(await page.locator('.strip').evaluate((strip) => getComputedStyle(strip).display)).toBe('grid');
    for (const [name, theme] of Object.entries(themes)) {
      await window.api(
        (vscode, wanted) => vscode.workspace.getConfiguration('workbench').update('colorTheme', wanted, true),
        theme,
      );
      await window.page.waitForTimeout(700);
      await window.page.screenshot({ path: path.join(inject('window')!.pictures, `inspector-panel-${name}.png`) });
    }
  });

  it('comes back with its window, on the same image and with the prompts that were given on its page', async () => {
    pictureOnFailure(window, 'inspect-reloaded');
    const canvas = figure('Prompts').locator('canvas').first();
    await page.getByLabel('Prompt B').check();
    await canvas.click({ position: { x: 60, y: 90 } });
    await page.getByText(/Estimated IoU .* 1 point/).waitFor();
    await canvas.click({ position: { x: 90, y: 60 } });
    await page.getByText(/Estimated IoU .* 2 points/).waitFor();
    await window.reload();
    page = await inspector(() => document.querySelector('main#inspector .med-sa-inspector') !== null);
    await page.getByText(/Estimated IoU .* 1 point/).waitFor();
    await figure('Change of output').locator('.scale').waitFor();
    expect(await page.getByRole('alert').count(), await page.locator('body').innerText()).toBe(0);
    expect(await window.page.locator('.tab', { hasText: 'Adapters on phantom-0001.png' }).count()).toBe(1);
    await page.getByLabel('Prompt B').check();
    await page.getByText(/Estimated IoU .* 2 points/).waitFor();
  });

  it('says what to do when its kernel has ended', async () => {
    pictureOnFailure(window, 'inspect-restarted');
    await window.palette('Med-SA: Restart Kernel');
    await window.page.waitForTimeout(3000);
    await page.getByRole('tab').first().click();
    await page.getByText(/not in memory any more|has ended/).waitFor();
  });

  it('looks into a file of the explorer, without any notebook', async () => {
    pictureOnFailure(window, 'inspect-explorer');
    await closeNotebooks(window);
    const file = path.join(window.workspace, 'inspect', 'drawn', 'images', 'phantom-0002.png');
    await window.api(
      (vscode, shown) => vscode.commands.executeCommand('revealInExplorer', vscode.Uri.file(shown)),
      file,
    );
    await window.page
      .locator('.explorer-folders-view')
      .getByRole('treeitem', { name: /phantom-0002\.png/ })
      .click({ button: 'right' });
    await pickInMenu(window.page, 'Inspect Adapters');
    await chooseAdapters(window.page);
    await looksInto('phantom-0002.png');
  });

  it('looks into a file that is chosen in a dialog, where nothing is open', async () => {
    pictureOnFailure(window, 'inspect-dialog');
    await closeNotebooks(window);
    await window.palette('Med-SA: Inspect Adapters');
    await answerFileDialog(window.page, path.join(window.workspace, 'inspect', 'drawn', 'images', 'phantom-0003.png'));
    await chooseAdapters(window.page);
    await looksInto('phantom-0003.png');
  });

  it('looks into the picture that VS Code shows', async () => {
    pictureOnFailure(window, 'inspect-preview');
    await closeNotebooks(window);
    const file = path.join(window.workspace, 'inspect', 'drawn', 'images', 'phantom-0004.png');
    await window.api((vscode, shown) => vscode.commands.executeCommand('vscode.open', vscode.Uri.file(shown)), file);
    await window.outputFrame(() => document.querySelector('body.ready > img') !== null);
    await window.palette('Med-SA: Inspect Adapters');
    await chooseAdapters(window.page);
    await looksInto('phantom-0004.png');
  });

  it('has everything within a panel of a few hundred pixels', async () => {
    pictureOnFailure(window, 'inspect-narrow');
    await window.api((vscode) => vscode.commands.executeCommand('workbench.action.closeSidebar'));
    const size = window.page.viewportSize()!;
    try {
      for (const width of [430, 340]) {
        const present = await page.evaluate(() => innerWidth);
        const { width: whole, height } = window.page.viewportSize()!;
        // The panel has the right one of two halves.
        await window.page.setViewportSize({ width: whole + 2 * (width - present), height });
        await expect.poll(() => page.evaluate(() => innerWidth)).toBeLessThanOrEqual(width + 10);
        await window.page.waitForTimeout(700);
        await window.page.screenshot({ path: path.join(inject('window')!.pictures, `inspector-${width}.png`) });
        const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(beyond, `pixels beyond ${width}`).toBeLessThanOrEqual(0);
      }
    } finally {
      await window.page.setViewportSize(size);
    }
  });

  /** The panel is there, empty of prompts, and answers one. */
  async function looksInto(name: string): Promise<void> {
    await window.page.locator('.tab', { hasText: `Adapters on ${name}` }).waitFor();
    page = await inspector(() => document.querySelector('main#inspector .med-sa-inspector') !== null);
    await figure('Change of output').locator('.scale').waitFor();
    await figure('Prompts')
      .locator('canvas')
      .first()
      .click({ position: { x: 80, y: 80 } });
    await page.getByText(/Estimated IoU .* 1 point/).waitFor();
    expect(await page.getByRole('alert').count(), await page.locator('body').innerText()).toBe(0);
  }

  /** The frame that shows the inspector: of the notebook's outputs, or of a panel. */
  async function inspector(probe = () => document.querySelector('.med-sa-inspector') !== null): Promise<Frame> {
    return window.outputFrame(probe);
  }

  function figure(title: string): Locator {
    return page
      .locator('figure')
      .filter({ has: page.getByText(title, { exact: true }) })
      .first();
  }
});
