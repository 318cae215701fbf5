import path from 'node:path';
import { drawDiscs, writeImage } from '../support/drawnImage';
import { openNotebook, runCell } from '../e2e/notebook';
import { Viewer } from '../e2e/viewer';
import type { Workbench } from '../e2e/window';
import { benchRow, percentile, type BenchRow } from './bench';
import { messagesOf, nextMask, watchMessages } from './uiProbe';

const [columns, rows] = [8, 6] as const;
const step = 76;
/** One disc for each click, all within the picture. */
const places = Array.from({ length: columns * rows }, (_, at) => ({
  x: (at % columns) * step + 54,
  y: Math.floor(at / columns) * step + 50,
}));
const image = drawDiscs(
  640,
  480,
  places.map((place) => ({ ...place, radius: 22, level: 200 })),
);
/** Clicks before those that count, while code is compiled and memory is taken. */
const warmUp = 4;
const hoverSeconds = 4;

export interface Clicked {
  readonly rows: readonly BenchRow[];
  readonly largestMessage: number;
}

/** One click on each of 48 discs, each a new object's first: the answer comes with the three masks that SAM offers. */
export async function clicks(window: Workbench): Promise<Clicked> {
  console.error(`${places.length} clicks …`);
  await openNotebook(window, 'clicks/clicks.ipynb', ['await open("discs.png")']);
  await writeImage(image, path.join(window.workspace, 'clicks', 'discs.png'));
  await runCell(window, 0);
  const viewer = await Viewer.shown(window, image);
  const frame = await viewer.frame();
  await watchMessages(frame);
  const onScreen = await viewer.onScreen();
  const times: number[] = [];
  for (const [index, { x, y }] of places.entries()) {
    const at = onScreen(x, y);
    const aside = onScreen(x + 9, y).x - at.x;
    await window.page.mouse.move(at.x - 60, at.y);
    if (index > 0) await newObject(index + 1);
    const drawn = await nextMask(frame, aside);
    await window.page.mouse.move(at.x, at.y, { steps: 4 });
    // A person looks before they click; the preview of this place is on the screen then, or on its way.
    await window.page.waitForTimeout(150);
    await window.page.mouse.click(at.x, at.y, { delay: 30 });
    times.push(await drawn());
    await viewer.leave();
  }
  const counted = times.slice(warmUp);
  const previews = await hover();
  const { largest } = await messagesOf(frame);
  const note = `n = ${counted.length}`;
  return {
    rows: [
      benchRow({ name: 'pointer-up to mask drawn, p50', ours: percentile(counted, 0.5), goal: 100, unit: 'ms', note }),
      benchRow({ name: 'pointer-up to mask drawn, p95', ours: percentile(counted, 0.95), goal: 200, unit: 'ms', note }),
      benchRow({ name: 'hover previews', ours: previews, goal: 10, unit: '/s', atLeast: true }),
    ],
    largestMessage: largest,
  };

  async function newObject(count: number): Promise<void> {
    await viewer.press('n');
    while ((await viewer.count('.objects .row')) < count) await window.page.waitForTimeout(20);
  }

  /** Previews a second while the pointer is on its way over the picture. */
  async function hover(): Promise<number> {
    console.error('hover …');
    await newObject(places.length + 1);
    const before = (await messagesOf(frame)).previews;
    const begin = performance.now();
    let seconds = 0;
    for (let moved = 0; seconds < hoverSeconds; moved++) {
      const angle = moved / 20;
      const at = onScreen(320 + 200 * Math.cos(angle), 240 + 150 * Math.sin(angle));
      await window.page.mouse.move(at.x, at.y);
      seconds = (performance.now() - begin) / 1000;
    }
    return ((await messagesOf(frame)).previews - before) / seconds;
  }
}
