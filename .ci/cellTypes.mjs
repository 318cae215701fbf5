// The package that VS Code's TypeScript server loads for cells (src/editor/cellsPlugin.ts): the plugin, and the types of the
// cell API, made of the sources that define it.
import { build } from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';

export const cellTypesPackage = 'med-sa-cells';

/** What every cell finds besides, where no other types say so. */
const surroundings = `
  var console: { log(...values: unknown[]): void; error(...values: unknown[]): void; warn(...values: unknown[]): void; info(...values: unknown[]): void; table(value: unknown): void };
  var process: { cwd(): string; env: Record<string, string | undefined>; pid: number; platform: string };
  function setTimeout(callback: (...values: never[]) => void, ms?: number): unknown;
  function clearTimeout(timer: unknown): void;
  function require(name: string): any;
`;

/** Writes the package into a folder. `root`: of the project. */
export async function writeCellTypes(root, folder) {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: [path.join(root, 'src/editor/cellsPlugin.ts')],
    outfile: path.join(folder, 'index.js'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'warning',
    // The server calls the module itself.
    footer: { js: 'module.exports = module.exports.default;' },
  });
  const copy = (from, to) => {
    fs.mkdirSync(path.dirname(path.join(folder, to)), { recursive: true });
    fs.copyFileSync(path.join(root, from), path.join(folder, to));
  };
  copy('src/kernel/notebook/api.ts', 'kernel/notebook/api.ts');
  for (const name of fs.readdirSync(path.join(root, 'src/protocol'))) {
    if (!/schemas/i.test(name)) copy(`src/protocol/${name}`, `protocol/${name}`);
  }
  fs.writeFileSync(
    path.join(folder, 'globals.ts'),
    globals(fs.readFileSync(path.join(root, 'src/kernel/notebook/api.ts'), 'utf8')),
  );
  const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  fs.writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({ name: cellTypesPackage, version, main: 'index.js' }),
  );
}

/** The methods of NotebookApi as global functions, with their documentation. */
function globals(api) {
  const begin = api.indexOf('export interface NotebookApi {');
  const body = api.slice(api.indexOf('\n', begin), api.indexOf('\n}', begin));
  const functions = body.replace(/^ {2}(\w+)\(/gm, '  function $1(');
  const types = [...api.matchAll(/^export interface (\w+)/gm)].map(([, name]) => name);
  const shared = /import type \{([^}]*)\} from '..\/..\/protocol'/.exec(api)[1];
  return `import type { ${types.join(', ')} } from './kernel/notebook/api';
import type {${shared}} from './protocol';
declare global {${functions}
${surroundings}}
`;
}
