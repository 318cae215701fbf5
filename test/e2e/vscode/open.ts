import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../support/projectRoot';
import { installExtension, packageExtension } from './extension';
import { installVsCode } from './runtime';
import { startServer, workbenchUrl } from './server';

/**
 * Starts VS Code on the notebook's folder with the notebook open and the packaged extension installed, prints the
 * address, opens it in the person's browser where there is a desktop, and serves until Ctrl-C.
 */
export async function open(notebook: string | undefined): Promise<void> {
  const file = path.resolve(notebook ?? '');
  if (!notebook || !fs.statSync(file, { throwIfNoEntry: false })?.isFile()) {
    console.error(
      `Usage: node test/e2e/vscode/open.mjs NOTEBOOK; ${notebook ? `${file} is not a file.` : 'no notebook was named.'}`,
    );
    process.exitCode = 2;
    return;
  }
  const folder = path.join(projectRoot, 'out', 'vscode');
  const extensions = path.join(folder, 'extensions');
  const runtime = installVsCode(projectRoot);
  console.log('Packaging and installing the extension…');
  fs.rmSync(extensions, { recursive: true, force: true });
  fs.mkdirSync(extensions, { recursive: true });
  installExtension(runtime, packageExtension(projectRoot), extensions);

  const server = await startServer({ runtime, folder, extensions });
  const url = workbenchUrl(server, path.dirname(file), file);
  console.log(
    `\nVS Code is open on ${path.basename(file)}:\n\n  ${url}\n\nChoose the kernel "Med-SA" there. Ctrl-C ends the server.`,
  );
  showInBrowser(url);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await server.stop();
}

function showInBrowser(url: string): void {
  if (!process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return;
  // No xdg-open, no browser: the printed address is enough.
  spawn('xdg-open', [url], { stdio: 'ignore', detached: true })
    .on('error', () => undefined)
    .unref();
}
