import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Frame } from 'playwright-core';
import { type Body, drawBodies, writeBodies } from '../support/drawnVolume';
import { openNotebook, runCell } from '../e2e/notebook';
import { Viewer } from '../e2e/viewer';
import { joinWindow, type WindowAddress, type Workbench } from '../e2e/window';
import { benchRow, type BenchRow } from './bench';
import { beginScrolling, messagesOf, type Scrolling, scrollingOf, firstSlice, watchMessages } from './uiProbe';

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

/** As fast as a hand turns a wheel. */
const notchMs = 30;
/** Before the wheel turns, this process lets go of the browser. */
const letGoMs = 1500;

export interface Scrolled {
  readonly rows: readonly BenchRow[];
  readonly details: readonly string[];
  readonly largestMessage: number;
}

/** A CT-sized volume: how soon it is seen, how fast it scrolls, and what the page keeps of it. */
export async function volume(address: WindowAddress): Promise<Scrolled> {
  console.error(`drawing ${size.join(' × ')} voxels …`);
  let joined = await joinWindow(address);
  await openNotebook(joined, 'volume/volume.ipynb', ['await open("trunk.nii")', '1']);
  const file = path.join(joined.workspace, 'volume', 'trunk.nii');
  await writeBodies(drawBodies(size, trunk, grain), file, [0.8, 0.8, 1]);
  // The kernel and the cells' process are there already, as they are for a person's second image.
  await runCell(joined, 1);

  console.error('first slice …');
  const begin = Date.now();
  const [shown] = await Promise.all([firstSlice(joined.page), runCell(joined, 0)]);
  const { started, ended } = await timesOf(joined, 0);
  await focus();

  console.error('scrolling …');
  const before = await memory();
  const up = await scroll(300);
  const once = await memory();
  // To the first slice and on again, over what has been forgotten meanwhile.
  await focus();
  const again = await scroll(300);
  const twice = await memory();
  const frame = await focus();
  const { largest } = await messagesOf(frame);
  await joined.leave();
  return {
    rows: [
      benchRow({ name: 'first slice after its cell started', ours: shown - started, goal: 1500, unit: 'ms' }),
      benchRow({ name: 'first slice after its cell ended', ours: shown - ended, goal: null, unit: 'ms' }),
      benchRow({ name: 'first slice after Run was asked for', ours: shown - begin, goal: null, unit: 'ms' }),
      benchRow({ name: 'scrolled slices', ours: rate(up), goal: 20, unit: '/s', atLeast: true }),
      benchRow({ name: 'the same, once more', ours: rate(again), goal: 20, unit: '/s', atLeast: true }),
      benchRow({ name: 'every pixel after the last notch', ours: up.sharpened, goal: null, unit: 'ms' }),
      benchRow({ name: 'page memory, before', ours: before, goal: null, unit: 'MB' }),
      benchRow({ name: 'page memory, 300 slices seen', ours: once, goal: null, unit: 'MB' }),
      benchRow({
        name: 'page memory gained by seeing them again',
        ours: Math.max(twice - once, 0),
        goal: 64,
        unit: 'MB',
      }),
    ],
    details: [
      `Of ${up.notches} notches of the wheel, one every ${notchMs} ms, ${up.slices} slices were drawn in ${(up.milliseconds / 1000).toFixed(1)} s.`,
    ],
    largestMessage: largest,
  };

  /** Shows the first slice and gives the viewer the keyboard. */
  async function focus(): Promise<Frame> {
    const viewer = await Viewer.shown(joined, { width: size[0], height: size[1] });
    await viewer.focus();
    await viewer.press('Home');
    await viewer.settled();
    const frame = await viewer.frame();
    await watchMessages(frame);
    return frame;
  }

  /** Turns the wheel while nobody holds on to the browser. */
  async function scroll(notches: number): Promise<Scrolling> {
    const frame = await (await Viewer.shown(joined, { width: size[0], height: size[1] })).frame();
    await beginScrolling(frame, notches, notchMs, letGoMs);
    await joined.leave();
    await sleep(letGoMs + 1.3 * notches * notchMs);
    joined = await joinWindow(address);
    return scrollingOf(await (await Viewer.shown(joined, { width: size[0], height: size[1] })).frame());
  }

  /** Resident memory of the browser's page processes, MB, garbage collected before. */
  async function memory(): Promise<number> {
    const page = await joined.page.context().newCDPSession(joined.page);
    await page.send('HeapProfiler.collectGarbage');
    await page.detach();
    const browser = await joined.page.context().browser()!.newBrowserCDPSession();
    const { processInfo } = await browser.send('SystemInfo.getProcessInfo');
    await browser.detach();
    return processInfo.filter(({ type }) => type === 'renderer').reduce((sum, { id }) => sum + residentMB(id), 0);
  }
}

const rate = ({ slices, milliseconds }: Scrolling): number => (1000 * slices) / milliseconds;

/** When the last execution of a cell began and ended, by the clock, as VS Code noted it. */
async function timesOf(window: Workbench, index: number): Promise<{ started: number; ended: number }> {
  return await window.api((vscode, at) => {
    const timing = vscode.window.activeNotebookEditor?.notebook.cellAt(at).executionSummary?.timing;
    return { started: timing?.startTime ?? NaN, ended: timing?.endTime ?? NaN };
  }, index);
}

function residentMB(pid: number): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kilobytes ?? NaN) / 1024;
  } catch {
    return 0; // It has ended meanwhile.
  }
}
