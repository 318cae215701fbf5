import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';

/** Whether there is a browser to test in (vitest.config.mts finds it); for `describe.skipIf(!hasBrowser)`. */
export const hasBrowser = Boolean(process.env.CHROME_PATH);
if (!hasBrowser) console.warn('Browser tests are skipped: no Chromium was found. Install it or set CHROME_PATH.');

/** Headless Chromium for the tests of a file or a `describe`: started before them, where there is one, and closed after them. */
export function browserOfTests(): () => Browser {
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (!hasBrowser) return;
    browser = await chromium.launch({
      executablePath: process.env.CHROME_PATH,
      args: ['--no-sandbox', '--disable-gpu'],
    });
  });
  afterAll(() => browser?.close());
  return () => browser!;
}
