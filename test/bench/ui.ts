import path from 'node:path';
import { findChromium } from '../../.ci/chromium.mjs';
import { UserError } from '../../src/kernel/errors';
import { joinWindow, startWindow } from '../e2e/window';
import { benchRow, type Bench } from './bench';
import { inTemporaryFolder } from './temporaryFolder';
import { clicks } from './uiClicks';
import { volume } from './uiVolume';

/** What a person waits for at the screen: mouse, page, extension host, kernel, engine and back, in real VS Code. */
export const ui: Bench = {
  description: 'clicks, previews and scrolling in VS Code in Chromium, with the embedded model',
  async run() {
    const executable = findChromium();
    if (executable === null) throw new UserError('no Chromium was found: install it or set CHROME_PATH');
    return await inTemporaryFolder(async (folder) => {
      console.error('packaging the extension and starting VS Code …');
      const { stop, ...address } = await startWindow(path.join(folder, 'window'), executable);
      try {
        const window = await joinWindow(address);
        const clicked = await clicks(window);
        await window.leave();
        const scrolled = await volume(address);
        const largest = Math.max(clicked.largestMessage, scrolled.largestMessage) / 1000;
        const message = { name: 'largest message to the page', ours: largest, goal: null, unit: 'kB' };
        return { rows: [...clicked.rows, ...scrolled.rows, benchRow(message)], details: scrolled.details };
      } finally {
        await stop();
      }
    });
  },
};
