// The window of VS Code that tests and benchmarks use: what a person does goes through the page (mouse, keys), what only
// prepares or observes goes through the vscode API in the extension host.
import fs from 'node:fs';
import path from 'node:path';
import { chromium, type Frame, type Page } from 'playwright-core';
import type * as vscode from 'vscode';
import { projectRoot } from '../support/projectRoot';
import { startBrowser } from './browser';
import { waitForFile } from './files';
import { installExtension, linkExtension, packageExtension } from './vscode/extension';
import { installVsCode } from './vscode/runtime';
import { startServer, workbenchUrl } from './vscode/server';

type VsCodeApi = typeof vscode;

/** Milliseconds after which a call into the extension host is given up; the longest waits for a run's preflight. */
const callLimit = 120_000;

/** What another process needs in order to join a window. */
export interface WindowAddress {
  devTools: string;
  /** A file that holds the bridge's address. */
  bridge: string;
  workspace: string;
  pictures: string;
}

export interface Workbench {
  page: Page;
  /** The folder that is open. */
  workspace: string;
  /** Runs a function in the extension host. It is sent as text: it sees its arguments, nothing around it. */
  api<Args extends unknown[], Value>(
    run: (api: VsCodeApi, ...args: Args) => Value,
    ...args: Args
  ): Promise<Awaited<Value>>;
  /** Picks a command in the palette. */
  palette(command: string): Promise<void>;
  /** Reloads the window by VS Code's own command, which remembers what is open; resolves when extensions run again. */
  reload(): Promise<void>;
  /** The output frame in which `probe` holds. */
  outputFrame(probe: () => boolean, milliseconds?: number): Promise<Frame>;
}

/**
 * Starts a VS Code server, a browser and one window in `folder`, whose former content goes, with the packaged extension
 * installed. Throws when one of them does not start; nothing is left running then.
 */
export async function startWindow(
  folder: string,
  executable: string,
): Promise<WindowAddress & { stop(): Promise<void> }> {
  fs.rmSync(folder, { recursive: true, force: true });
  const [workspace, extensions, pictures] = ['workspace', 'extensions', 'pictures'].map((name) =>
    path.join(folder, name),
  );
  for (const each of [workspace, extensions, pictures]) fs.mkdirSync(each, { recursive: true });

  const runtime = installVsCode(projectRoot);
  linkExtension(path.join(projectRoot, 'test', 'e2e', 'bridge-extension'), extensions);
  // The thing itself: what is missing from the package is missing here too.
  installExtension(runtime, packageExtension(projectRoot), extensions);

  const bridge = path.join(folder, 'bridge');
  const server = await startServer({ runtime, folder, extensions, env: { MEDSA_TEST_BRIDGE: bridge } });
  const browser = await startBrowser(executable, folder);
  const stop = async (): Promise<void> => {
    await browser.stop();
    await server.stop();
  };
  try {
    const devTools = await chromium.connectOverCDP(browser.address);
    const page = devTools.contexts()[0].pages()[0];
    await page.goto(workbenchUrl(server, workspace));
    await waitForFile(bridge).catch(async (error: Error) => {
      await page.screenshot({ path: path.join(pictures, 'start.png') });
      throw new Error(`${error.message} See ${pictures} and ${server.log}.`, { cause: error });
    });
    await devTools.close();
    return { devTools: browser.address, bridge, workspace, pictures, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Joins a window; `leave` lets it go on without this process. */
export async function joinWindow(address: WindowAddress): Promise<Workbench & { leave(): Promise<void> }> {
  const browser = await chromium.connectOverCDP(address.devTools);
  const page = browser.contexts()[0].pages()[0];
  // Tall enough that a whole image is on the screen: clicks need no scrolling.
  await page.setViewportSize({ width: 1300, height: 1300 });

  const palette = async (command: string): Promise<void> => {
    await page.keyboard.press('F1');
    await page.locator('.quick-input-widget input').fill(`>${command}`);
    // Not by Enter: a command that begins alike may stand above.
    await page.locator('.quick-input-list .monaco-list-row', { hasText: command }).first().click();
  };
  return {
    page,
    workspace: address.workspace,
    async api(run, ...args) {
      // The extension host restarts with the page; the bridge then has a new address.
      const bridge = fs.readFileSync(address.bridge, 'utf8');
      const request = { method: 'POST', body: JSON.stringify({ source: run.toString(), args }) };
      const response = await fetch(bridge, { ...request, signal: AbortSignal.timeout(callLimit) }).catch(
        async (error: Error) => {
          await page.screenshot({ path: path.join(address.pictures, 'unanswered.png') }).catch(() => undefined);
          throw new Error(
            `${error.message}: see unanswered.png for what VS Code waits for. It was asked: ${run.toString()}`,
          );
        },
      );
      const { value, error } = (await response.json()) as { value: never; error?: string };
      if (error) throw new Error(`In the extension host: ${error}`);
      return value;
    },
    palette,
    async reload() {
      fs.rmSync(address.bridge);
      await palette('Developer: Reload Window');
      await waitForFile(address.bridge);
    },
    async outputFrame(probe, milliseconds = 60_000) {
      const deadline = Date.now() + milliseconds;
      for (;;) {
        for (const frame of page.frames()) {
          // Frames come and go while VS Code lays out its outputs.
          if (await frame.evaluate(probe).catch(() => false)) return frame;
        }
        if (Date.now() > deadline) {
          throw new Error(`No output frame in ${milliseconds / 1000} s in which this holds: ${probe.toString()}`);
        }
        await page.waitForTimeout(100);
      }
    },
    leave: () => browser.close(),
  };
}
