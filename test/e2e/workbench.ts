// The one window of the suite, as test files see it.
import path from 'node:path';
import { afterAll, beforeAll, inject, onTestFailed } from 'vitest';
import { joinWindow, type Workbench } from './window';

export type { Workbench } from './window';

/** Joins the suite's window for the tests of this file; a test that fails leaves a picture of it in out/e2e/pictures. */
export function workbench(): Workbench {
  const shared = inject('window');
  let window: Awaited<ReturnType<typeof joinWindow>> | undefined;

  beforeAll(async () => {
    if (!shared) throw new Error('There is no browser: guard the suite with `describe.skipIf(!hasBrowser)`.');
    window = await joinWindow(shared);
  });
  afterAll(() => window?.leave());

  const joined = (): Workbench => {
    if (!window) throw new Error('The window is joined in beforeAll: use it inside of tests.');
    return window;
  };
  return {
    get page() {
      return joined().page;
    },
    workspace: shared?.workspace ?? '',
    api: (run, ...args) => joined().api(run, ...args),
    palette: (command) => joined().palette(command),
    reload: () => joined().reload(),
    outputFrame: (probe, milliseconds) => joined().outputFrame(probe, milliseconds),
  };
}

export const hasBrowser = inject('window') !== null;

/** To be called first in a test: a failure leaves `<name>.png`. */
export function pictureOnFailure({ page }: Workbench, name: string): void {
  const pictures = inject('window')?.pictures ?? '.';
  onTestFailed(async () => {
    await page.screenshot({ path: path.join(pictures, `${name}.png`) }).catch(() => undefined);
  });
}
