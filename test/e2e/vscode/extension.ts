// Brings extensions into a server's extension folder.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { VsCodeRuntime } from './runtime';

/** Makes the VSIX that users install, out of what is built, and returns its path. */
export function packageExtension(root: string): string {
  run(process.execPath, [path.join('.ci', 'package.mjs')], root);
  return path.join(root, 'dist', `med-sa-notebook-${process.platform}-${process.arch}.vsix`);
}

/** Installs a VSIX, as the Extensions view does. */
export function installExtension(runtime: VsCodeRuntime, vsix: string, extensions: string): void {
  const scratch = path.join(extensions, '..', 'install');
  const folders = ['--extensions-dir', extensions, '--user-data-dir', scratch, '--config', `${scratch}.yaml`];
  fs.writeFileSync(`${scratch}.yaml`, 'auth: none\n');
  run(runtime.node, [runtime.entry, ...folders, '--install-extension', vsix, '--force'], extensions);
}

/** Makes a folder an installed extension. To be done before any VSIX: VS Code lists the folder once. */
export function linkExtension(folder: string, extensions: string): void {
  const { publisher, name, version } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')) as Record<
    string,
    string
  >;
  fs.mkdirSync(extensions, { recursive: true });
  const link = path.join(extensions, `${publisher}.${name}-${version}`);
  fs.rmSync(link, { force: true });
  fs.symlinkSync(folder, link, 'dir');
}

function run(command: string, args: string[], cwd: string): void {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (error || status !== 0) {
    throw new Error(`${[command, ...args].join(' ')} failed: ${error?.message ?? `${stdout}\n${stderr}`.slice(-3000)}`);
  }
}
