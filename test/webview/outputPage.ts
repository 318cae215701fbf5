// A page that does what the notebook's webview does: loads a renderer, gives it outputs, carries its messages.
import fs from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { projectRoot } from '../support/projectRoot';
import { type ThemeName, themes } from './themes';

const address = 'http://output.test/';
const pictures = path.join(projectRoot, 'out', 'webview');

export interface Host {
  sent: unknown[];
  /** Keys that went past the renderer, to the notebook. */
  leaked: string[];
  render(id: string, json: string): void;
  receive(message: unknown): void;
  dispose(id?: string): void;
  /** A kernel in the page, where the test has put one there. */
  answer?(message: unknown): void;
}

declare global {
  interface Window {
    host: Host;
  }
}

export class OutputPage {
  private constructor(readonly page: Page) {}

  /** Opens a page with the renderer of webview/<name>/renderer.ts, bundled as for the extension. */
  static async open(
    browser: Browser,
    name: 'image' | 'training' | 'inspector',
    pixelRatio = 1,
    width = 900,
  ): Promise<OutputPage> {
    const context = await browser.newContext({ viewport: { width, height: 800 }, deviceScaleFactor: pixelRatio });
    const page = await context.newPage();
    const script = await bundle(path.join('webview', name, 'renderer.ts'));
    await page.route(`${address}**`, (route) =>
      route.request().url().endsWith('.js')
        ? route.fulfill({ contentType: 'text/javascript', body: script })
        : route.fulfill({ contentType: 'text/html', body: notebookHtml }),
    );
    const broken = new Promise<never>((_, reject) => page.once('pageerror', reject));
    await page.goto(address);
    await Promise.race([page.waitForFunction(() => window.host !== undefined), broken]);
    const opened = new OutputPage(page);
    await opened.theme('dark');
    return opened;
  }

  async theme(name: ThemeName): Promise<void> {
    await this.page.evaluate(({ kind, background, variables }) => {
      const style = Object.entries(variables).map(([key, value]) => `--vscode-${key}: ${value};`);
      const font = '--vscode-font-family: "DejaVu Sans", sans-serif; --vscode-font-size: 13px;';
      document.documentElement.setAttribute('style', `${style.join('')}${font}background: ${background}`);
      document.body.className = kind;
    }, themes[name]);
  }

  async render(output: unknown, id = 'output'): Promise<void> {
    await this.page.evaluate(([each, json]) => window.host.render(each, json), [id, JSON.stringify(output)] as const);
  }

  async receive(message: unknown): Promise<void> {
    await this.page.evaluate((each) => window.host.receive(each), message);
  }

  /** Takes the messages that the renderer sent since the last call. */
  async sent(): Promise<unknown[]> {
    return await this.page.evaluate(() => window.host.sent.splice(0));
  }

  async leaked(): Promise<string[]> {
    return await this.page.evaluate(() => window.host.leaked.splice(0));
  }

  /** Runs a module of test/webview/page in the page. */
  async load(module: string): Promise<void> {
    await this.page.addScriptTag({
      content: await bundle(path.join('test', 'webview', 'page', module)),
      type: 'module',
    });
  }

  /** Waits until what was asked for is drawn. */
  async drawn(): Promise<void> {
    await this.page.evaluate(
      () => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))),
    );
  }

  /** For the eye: out/webview/<name>.png. */
  async picture(name: string): Promise<void> {
    await this.drawn();
    fs.mkdirSync(pictures, { recursive: true });
    await this.page.locator('#cell').screenshot({ path: path.join(pictures, `${name}.png`) });
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}

async function bundle(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path.join(projectRoot, file)],
    bundle: true,
    write: false,
    platform: 'browser',
    target: 'es2022',
    format: 'esm',
    loader: { '.css': 'text' },
  });
  return outputFiles[0].text;
}

const notebookHtml = `<!doctype html>
<meta charset="utf-8">
<body style="margin: 0"><div id="cell" style="padding: 12px"></div>
<script type="module">
import { activate } from './renderer.js';
const listeners = [];
const host = { sent: [], leaked: [] };
const api = await activate({
  postMessage: (message) => (host.sent.push(message), host.answer?.(message)),
  onDidReceiveMessage: (listener) => (listeners.push(listener), { dispose() {} }),
  workspace: { isTrusted: true },
  getRenderer: async () => undefined,
  getState: () => undefined,
  setState: () => {},
});
const container = (id) => {
  const present = document.getElementById(id);
  if (present) return present;
  const made = document.createElement('div');
  made.id = id;
  document.getElementById('cell').append(made);
  return made;
};
host.render = (id, json) => api.renderOutputItem({ id, text: () => json }, container(id), new AbortController().signal);
host.receive = (message) => listeners.forEach((listener) => listener(message));
host.dispose = (id) => api.disposeOutputItem(id);
window.addEventListener('keydown', (event) => host.leaked.push(event.key));
window.host = host;
</script>`;
