import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { CurveFeed, type CurveNews } from '../../../src/kernel/notebook/curveFeed';
import { curveTables } from '../../../src/kernel/notebook/runCurves';
import { RunLog } from '../../../src/kernel/notebook/runLog';
import { RunProgress } from '../../../src/kernel/notebook/runSummary';
import type { RunEvent } from '../../../src/protocol';
import { temporaryFolder } from '../../support/temporaryFolder';

const folder = temporaryFolder('curves');
let made = 0;
const newRun = (): string => fs.mkdtempSync(path.join(folder, `run-${made++}-`));
const logOf = (run: string): string => path.join(run, 'events.jsonl');
const write = (run: string, events: readonly RunEvent[]): void =>
  fs.appendFileSync(logOf(run), events.map((event) => `${JSON.stringify(event)}\n`).join(''));

const step = (at: number, loss = 1 / at, time = 1000 * at): RunEvent => ({
  type: 'step',
  time,
  step: at,
  epoch: 1,
  loss,
  parts: { dice: loss / 2, bce: loss / 2 },
  gradientNorm: 2,
  learningRate: 1e-4,
  imagesPerSecond: 8,
  progress: at / 100,
});
const start = (resumedFrom: number | null, time = 0): RunEvent => ({
  type: 'start',
  time,
  epochs: 5,
  stepsPerEpoch: 20,
  samples: { train: 20, validation: 4 },
  device: 'cpu',
  resumedFrom,
});
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const stepsOf = (events: readonly RunEvent[]): number[] =>
  events.flatMap((event) => (event.type === 'step' ? [event.step] : []));

describe('the log of a run', () => {
  it('is read once, part by part, whole lines only', async () => {
    const run = newRun();
    const log = new RunLog(run);
    expect(await log.next()).toEqual({ events: [], anew: false, more: false });
    write(
      run,
      range(1, 3).map((at) => step(at)),
    );
    fs.appendFileSync(logOf(run), JSON.stringify(step(4)).slice(0, 30));
    expect(stepsOf((await log.next()).events)).toEqual([1, 2, 3]);
    fs.appendFileSync(logOf(run), `${JSON.stringify(step(4)).slice(30)}\n`);
    expect(stepsOf((await log.next()).events)).toEqual([4]);
    expect((await log.next()).events).toEqual([]);

    write(
      run,
      range(5, 20_000).map((at) => step(at)),
    );
    const parts: number[][] = [];
    for (let more = true; more;) {
      const part = await log.next();
      parts.push(stepsOf(part.events));
      more = part.more;
    }
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.flat()).toEqual(range(5, 20_000));
  });

  it('begins anew where it was cut, though it has grown past the place since', async () => {
    const run = newRun();
    const log = new RunLog(run);
    write(
      run,
      range(1, 9).map((at) => step(at)),
    );
    await log.next();
    const kept = `${fs.readFileSync(logOf(run), 'utf8').split('\n').slice(0, 4).join('\n')}\n`;
    fs.writeFileSync(logOf(run), kept);
    write(
      run,
      range(5, 40).map((at) => step(at, 3)),
    );
    const part = await log.next();
    expect(part.anew).toBe(true);
    expect(stepsOf(part.events)).toEqual(range(1, 40));
  });
});

