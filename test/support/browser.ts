import { chromium, type Browser } from 'playwright-core';

/** Whether there is a browser to test in (vitest.config.mts finds it); for `describe.skipIf(!hasBrowser)`. */
export const hasBrowser = Boolean(process.env.CHROME_PATH);
if (!hasBrowser) console.warn('Browser tests are skipped: no Chromium was found. Install it or set CHROME_PATH.');

/** Starts headless Chromium; the caller closes it. */
export async function launchBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: process.env.CHROME_PATH, args: ['--no-sandbox', '--disable-gpu'] });
}
