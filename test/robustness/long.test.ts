// A fine-tune that the kernel started and follows for a panel of curves, for an hour (MEDSA_MINUTES): nothing grows but
// its log, and whoever reads that gets every event once. Linux only: figures come from /proc.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { rereadMs, RunLog } from '../../src/kernel/notebook/runLog';
import { curveTables, shortened } from '../../src/kernel/notebook/runCurves';
import { readEvents } from '../../src/kernel/training/runEvents';
import { runHolder } from '../../src/kernel/training/runLock';
import type { CurveTable, RunEvent } from '../../src/protocol';
import { startProduct } from '../integration/kernel/programs';
import { medSa } from '../support/cli';
import { temporaryFolder } from '../support/temporaryFolder';
import { processFigures } from './processes';
import { keep, report } from './report';
import { slopeOf, slopeText } from './slope';

const minutes = Number(process.env.MEDSA_MINUTES ?? 60);
const sampleMs = 3000;
/** Growth that is proven (the interval's lower end) may be at most this, MiB per minute: 6 MiB an hour. */
const proven = 0.1;
/** Shorter than this, heaps and caches have not filled yet: a slope would say nothing of an hour. */
const settledMinutes = 10;

const folder = temporaryFolder('long');

interface Sample {
  readonly minute: number;
  readonly training: { readonly memoryMB: number; readonly handles: number };
  readonly kernel: { readonly memoryMB: number; readonly handles: number };
  /** Bytes: `events.jsonl`, `tb`, `log.txt`, `checkpoints`, and what else lies in the system's folder for temporary files. */
  readonly sizes: Readonly<Record<string, number>>;
}

function sizeOf(file: string): number {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return 0; // a temporary file that was renamed meanwhile
  return stat.isDirectory()
    ? fs.readdirSync(file).reduce((sum, name) => sum + sizeOf(path.join(file, name)), 0)
    : stat.size;
}

/** Follows a log as every view of curves does, and keeps of it only a count and a sum. */
class Reader {
  private readonly hash = createHash('sha256');
  private readonly log: RunLog;
  events = 0;
  anew = 0;

  constructor(run: string) {
    this.log = new RunLog(run);
  }

  async readOn(): Promise<void> {
    for (let more = true; more;) {
      const part = await this.log.next();
      if (part.anew) this.anew++;
      for (const event of part.events) this.hash.update(JSON.stringify(event));
      this.events += part.events.length;
      more = part.more;
    }
  }

  sum = (): string => this.hash.digest('hex');
}

const sumOf = (events: readonly RunEvent[]): string =>
  events.reduce((hash, event) => hash.update(JSON.stringify(event)), createHash('sha256')).digest('hex');

/** Steps and validations as a page gets them, row by row. */
function rowsOf(tables: readonly CurveTable[]): { steps: string[]; validations: string[] } {
  const rows = { steps: [] as string[], validations: [] as string[] };
  for (const { steps, curves } of tables) {
    const kind = curves.some(({ name }) => name.quantity === 'loss') ? rows.steps : rows.validations;
    steps.forEach((step, index) => {
      const told = curves.map(({ name, values }) => [JSON.stringify(name), values[index]]);
      kind.push(JSON.stringify([step, ...told.filter(([, value]) => value !== null)]));
    });
  }
  return rows;
}

