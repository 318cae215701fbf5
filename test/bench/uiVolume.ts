import fs from 'node:fs';
import path from 'node:path';
import { type Body, drawBodies, writeBodies } from '../support/drawnVolume';
import { openNotebook, runCell } from '../e2e/notebook';
import { Viewer } from '../e2e/viewer';
import type { Workbench } from '../e2e/window';
import { benchRow, type BenchRow } from './bench';
import { messagesOf, watchMessages, watchSlices } from './uiProbe';

const size = [512, 512, 600] as const;
/** A trunk in HU with two lungs, a liver and a spine, drawn with the grain of a CT. */
const trunk: readonly Body[] = [
  { middle: [256, 256, 300], radii: [210, 150, 2000], level: 1040 },
  { middle: [160, 236, 420], radii: [70, 90, 200], level: 180 },
  { middle: [352, 236, 420], radii: [70, 90, 200], level: 180 },
  { middle: [180, 250, 160], radii: [90, 80, 110], level: 1100 },
  { middle: [256, 350, 300], radii: [32, 28, 2000], level: 1500 },
];
const grain = 25;

export interface Scrolled {
  readonly rows: readonly BenchRow[];
  readonly details: readonly string[];
  readonly largestMessage: number;
}

/** A CT-sized volume: how soon it is seen, how fast it scrolls, and what the page keeps of it. */
export async function volume(window: Workbench): Promise<Scrolled> {
  console.error(`drawing ${size.join(' × ')} voxels …`);
  await openNotebook(window, 'volume/volume.ipynb', ['await open("trunk.nii")', '1']);
  const file = path.join(window.workspace, 'volume', 'trunk.nii');
  await writeBodies(drawBodies(size, trunk, grain), file, [0.8, 0.8, 1]);
  // The kernel and the cells' process are there already, as they are for a person's second image.
  await runCell(window, 1);

  console.error('first slice …');
  const begin = performance.now();
  await runCell(window, 0);
  const ended = performance.now();
  const viewer = await Viewer.shown(window, { width: size[0], height: size[1] });
  const shown = performance.now();
  const frame = await viewer.frame();
  await watchMessages(frame);

  console.error('scrolling through everything, twice …');
  await viewer.focus();
  await viewer.press('Home');
  const onScreen = await viewer.onScreen();
  for (const part of [0.4, 0.5]) {
    const at = onScreen(size[0] * part, size[1] * part);
    await window.page.mouse.move(at.x, at.y);
  }
  const before = await memory();
  const up = await turn(-100);
  const once = await memory();
  await turn(100);
  const twice = await memory();
  const { largest } = await messagesOf(frame);
  return {
    rows: [
      benchRow({ name: 'first slice after the cell', ours: shown - ended, goal: 1500, unit: 'ms' }),
      benchRow({ name: 'first slice after Run', ours: shown - begin, goal: null, unit: 'ms' }),
      benchRow({ name: 'scrolled slices', ours: up.rate, goal: 20, unit: '/s', atLeast: true }),
      benchRow({ name: 'page memory, before', ours: before, goal: null, unit: 'MB' }),
      benchRow({ name: 'page memory, all slices seen', ours: once, goal: null, unit: 'MB' }),
      benchRow({
        name: 'page memory gained by seeing all again',
        ours: Math.max(twice - once, 0),
        goal: 64,
        unit: 'MB',
      }),
    ],
    details: [
      `${up.slices} of ${size[2]} slices were drawn on the way up, in ${(up.milliseconds / 1000).toFixed(1)} s.`,
    ],
    largestMessage: largest,
  };

  /** Turns the wheel, a notch every 30 ms at most, until the last slice is drawn. */
  async function turn(deltaY: number): Promise<{ slices: number; milliseconds: number; rate: number }> {
    const stop = await watchSlices(frame);
    const end = deltaY < 0 ? `${size[2]} / ${size[2]}` : `1 / ${size[2]}`;
    for (let notches = 0; (await viewer.slice()) !== end && notches < 3 * size[2];) {
      const due = performance.now() + 30;
      await window.page.mouse.wheel(0, deltaY);
      notches++;
      await window.page.waitForTimeout(Math.max(due - performance.now(), 0));
    }
    await viewer.settled();
    const { slices, milliseconds } = await stop();
    return { slices, milliseconds, rate: (1000 * slices) / milliseconds };
  }

  /** Resident memory of the browser's page processes, MB, garbage collected before. */
  async function memory(): Promise<number> {
    const page = await window.page.context().newCDPSession(window.page);
    await page.send('HeapProfiler.collectGarbage');
    await page.detach();
    const browser = await window.page.context().browser()!.newBrowserCDPSession();
    const { processInfo } = await browser.send('SystemInfo.getProcessInfo');
    await browser.detach();
    return processInfo.filter(({ type }) => type === 'renderer').reduce((sum, { id }) => sum + residentMB(id), 0);
  }
}

function residentMB(pid: number): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kilobytes ?? NaN) / 1024;
  } catch {
    return 0; // It has ended meanwhile.
  }
}
