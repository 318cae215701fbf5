import fs from 'node:fs/promises';
import { builtinModules, createRequire } from 'node:module';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type OnLoadArgs } from 'esbuild';

type Namespace = Record<string, unknown>;

/**
 * Imports as if a module in the notebook's folder asked: Node's own modules, packages installed there or above, and
 * files relative to it, TypeScript too. A file that changed is loaded anew; an unchanged one keeps its state.
 */
export class CellModules {
  private readonly files = new Map<string, { hash: string; namespace: Promise<Namespace> }>();

  constructor(private readonly folder: string) {}

  /** `require` of the notebook's folder. */
  get require(): NodeJS.Require {
    return createRequire(path.join(this.folder, 'notebook.js'));
  }

  async import(specifier: string): Promise<Namespace> {
    if (specifier.startsWith('node:') || builtinModules.includes(specifier))
      return import(specifier) as Promise<Namespace>;
    if (specifier.startsWith('file:')) return import(specifier) as Promise<Namespace>;
    const file = await this.resolve(specifier);
    const own = /^\.{0,2}[/\\]/.test(specifier) || path.isAbsolute(specifier);
    if (!own) return import(pathToFileURL(file).href) as Promise<Namespace>;
    return this.load(file);
  }

  private async resolve(specifier: string): Promise<string> {
    let found: string | null = null;
    await build({
      stdin: { contents: '', resolveDir: this.folder },
      write: false,
      platform: 'node',
      logLevel: 'silent',
      plugins: [
        {
          name: 'resolve',
          setup: (bundler) =>
            bundler.onStart(async () => {
              const options = { kind: 'import-statement', resolveDir: this.folder } as const;
              const { path: file, errors } = await bundler.resolve(specifier, options);
              if (errors.length === 0) found = file;
            }),
        },
      ],
    });
    if (found !== null) return found;
    const remedy = /^[./]/.test(specifier)
      ? 'check the path; it starts from the folder of the notebook'
      : `install it there: npm install ${specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')}`;
    throw new Error(`Cannot find "${specifier}" from ${this.folder}: ${remedy}`);
  }

  private async load(file: string): Promise<Namespace> {
    const { outputFiles } = await build({
      entryPoints: [file],
      bundle: true,
      write: false,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      packages: 'external',
      sourcemap: 'inline',
      logLevel: 'silent',
      plugins: [
        { name: 'import-meta', setup: (bundler) => bundler.onLoad({ filter: /\.[mc]?[jt]sx?$/ }, withFileMeta) },
      ],
    });
    const [{ contents }] = outputFiles;
    const hash = createHash('sha256').update(contents).digest('hex').slice(0, 16);
    const known = this.files.get(file);
    if (known?.hash === hash) return known.namespace;
    const namespace = importBytes(file, hash, contents);
    this.files.set(file, { hash, namespace });
    namespace.catch(() => this.files.delete(file));
    return namespace;
  }
}

/** The bundle lies elsewhere than its sources: each of them keeps its own `import.meta.url`. */
async function withFileMeta({ path: file }: OnLoadArgs) {
  const contents = await fs.readFile(file, 'utf8');
  if (!contents.includes('import.meta')) return undefined;
  const extension = path.extname(file).replace(/^\.[mc]/, '.');
  const loader = extension === '.tsx' ? 'tsx' : extension === '.ts' ? 'ts' : extension === '.jsx' ? 'jsx' : 'js';
  const meta = JSON.stringify({ url: pathToFileURL(file).href, filename: file, dirname: path.dirname(file) });
  return { contents: contents.replace(/\bimport\.meta\b/g, `(${meta})`), loader } as const;
}

/** Node imports files only, and packages resolve from where the file lies: so it lies beside its source for a moment. */
async function importBytes(file: string, hash: string, contents: Uint8Array): Promise<Namespace> {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${hash}.mjs`);
  await fs.writeFile(temporary, contents);
  try {
    return (await import(pathToFileURL(temporary).href)) as Namespace;
  } finally {
    await fs.rm(temporary, { force: true });
  }
}
