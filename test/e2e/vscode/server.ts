// One VS Code server (code-server) on a free port of this machine, with folders of its own.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { VsCodeRuntime } from './runtime';
import { quietSettings } from './settings';

export interface ServerOptions {
  runtime: VsCodeRuntime;
  /** Holds user data, configuration, home and log of this server; made when missing. */
  folder: string;
  /** Where extensions are installed or linked. */
  extensions: string;
  env?: Record<string, string>;
  /** No folder is trusted before somebody says so; else every one is. */
  trust?: boolean;
}

export interface VsCodeServer {
  url: string;
  /** The server's log. */
  log: string;
  /** Ends the server and everything it started. */
  stop(): Promise<void>;
}

/** Starts VS Code and resolves when it answers. Throws with the end of the log when it exits or is silent for a minute. */
export async function startServer({
  runtime,
  folder,
  extensions,
  env = {},
  trust = false,
}: ServerOptions): Promise<VsCodeServer> {
  const at = (name: string): string => path.join(folder, name);
  for (const name of ['home', 'user-data/User']) fs.mkdirSync(at(name), { recursive: true });
  fs.mkdirSync(extensions, { recursive: true });
  fs.writeFileSync(at('user-data/User/settings.json'), JSON.stringify(quietSettings(trust), null, 2));
  fs.writeFileSync(at('config.yaml'), 'auth: none\n');

  const port = await freePort();
  const flags = [
    '--disable-telemetry',
    '--disable-update-check',
    ...(trust ? [] : ['--disable-workspace-trust']),
    '--disable-getting-started-override',
  ];
  const log = fs.openSync(at('server.log'), 'w');
  const server = spawn(
    runtime.node,
    [
      ...[runtime.entry, '--config', at('config.yaml'), '--auth', 'none', '--bind-addr', `127.0.0.1:${port}`],
      ...['--user-data-dir', at('user-data'), '--extensions-dir', extensions, ...flags],
    ],
    // A process group of its own, so that the extension hosts and kernels below it end with it.
    { stdio: ['ignore', log, log], env: { ...cleanEnvironment(), HOME: at('home'), ...env }, detached: true },
  );
  fs.closeSync(log);
  const exited = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const kill = (signal: NodeJS.Signals): void => {
    try {
      if (server.pid) process.kill(-server.pid, signal);
    } catch {
      // The group is gone already.
    }
  };
  const killOnExit = (): void => kill('SIGKILL');
  process.once('exit', killOnExit);

  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 60_000;
  while (!(await answers(url))) {
    if (server.exitCode === null && Date.now() < deadline) {
      await sleep(100);
      continue;
    }
    kill('SIGKILL');
    throw new Error(
      `VS Code did not start. The end of ${at('server.log')}:\n${fs.readFileSync(at('server.log'), 'utf8').slice(-2000)}`,
    );
  }
  return {
    url,
    log: at('server.log'),
    async stop() {
      process.removeListener('exit', killOnExit);
      kill('SIGTERM');
      await Promise.race([exited, sleep(5000, undefined, { ref: false })]);
      kill('SIGKILL');
    },
  };
}

/** The address of the workbench with a folder open, and a file of it when one is named. */
export function workbenchUrl(server: VsCodeServer, folder: string, file?: string): string {
  const url = new URL(server.url);
  url.searchParams.set('folder', folder);
  if (file) url.searchParams.set('payload', JSON.stringify([['openFile', `vscode-remote://${url.host}${file}`]]));
  return url.href;
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`)).ok;
  } catch {
    return false;
  }
}

/** Variables of an outer VS Code, Node or pip would change what the server does; its settings are those in its home. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const env = { ...process.env };
  for (const name of Object.keys(env))
    if (/^(VSCODE_|VITEST|npm_|PIP_)|^(NODE_OPTIONS|NODE_ENV|PORT|TEST)$/.test(name)) delete env[name];
  return env;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
