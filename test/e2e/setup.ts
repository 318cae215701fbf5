// One VS Code server, one browser and one window for every test file; each file joins them with `workbench()`.
import fs from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import type { TestProject } from 'vitest/node';
import { projectRoot } from '../support/projectRoot';
import { startBrowser } from './browser';
import { waitForFile } from './files';
import { installExtension, linkExtension, packageExtension } from './vscode/extension';
import { installVsCode } from './vscode/runtime';
import { startServer, workbenchUrl } from './vscode/server';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Null where there is no browser: the tests skip. */
    window: {
      devTools: string;
      /** A file that holds the bridge's address. */ bridge: string;
      workspace: string;
      pictures: string;
    } | null;
  }
}

export default async function setup({ provide }: TestProject): Promise<(() => Promise<void>) | void> {
  if (!process.env.CHROME_PATH) {
    console.warn('The tests in VS Code are skipped: no Chromium was found. Install it or set CHROME_PATH.');
    provide('window', null);
    return;
  }
  const folder = path.join(projectRoot, 'out', 'e2e');
  fs.rmSync(folder, { recursive: true, force: true });
  const [workspace, extensions, pictures] = ['workspace', 'extensions', 'pictures'].map((name) =>
    path.join(folder, name),
  );
  for (const each of [workspace, extensions, pictures]) fs.mkdirSync(each, { recursive: true });

  const runtime = installVsCode(projectRoot);
  linkExtension(path.join(projectRoot, 'test', 'e2e', 'bridge-extension'), extensions);
  // The thing itself: what is missing from the package is missing here too.
  installExtension(runtime, packageExtension(projectRoot), extensions);

  const addressFile = path.join(folder, 'bridge');
  const server = await startServer({ runtime, folder, extensions, env: { MEDSA_TEST_BRIDGE: addressFile } });
  const browser = await startBrowser(process.env.CHROME_PATH, folder);
  const teardown = async (): Promise<void> => {
    await browser.stop();
    await server.stop();
  };
  try {
    const devTools = await chromium.connectOverCDP(browser.address);
    const page = devTools.contexts()[0].pages()[0];
    await page.goto(workbenchUrl(server, workspace));
    await waitForFile(addressFile).catch(async (error: Error) => {
      await page.screenshot({ path: path.join(pictures, 'start.png') });
      throw new Error(`${error.message} See ${pictures} and ${server.log}.`, { cause: error });
    });
    await devTools.close();
    provide('window', { devTools: browser.address, bridge: addressFile, workspace, pictures });
  } catch (error) {
    await teardown();
    throw error;
  }
  return teardown;
}
