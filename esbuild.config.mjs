// One bundle per process and per webview. Native packages stay outside and ship in node_modules.
import { build, context } from 'esbuild';
import fs from 'node:fs';
import { cellTypesPackage, writeCellTypes } from './.ci/cellTypes.mjs';

const watch = process.argv.includes('--watch');
const present = (entries) => Object.fromEntries(Object.entries(entries).filter(([, file]) => fs.existsSync(file)));

const shared = { bundle: true, sourcemap: true, metafile: true, logLevel: 'warning', legalComments: 'none' };

/** Node side: the extension, the kernel and the processes it starts. */
const node = {
  ...shared,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  outdir: 'dist',
  external: [
    'vscode',
    'onnxruntime-node',
    'sharp',
    'esbuild',
    'playwright-core',
    '@tensorflow/tfjs',
    '@tensorflow/tfjs-node-gpu',
  ],
  entryPoints: present({
    extension: 'src/extension/extension.ts',
    kernel: 'src/kernel/main.ts',
    cell: 'src/kernel/notebook/cell/main.ts',
    engine: 'src/kernel/runtime/engineProcess.ts',
    cli: 'src/kernel/cli/main.ts',
    demo: 'src/kernel/cli/demo.ts',
    pretrain: 'src/kernel/cli/pretrain.ts',
    bench: 'test/bench/main.ts',
    'bench-memory': 'test/bench/memoryChild.ts',
    'bench-open': 'test/bench/openModel.ts',
  }),
  define: { 'import.meta.url': '__importMetaUrl' },
  banner: { js: 'const __importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
};

/** Browser side: notebook renderers and panels. */
const browser = {
  ...shared,
  platform: 'browser',
  target: 'es2022',
  format: 'esm',
  outdir: 'dist/webview',
  minify: !watch,
  loader: { '.css': 'text' },
  entryPoints: present({
    image: 'webview/image/renderer.ts',
    training: 'webview/training/renderer.ts',
    curves: 'webview/training/panel.ts',
    inspector: 'webview/inspector/renderer.ts',
    'inspector-panel': 'webview/inspector/panel.ts',
  }),
};

fs.rmSync('dist', { recursive: true, force: true });
const outputs = {};
for (const options of [node, browser]) {
  if (Object.keys(options.entryPoints).length === 0) continue;
  if (watch) await (await context(options)).watch();
  else Object.assign(outputs, (await build(options)).metafile.outputs);
}
// What each bundle is made of: .ci/notices.mjs gathers the licences.
if (!watch) fs.writeFileSync('dist/metafile.json', JSON.stringify({ outputs }));
// VS Code's TypeScript server looks for its plugins in the extension's node_modules.
await writeCellTypes('.', `node_modules/${cellTypesPackage}`);
if (fs.existsSync('dist/cli.js')) {
  fs.writeFileSync('dist/cli.js', '#!/usr/bin/env node\n' + fs.readFileSync('dist/cli.js', 'utf8'));
  fs.chmodSync('dist/cli.js', 0o755);
}
