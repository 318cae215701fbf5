import { build, stop } from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../..');

export interface Bundles {
  /** The engine program, for `createEngine({ entry })`. */
  readonly engine: string;
  /** A process that owns an engine, for the tests in which the owner dies. */
  readonly owner: string;
  remove(): void;
}

/** Builds the engine as the product does. Below node_modules, from where the native runtime is found. */
export async function buildEngine(): Promise<Bundles> {
  const cache = path.join(root, 'node_modules/.cache');
  fs.mkdirSync(cache, { recursive: true });
  const outdir = fs.mkdtempSync(path.join(cache, 'med-sa-engine-test-'));
  await build({
    entryPoints: {
      engine: path.join(root, 'src/kernel/runtime/engineProcess.ts'),
      owner: path.join(import.meta.dirname, 'engineOwner.ts'),
    },
    outdir,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['onnxruntime-node'],
    define: { 'import.meta.url': '__importMetaUrl' },
    banner: { js: 'const __importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
    logLevel: 'error',
  });
  await stop(); // its service would count as a child of the test's process
  return {
    engine: path.join(outdir, 'engine.js'),
    owner: path.join(outdir, 'owner.js'),
    remove: () => fs.rmSync(outdir, { recursive: true, force: true }),
  };
}
