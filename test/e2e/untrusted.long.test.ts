// A folder that nobody trusts: nothing of it is run or read. A server of its own, with VS Code's workspace trust on.
import fs from 'node:fs';
import path from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { projectRoot } from '../support/projectRoot';
import { extensionProcesses } from './kernel';
import { notification } from './sideBar';
import { linkExtension } from './vscode/extension';
import { installVsCode } from './vscode/runtime';
import { startServer, workbenchUrl, type VsCodeServer } from './vscode/server';

const patient = { timeout: 60_000 };
const shared = inject('window');

describe.skipIf(shared === null)('a workspace that is not trusted', () => {
  const folder = path.join(path.dirname(shared?.workspace ?? ''), 'untrusted');
  const workspace = path.join(folder, 'workspace');
  const extensions = path.join(folder, 'extensions');
  const trace = path.join(workspace, 'ran.txt');
  let server: VsCodeServer;
  let browser: Browser;
  let page: Page;
  const palette = async (command: string): Promise<void> => {
    await page.keyboard.press('F1');
    await page.locator('.quick-input-widget input').fill(`>${command}`);
    await page.locator('.quick-input-list .monaco-list-row', { hasText: command }).first().click();
  };
  const picture = (name: string): Promise<unknown> =>
    page.screenshot({ path: path.join(shared?.pictures ?? '.', `untrusted-${name}.png`) });

  beforeAll(async () => {
    if (!shared) return;
    fs.mkdirSync(path.join(workspace, '.vscode'), { recursive: true });
    // What a stranger may have put there: a program, a checkpoint to be opened with every image, and a run.
    const code = `(await import("node:fs")).writeFileSync(${JSON.stringify(trace)}, "it ran")`;
    const cell = { cell_type: 'code', metadata: {}, execution_count: null, outputs: [], source: code };
    const metadata = { kernelspec: { name: 'med-sa', display_name: 'Med-SA', language: 'typescript' } };
    const notebook = { nbformat: 4, nbformat_minor: 4, metadata, cells: [cell] };
    fs.writeFileSync(path.join(workspace, 'stranger.ipynb'), JSON.stringify(notebook));
    fs.writeFileSync(path.join(workspace, 'weights.pth'), 'a pickle that would do harm');
    fs.writeFileSync(
      path.join(workspace, '.vscode', 'settings.json'),
      JSON.stringify({ 'medSa.model': 'weights.pth' }),
    );
    const installed = fs
      .readdirSync(path.join(path.dirname(shared.workspace), 'extensions'))
      .find((name) => name.startsWith('med-sa.med-sa-notebook'))!;
    linkExtension(path.join(path.dirname(shared.workspace), 'extensions', installed), extensions);
    server = await startServer({ runtime: installVsCode(projectRoot), folder, extensions, trust: true });
    browser = await chromium.connectOverCDP(shared.devTools);
    page = await browser.contexts()[0].newPage();
    await page.setViewportSize({ width: 1300, height: 900 });
    await page.goto(workbenchUrl(server, workspace, path.join(workspace, 'stranger.ipynb')));
    await page
      .locator('.banner, .statusbar-item', { hasText: /Restricted Mode/ })
      .first()
      .waitFor(patient);
  });
  afterAll(async () => {
    await page?.close();
    await browser?.close();
    await server?.stop();
  });

  it('shows in the side bar how it can be trusted, and nothing of what lies there', async () => {
    await page.locator('.activitybar [aria-label="Med-SA"]').first().click(patient);
    for (const name of ['Runs', 'Models', 'Data']) {
      const pane = page.locator('.sidebar .pane', { hasText: new RegExp(`^${name}`) }).first();
      await pane.getByText(/in a trusted workspace only/).waitFor(patient);
    }
    await picture('side-bar');
  });

  it('runs no cell', async () => {
    await page.locator('.notebook-toolbar-container .kernel-label', { hasText: 'Med-SA' }).waitFor(patient);
    await page.locator('.cell-list-container .run-button-container .action-label').first().click(patient);
    // The question is VS Code's own; the extension asks once more, whoever calls it.
    const dialog = page.locator('.monaco-dialog-box');
    await dialog.getByText(/Executing a notebook cell will run code from this workspace/).waitFor(patient);
    await picture('cell');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.waitForTimeout(3000);
    expect(fs.existsSync(trace)).toBe(false);
  });

  it.each(['Use Adapters…', 'Fine-tune…', 'Add a Checkpoint…', 'Show Curves…', 'Check This Installation'])(
    'does not do "%s", and says why',
    async (command) => {
      await palette(`Med-SA: ${command}`);
      const said = notification(page, /Trust this workspace to go on/);
      await said.waitFor(patient);
      expect(await said.innerText()).toMatch(/Manage Workspace Trust/);
      await page.keyboard.press('Escape');
      await palette('Notifications: Clear All Notifications');
      await said.waitFor({ state: 'detached' });
    },
  );

  it('has started neither a kernel nor a command, which alone could read a checkpoint', () => {
    expect(extensionProcesses(extensions)).toEqual([]);
    expect(fs.existsSync(path.join(workspace, '.med-sa'))).toBe(false);
  });
});
