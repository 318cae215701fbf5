// The window of VS Code that the suite shares: what a person does goes through the page (mouse, keys), what only
// prepares or observes goes through the vscode API in the extension host.
import fs from 'node:fs';
import path from 'node:path';
import { chromium, type Frame, type Page } from 'playwright-core';
import { afterAll, beforeAll, inject, onTestFailed } from 'vitest';
import type * as vscode from 'vscode';
import { waitForFile } from './files';

type VsCodeApi = typeof vscode;

export interface Workbench {
  page: Page;
  /** The folder that is open. */
  workspace: string;
  /** Runs a function in the extension host. It is sent as text: it sees its arguments, nothing around it. */
  api<Args extends unknown[], Value>(
    run: (api: VsCodeApi, ...args: Args) => Value,
    ...args: Args
  ): Promise<Awaited<Value>>;
  /** Picks a command in the palette, by keyboard. */
  palette(command: string): Promise<void>;
  /** Reloads the window by VS Code's own command, which remembers what is open; resolves when extensions run again. */
  reload(): Promise<void>;
  /** The output frame in which `probe` holds. */
  outputFrame(probe: () => boolean, milliseconds?: number): Promise<Frame>;
}

/** Joins the suite's window for the tests of this file; a test that fails leaves a picture of it in out/e2e/pictures. */
export function workbench(): Workbench {
  const shared = inject('window');
  let page: Page | undefined;
  let disconnect: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    if (!shared) throw new Error('There is no browser: guard the suite with `describe.skipIf(!hasBrowser)`.');
    const browser = await chromium.connectOverCDP(shared.devTools);
    disconnect = () => browser.close();
    page = browser.contexts()[0].pages()[0];
    // Tall enough that a whole image is on the screen: clicks need no scrolling.
    await page.setViewportSize({ width: 1300, height: 1300 });
  });
  afterAll(() => disconnect?.());

  const thePage = (): Page => {
    if (!page) throw new Error('The window is joined in beforeAll: use it inside of tests.');
    return page;
  };
  const palette = async (command: string): Promise<void> => {
    await thePage().keyboard.press('F1');
    await thePage().locator('.quick-input-widget input').fill(`>${command}`);
    await thePage().locator('.quick-input-list .monaco-list-row', { hasText: command }).first().waitFor();
    await thePage().keyboard.press('Enter');
  };
  return {
    get page() {
      return thePage();
    },
    workspace: shared?.workspace ?? '',
    async api(run, ...args) {
      // The extension host restarts with the page; the bridge then has a new address.
      const address = fs.readFileSync(shared?.bridge ?? '', 'utf8');
      const response = await fetch(address, { method: 'POST', body: JSON.stringify({ source: run.toString(), args }) });
      const { value, error } = (await response.json()) as { value: never; error?: string };
      if (error) throw new Error(`In the extension host: ${error}`);
      return value;
    },
    palette,
    async reload() {
      const addressFile = shared?.bridge ?? '';
      fs.rmSync(addressFile);
      await palette('Developer: Reload Window');
      await waitForFile(addressFile);
    },
    async outputFrame(probe, milliseconds = 60_000) {
      const deadline = Date.now() + milliseconds;
      for (;;) {
        for (const frame of thePage().frames()) {
          // Frames come and go while VS Code lays out its outputs.
          if (await frame.evaluate(probe).catch(() => false)) return frame;
        }
        if (Date.now() > deadline) {
          throw new Error(`No output frame in ${milliseconds / 1000} s in which this holds: ${probe.toString()}`);
        }
        await thePage().waitForTimeout(100);
      }
    },
  };
}

export const hasBrowser = inject('window') !== null;

/** To be called first in a test: a failure leaves `<name>.png`. */
export function pictureOnFailure({ page }: Workbench, name: string): void {
  const pictures = inject('window')?.pictures ?? '.';
  onTestFailed(async () => {
    await page.screenshot({ path: path.join(pictures, `${name}.png`) }).catch(() => undefined);
  });
}
