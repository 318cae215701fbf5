import fs from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll } from 'vitest';
import { projectRoot } from './projectRoot';

/** Bundles one program of the sources; see `bundledTogether`. @returns the file. */
export async function bundled(source: string, name: string): Promise<string> {
  return path.join(await bundledTogether({ [name]: source }), `${name}.js`);
}

/**
 * Bundles programs of the sources (name → source file) as esbuild.config.mjs does, so that a test can start them as
 * processes that find each other. They lie inside of the project, where its packages are found, and are removed after
 * the test file. @returns their folder.
 */
export async function bundledTogether(programs: Record<string, string>): Promise<string> {
  const folder = fs.mkdtempSync(path.join(projectRoot, 'node_modules', '.med-sa-test-'));
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
  await build({
    entryPoints: Object.fromEntries(
      Object.entries(programs).map(([name, file]) => [name, path.join(projectRoot, file)]),
    ),
    outdir: folder,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'warning',
    external: ['onnxruntime-node', 'sharp', 'esbuild', '@tensorflow/*'],
    define: { 'import.meta.url': '__importMetaUrl' },
    banner: { js: 'const __importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
  });
  return folder;
}
