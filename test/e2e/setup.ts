// One VS Code server, one browser and one window for every test file; each file joins them with `workbench()`.
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { projectRoot } from '../support/projectRoot';
import { startWindow, type WindowAddress } from './window';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Null where there is no browser: the tests skip. */
    window: WindowAddress | null;
  }
}

export default async function setup({ provide }: TestProject): Promise<(() => Promise<void>) | void> {
  if (!process.env.CHROME_PATH) {
    console.warn('The tests in VS Code are skipped: no Chromium was found. Install it or set CHROME_PATH.');
    provide('window', null);
    return;
  }
  const { stop, ...address } = await startWindow(path.join(projectRoot, 'out', 'e2e'), process.env.CHROME_PATH);
  provide('window', address);
  return stop;
}
