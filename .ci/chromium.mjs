// Where the browser of the browser tests is: CHROME_PATH, else what the system's package manager installed.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

const candidates = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** The browser's executable, or null. Throws when CHROME_PATH names a file that is not there. */
export function findChromium() {
  const named = process.env.CHROME_PATH;
  if (named && !fs.existsSync(named)) throw new Error(`CHROME_PATH names ${named}, which is not there.`);
  return named || (candidates.find((file) => fs.existsSync(file)) ?? null);
}

/** Installs Debian's Chromium where that is allowed (root, apt-get); returns its executable or null. */
export function installChromium() {
  const root = process.getuid?.() === 0;
  if (!root || !fs.existsSync('/usr/bin/apt-get')) return null;
  console.log('No Chromium found: installing the one of the system (apt-get install chromium)…');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'chromium']]) {
    if (spawnSync('apt-get', ['-qq', ...args], { stdio: ['ignore', 'inherit', 'inherit'], env }).status !== 0)
      return null;
  }
  return findChromium();
}