it.runIf(process.platform === 'linux')(
  'a long run grows nothing but its log, and its readers get every event once',
  { timeout: (minutes + 10) * 60_000 },
  async () => {
    expect((await medSa(['phantoms', '--out', path.join(folder, 'drawn'), '--count', '16', '--seed', '3'])).code).toBe(
      0,
    );
    const temporary = path.join(folder, 'tmp');
    fs.mkdirSync(temporary);
    const kernel = await startProduct(folder, { TMPDIR: temporary });
    const { notebook } = kernel;
    // The embedded model at a size at which a step is short: what could grow grows with the steps.
    const choices = { data: 'drawn', epochs: 1_000_000, batch: 2, imageSize: 64 };
    const { run } = await kernel.request('training/start', { notebook, folder, ...choices });
    const panel = 'curves:long';
    const attach = { type: 'training/attach', viewId: `${panel}/view`, run, curves: true } as const;
    await kernel.request('viewer/request', { notebook: panel, folder, request: attach });
    const reader = new Reader(run);

    const samples: Sample[] = [];
    const began = Date.now();
    const minute = (): number => (Date.now() - began) / 60_000;
    let over = false;
    const reading = (async () => {
      while (!over) {
        await reader.readOn();
        await new Promise((resolve) => setTimeout(resolve, rereadMs(false)));
      }
    })();
    while (minute() < minutes) {
      await new Promise((resolve) => setTimeout(resolve, sampleMs));
      const [training, own] = [processFigures(runHolder(run)?.pid ?? 0), processFigures(kernel.child.pid ?? 0)];
      if (own === null) throw new Error(`the kernel has ended after ${minute()} minutes: ${kernel.stderr.join('')}`);
      const sizes = Object.fromEntries(
        ['events.jsonl', 'tb', 'log.txt', 'checkpoints', '../../tmp'].map((name) => [
          name,
          sizeOf(path.join(run, name)),
        ]),
      );
      if (training !== null) samples.push(keep('long', { minute: minute(), training, kernel: own, sizes }));
      else if (sizes['events.jsonl'] > 0) throw new Error(`the run has ended after ${minute()} minutes`);
    }
    expect(await kernel.request('training/stop', { run })).toEqual({ stopped: true });
    const status = () => kernel.last('training/summary').summary.status;
    await expect.poll(status, { timeout: 60_000 }).toBe('stopped');
    over = true;
    await reading;
    await reader.readOn();

    const events = readEvents(run);
    const figures = figuresOf(events, samples);
    report('long', { minutes, ...figures, readerGotAnew: reader.anew });

    // Complete: the log has a line for every event, a reader the same, and the panel's page every point of every curve.
    const lines = fs.readFileSync(path.join(run, 'events.jsonl'), 'utf8').split('\n');
    expect(lines.at(-1)).toBe('');
    expect(events).toHaveLength(lines.length - 1);
    const steps = events.flatMap((event) => (event.type === 'step' ? [event.step] : []));
    expect(steps).toEqual(steps.map((_, index) => index + 1));
    expect([reader.events, reader.sum(), reader.anew]).toEqual([events.length, sumOf(events), 0]);
    const told = kernel.events.flatMap((event) => (event.type === 'training/curves' ? [event] : []));
    expect(told.map(({ anew }) => anew)).toEqual(told.map((_, index) => index === 0));
    expect(rowsOf(told.flatMap(({ tables }) => tables))).toEqual(rowsOf(curveTables(events).map(shortened)));
    expect(kernel.events.filter(({ type }) => type === 'training/error')).toEqual([]);
    expect(kernel.stderr).toEqual([]);

    // Bounded: every step costs the same bytes, checkpoints replace each other, the log of sittings tells of sittings.
    const { firstBytesPerEvent, lastBytesPerEvent } = figures;
    expect(lastBytesPerEvent / firstBytesPerEvent).toBeLessThan(1.05);
    expect(fs.readdirSync(path.join(run, 'checkpoints')).sort()).toEqual(
      ['best', 'last', 'state'].map((name) => `${name}.safetensors`),
    );
    expect(fs.readdirSync(path.join(run, 'tb'))).toHaveLength(1);
    expect(sizeOf(path.join(run, 'log.txt'))).toBeLessThan(1000);
    await expect.poll(() => fs.readdirSync(temporary)).toEqual([]);
    for (const { handles } of [figures.training, figures.kernel]) expect(handles.last - handles.first).toBeLessThan(5);
    if (minutes < settledMinutes) return;
    for (const { slope } of [figures.training, figures.kernel]) {
      expect(slope.perMinute - slope.within, slopeText(slope)).toBeLessThan(proven);
    }
  },
);

function figuresOf(events: readonly RunEvent[], samples: readonly Sample[]) {
  const bytes = events.map((event) => JSON.stringify(event).length + 1);
  // Steps alone: validations are rarer than a tenth of a short run.
  const steps = bytes.filter((_, index) => events[index].type === 'step');
  const tenth = Math.max(1, Math.floor(steps.length / 10));
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const count = (type: RunEvent['type']): number => events.filter((event) => event.type === type).length;
  const ofProcess = (name: 'training' | 'kernel') => {
    const slope = slopeOf(samples.map((sample) => [sample.minute, sample[name].memoryMB]));
    const counts = samples.map((sample) => sample[name].handles);
    const handles = { first: counts[0], last: counts[counts.length - 1], most: Math.max(...counts) };
    return { memory: slopeText(slope), slope, handles };
  };
  const largest = (name: string): number => Math.max(...samples.map(({ sizes }) => sizes[name]));
  return {
    events: events.length,
    steps: count('step'),
    validations: count('validation'),
    checkpoints: count('checkpoint'),
    samples: samples.length,
    firstBytesPerEvent: mean(steps.slice(0, tenth)),
    lastBytesPerEvent: mean(steps.slice(-tenth)),
    largestBytes: Object.fromEntries(Object.keys(samples[0].sizes).map((name) => [name, largest(name)])),
    training: ofProcess('training'),
    kernel: ofProcess('kernel'),
  };
}