describe('the tables of some events', () => {
  it('hold a column for each figure, with gaps, and begin again where the steps do', () => {
    const bare: RunEvent = {
      type: 'step',
      time: 0,
      step: 2,
      epoch: 1,
      loss: 0.123456789,
      learningRate: 1,
      imagesPerSecond: 1,
    };
    const tables = curveTables([step(1), bare, step(2, 7)]);
    expect(tables.map(({ steps }) => steps)).toEqual([[1, 2], [2]]);
    const values = Object.fromEntries(
      tables[0].curves.map(({ name, values: column }) => [JSON.stringify(name), column]),
    );
    expect(values['{"quantity":"loss"}']).toEqual([1, 0.123457]);
    expect(values['{"quantity":"loss","part":"dice"}']).toEqual([0.5, null]);
    expect(values['{"quantity":"gradientNorm"}']).toEqual([2, null]);
  });

  it('hold scores per setting and class', () => {
    const classes = { heart: { dice: 0.7, iou: 0.6, n: 3 } };
    const metrics = { '1-point': { dice: 0.5, iou: 0.4, classes } };
    const [{ steps, curves }] = curveTables([{ type: 'validation', time: 0, step: 20, epoch: 1, metrics }]);
    expect(steps).toEqual([20]);
    expect(curves.map(({ name, values }) => [name, values[0]])).toEqual([
      [{ quantity: 'dice', setting: '1-point', class: null }, 0.5],
      [{ quantity: 'iou', setting: '1-point', class: null }, 0.4],
      [{ quantity: 'dice', setting: '1-point', class: 'heart' }, 0.7],
      [{ quantity: 'iou', setting: '1-point', class: 'heart' }, 0.6],
    ]);
  });
});

describe('a view of the curves', () => {
  const feeds: CurveFeed[] = [];
  afterEach(() => feeds.splice(0).forEach((feed) => feed.end()));
  const follow = (run: string): CurveNews[] => {
    const news: CurveNews[] = [];
    feeds.push(
      new CurveFeed(
        run,
        (part) => news.push(part),
        (error) => {
          throw error;
        },
      ),
    );
    return news;
  };
  const told = (news: readonly CurveNews[]): number[] =>
    news.flatMap(({ tables }) => tables.flatMap(({ steps }) => steps));

  it('is told the past first, then what comes: ten times a second at most, and every point once', async () => {
    const run = newRun();
    write(
      run,
      range(1, 50).map((at) => step(at)),
    );
    const news = follow(run);
    await expect.poll(() => told(news)).toEqual(range(1, 50));
    expect(news[0].anew).toBe(true);
    const [begin, before] = [performance.now(), news.length];
    let at = 50;
    while (performance.now() - begin < 1000) {
      write(run, [step(++at), step(++at)]);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const seconds = (performance.now() - begin) / 1000;
    await expect.poll(() => told(news).length).toBe(at);
    expect(at).toBeGreaterThan(100);
    expect(news.length - before).toBeLessThanOrEqual(Math.ceil(10 * seconds) + 2);
    expect(told(news)).toEqual(range(1, at));
    expect(news.slice(1).some(({ anew }) => anew)).toBe(false);
  });

  it('is told everything anew when a resumed run has cut its log', async () => {
    const run = newRun();
    write(
      run,
      range(1, 30).map((at) => step(at)),
    );
    const news = follow(run);
    await expect.poll(() => told(news).length).toBe(30);
    fs.writeFileSync(logOf(run), '');
    write(
      run,
      range(1, 12).map((at) => step(at, 5)),
    );
    await expect.poll(() => news.filter(({ anew }) => anew).length).toBe(2);
    expect(news.at(-1)?.tables[0].steps).toEqual(range(1, 12));
  });
});

describe('the pace of a run', () => {
  it('tells the time left by the present sitting, and the time worked by all of them', () => {
    const progress = new RunProgress('/runs/paced');
    const events = [
      start(null, 0),
      step(1, 1, 10_000),
      step(11, 1, 30_000),
      start(11, 900_000),
      step(12, 1, 960_000),
      step(22, 1, 980_000),
    ];
    for (const event of events) progress.apply(event);
    const { pace } = progress.report().summary;
    // Ten hundredths in 20 s since the first step of this sitting; 78 hundredths are left.
    expect(pace).toMatchObject({ step: 22, imagesPerSecond: 8, device: 'cpu' });
    expect(pace?.secondsLeft).toBeCloseTo(156, 6);
    expect(pace?.secondsWorked).toBeCloseTo(30 + 80, 6);
    progress.apply({ type: 'end', time: 990_000, status: 'stopped', message: null });
    expect(progress.report().summary.pace?.secondsLeft).toBeNull();
  });
});
