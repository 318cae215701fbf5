// node test/e2e/vscode/open.mjs NOTEBOOK: VS Code in the browser on a notebook, with the extension installed.
// open.ts does it; Node 20 reads no TypeScript, so it is bundled first.
import { build } from 'esbuild';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const outfile = path.join(root, 'out', 'vscode', 'open.mjs');
await build({
  absWorkingDir: root,
  entryPoints: ['test/e2e/vscode/open.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
});
const { open } = await import(pathToFileURL(outfile).href);
await open(process.argv[2]);
