import fs from 'node:fs';
import path from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { findChromium } from '../../.ci/chromium.mjs';
import { UserError } from '../../src/kernel/errors';
import { CurveFeed, type CurveNews } from '../../src/kernel/notebook/curveFeed';
import { OutputPage } from '../webview/outputPage';
import { benchRow, type Bench } from './bench';
import { inTemporaryFolder } from './temporaryFolder';

const steps = 100_000;
/** As many further steps are told, one by one, as a run would. */
const further = 20;

/** A long run on the way from its log to the screen. */
export const curves: Bench = {
  description: `the curves of a run of ${steps.toLocaleString('en')} steps: from the log to the page, and a further step`,
  async run() {
    const executable = findChromium();
    if (executable === null) throw new UserError('no Chromium was found: install it or set CHROME_PATH');
    return await inTemporaryFolder(async (folder) => {
      writeRun(folder);
      const told = await readAll(folder);
      const browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox', '--disable-gpu'] });
      try {
        const output = await OutputPage.open(browser, 'training', 1, 1200);
        const shown = await show(output, folder, told.news);
        const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
        const rows = [
          { name: 'the whole log read and told', ours: told.seconds, goal: null, unit: 's' },
          { name: 'largest message to the page', ours: told.largest / 1000, goal: null, unit: 'kB' },
          { name: 'page busy with all of it', ours: shown.all, goal: null, unit: 'ms' },
          { name: 'page busy with a further step', ours: median(shown.steps), goal: 100, unit: 'ms' },
          { name: 'page busy with a move of the cursor', ours: median(shown.moves), goal: 16, unit: 'ms' },
        ];
        return { rows: rows.map(benchRow) };
      } finally {
        await browser.close();
      }
    });
  },
};

/** Events as `med-sa train` writes them: loss in three parts, a validation of two settings every thousandth step. */
function writeRun(folder: string): void {
  const log = fs.openSync(path.join(folder, 'events.jsonl'), 'w');
  const samples = { train: 1000, validation: 100 };
  const write = (event: object) => fs.writeSync(log, `${JSON.stringify({ ...event, time: 1.7e12 })}\n`);
  write({ type: 'start', epochs: 100, stepsPerEpoch: 1000, samples, device: 'cpu', resumedFrom: null });
  for (let step = 1; step <= steps; step++) {
    const epoch = Math.ceil(step / 1000);
    const loss = Math.exp(-step / 2e4) + 0.1 * Math.abs(Math.sin(step * 12.9898));
    const parts = { dice: 0.6 * loss, bce: 0.3 * loss, iou: 0.1 * loss };
    const figures = {
      gradientNorm: 1 + Math.cos(step),
      learningRate: 1e-4,
      imagesPerSecond: 8.5,
      progress: step / steps,
    };
    write({ type: 'step', step, epoch, loss, parts, ...figures });
    if (step % 1000 > 0) continue;
    const scores = { dice: 0.9 - Math.exp(-epoch / 20), iou: 0.8 - Math.exp(-epoch / 20) };
    write({ type: 'validation', step, epoch, metrics: { '1-point': scores, 'bbox-0.75': scores } });
  }
  fs.closeSync(log);
}

async function readAll(folder: string): Promise<{ news: CurveNews[]; seconds: number; largest: number }> {
  const news: CurveNews[] = [];
  const begin = performance.now();
  const feed: { current?: CurveFeed } = {};
  await new Promise<void>((resolve, reject) => {
    const take = (part: CurveNews) => {
      news.push(part);
      if (part.tables.some((table) => table.steps.at(-1) === steps)) resolve();
    };
    feed.current = new CurveFeed(folder, take, reject);
  });
  feed.current?.end();
  const largest = Math.max(...news.map((part) => JSON.stringify(part).length));
  return { news, seconds: (performance.now() - begin) / 1000, largest };
}

async function show(output: OutputPage, folder: string, news: readonly CurveNews[]) {
  await output.render({
    run: folder,
    name: path.basename(folder),
    status: 'running',
    message: null,
    epochs: 100,
    epoch: 99,
    loss: [],
    dice: {},
    bestDice: null,
  });
  await output.page.waitForTimeout(300);
  const [{ viewId }] = (await output.sent()) as { viewId: string }[];
  const message = (part: CurveNews) => ({ type: 'training/curves', viewId, ...part });
  const all = await busy(output.page, news.map(message), 1000);
  const times: number[] = [];
  for (let step = steps + 1; step <= steps + further; step++) {
    const values = [0.1 + 0.01 * Math.sin(step)];
    const tables = [{ steps: [step], curves: [{ name: { quantity: 'loss' as const }, values }] }];
    times.push(await busy(output.page, [message({ anew: false, tables })], 250));
  }
  const area = (await output.page.locator('.u-over').first().boundingBox())!;
  const moves: number[] = [];
  for (let move = 1; move <= further; move++) {
    const at = { x: area.x + (move / (further + 1)) * area.width, y: area.y + 40 };
    moves.push(await cursorTime(output.page, at));
  }
  return { all, steps: times, moves };
}

/** The longest time, in ms, for which the page did nothing else after it got the messages. */
function busy(page: Page, messages: readonly unknown[], milliseconds: number): Promise<number> {
  return page.evaluate(
    async ([told, wait]) => {
      const channel = new MessageChannel();
      const turn = () =>
        new Promise<void>((resolve) => {
          channel.port1.onmessage = () => resolve();
          channel.port2.postMessage(null);
        });
      let longest = 0;
      let last = performance.now();
      const end = last + wait;
      for (const message of told) window.host.receive(message);
      while (performance.now() < end) {
        await turn();
        const now = performance.now();
        longest = Math.max(longest, now - last);
        last = now;
      }
      return longest;
    },
    [messages, milliseconds] as const,
  );
}

function cursorTime(page: Page, at: { x: number; y: number }): Promise<number> {
  return page.evaluate(({ x, y }) => {
    const over = document.querySelector('.u-over')!;
    const begin = performance.now();
    over.dispatchEvent(new MouseEvent('mousemove', { clientX: x, clientY: y, bubbles: true, view: window }));
    return performance.now() - begin;
  }, at);
}
