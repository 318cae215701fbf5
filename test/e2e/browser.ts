// One headless Chromium that test files of any process can join over its DevTools address.
import { spawn } from 'node:child_process';
import path from 'node:path';
import readline from 'node:readline';

const flags = [
  '--headless=new',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--enable-unsafe-swiftshader',
  '--no-default-browser-check',
  '--no-first-run',
  // Chromium's own sandbox needs what containers do not grant; only this suite's own pages are opened.
  '--no-sandbox',
  '--remote-debugging-port=0',
  '--window-size=1400,900',
];

export interface SharedBrowser {
  /** The DevTools WebSocket address, for `chromium.connectOverCDP`. */
  address: string;
  stop(): Promise<void>;
}

/** Starts Chromium with a profile in `folder`. Throws when it ends before it can be reached. */
export async function startBrowser(executable: string, folder: string): Promise<SharedBrowser> {
  const args = [...flags, `--user-data-dir=${path.join(folder, 'chromium')}`, 'about:blank'];
  const browser = spawn(executable, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  const exited = new Promise<void>((resolve) => browser.once('exit', () => resolve()));
  const kill = (): void => {
    try {
      if (browser.pid) process.kill(-browser.pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  };
  process.once('exit', kill);
  const lines: string[] = [];
  for await (const line of readline.createInterface({ input: browser.stderr })) {
    const address = /^DevTools listening on (\S+)/.exec(line)?.[1];
    if (address) {
      browser.stderr.resume();
      return {
        address,
        async stop() {
          process.removeListener('exit', kill);
          kill();
          await exited;
        },
      };
    }
    lines.push(line);
  }
  throw new Error(`${executable} did not start:\n${lines.slice(-20).join('\n')}`);
}
