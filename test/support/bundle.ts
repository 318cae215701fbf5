import fs from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll } from 'vitest';
import { projectRoot } from './projectRoot';

/**
 * Bundles a program of the sources as esbuild.config.mjs does, so that a test can start it as a process. It lies inside
 * of the project, where its packages are found, and is removed after the test file.
 */
export async function bundled(source: string, name: string): Promise<string> {
  const folder = fs.mkdtempSync(path.join(projectRoot, 'node_modules', '.med-sa-test-'));
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
  const outfile = path.join(folder, `${name}.js`);
  await build({
    entryPoints: [path.join(projectRoot, source)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'warning',
    external: ['onnxruntime-node', 'sharp', '@itk-wasm/image-io', 'itk-wasm', 'esbuild', '@tensorflow/*'],
    define: { 'import.meta.url': '__importMetaUrl' },
    banner: { js: 'const __importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
  });
  return outfile;
}
