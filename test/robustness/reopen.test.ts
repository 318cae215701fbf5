// Notebooks that are opened and closed, and kernels that are started again, fifty times each (MEDSA_REOPENINGS): what the
// first ones left, the last ones find no more of.
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { KernelUnderTest } from '../integration/kernel/client';
import { productKernels } from '../integration/kernel/programs';
import { temporaryFolder } from '../support/temporaryFolder';
import { drawTinyPairs, writeTinyModel } from '../support/tinyModel';
import { Notebooks } from './pages';
import { ProcessFamily, type ProcessFigures, processFigures } from './processes';
import { report } from './report';
import { slopeOf, slopeText } from './slope';

/** Fewer than 12 are too few for a slope. */
const reopenings = Number(process.env.MEDSA_REOPENINGS ?? 50);
/** Growth that is proven (the interval's lower end) may be at most this, MiB per reopening. */
const proven = 0.5;
const folder = temporaryFolder('reopen');
const temporary = path.join(folder, 'tmp');
const notebook = 'file:///again.ipynb';
const picture = 'discs/image-0.png';
const click = { kind: 'point', x: 30.5, y: 24.5, label: 1 } as const;
let start: (env: Record<string, string>) => KernelUnderTest;
let family: ProcessFamily;

beforeAll(async () => {
  fs.mkdirSync(temporary);
  await writeTinyModel(path.join(folder, 'tiny.safetensors'));
  await drawTinyPairs(path.join(folder, 'discs'), 8);
  start = await productKernels(folder);
});
afterEach(async () => {
  await expect.poll(() => family.members(), { timeout: 20_000 }).toEqual([]);
  expect(fs.readdirSync(temporary)).toEqual([]);
});

function launch(): KernelUnderTest {
  return start({ MEDSA_MODEL: path.join(folder, 'tiny.safetensors'), TMPDIR: temporary, ...family.env });
}

const roles = (): string[] =>
  family
    .members()
    .map(({ role }) => role)
    .sort();

describe.runIf(process.platform === 'linux')('reopening', () => {
  it('a notebook leaves no process, handle or listener, and the memory it took', async () => {
    family = new ProcessFamily();
    const kernel = launch();
    const notebooks = new Notebooks(kernel);
    const { run } = await kernel.request('training/start', { notebook, folder, data: 'discs', epochs: 1, batch: 4 });
    const figures: Record<'own' | 'other', ProcessFigures>[] = [];
    for (let time = 0; time < reopenings; time++) {
      const [page] = await notebooks.open(notebook, [picture]);
      await page.click(page.state.active, click);
      await page.ask({ type: 'viewer/clear', object: null, slice: null });
      const view = { type: 'training/attach', viewId: `curves ${time}`, run, curves: true } as const;
      await kernel.request('viewer/request', { notebook, folder, request: view });
      expect((await notebooks.execute(notebook, 'setInterval(() => undefined, 10); typeof kept')).text).toEqual([
        'undefined',
      ]);
      await notebooks.execute(notebook, 'globalThis.kept = 1;');
      await notebooks.close(notebook);
      await expect.poll(roles, { timeout: 60_000 }).toEqual(['engine', 'kernel']);
      const engine = family.members().find(({ role }) => role === 'engine')?.pid ?? 0;
      const [own, other] = [processFigures(kernel.child.pid ?? 0), processFigures(engine)];
      if (own === null || other === null) throw new Error(`a process has ended: ${kernel.stderr.join('')}`);
      figures.push({ own, other });
    }
    const handles = (name: 'own' | 'other') => figures.map((one) => one[name].handles);
    const memory = (name: 'own' | 'other') => slopeOf(figures.map((one, time) => [time, one[name].memoryMB]));
    const [ofKernel, ofEngine] = [memory('own'), memory('other')];
    const last = { kernel: handles('own'), engine: handles('other') };
    report('reopen-notebook', {
      reopenings,
      handles: Object.fromEntries(Object.entries(last).map(([name, counts]) => [name, [counts[1], counts.at(-1)]])),
      kernel: slopeText(ofKernel).replace('/min', '/reopening'),
      engine: slopeText(ofEngine).replace('/min', '/reopening'),
    });
    // The first opening starts what stays.
    for (const counts of Object.values(last)) expect(Math.abs(counts.at(-1)! - counts[1])).toBeLessThan(4);
    for (const slope of [ofKernel, ofEngine]) expect(slope.perMinute - slope.within).toBeLessThan(proven);
    expect(notebooks.failures()).toEqual([]);
    // Node warns of listeners that pile up (MaxListenersExceededWarning) here.
    expect(kernel.stderr.join('')).toBe('');
    kernel.child.disconnect();
  });

  it('a kernel, ended or killed, leaves no process and no file, and finds what was annotated', async () => {
    family = new ProcessFamily();
    const first = new Notebooks(launch());
    let page = (await first.open(notebook, [picture]))[0];
    await page.click(page.state.active, click);
    const shown = page.shown();
    let { kernel } = first;
    for (let time = 0; time < reopenings; time++) {
      const exited = new Promise((resolve) => kernel.child.once('exit', resolve));
      if (time % 2 === 0) kernel.child.disconnect();
      else kernel.child.kill('SIGKILL');
      await exited;
      await expect.poll(roles, { timeout: 20_000 }).toEqual([]);
      // What a killed one had no time to remove, the next engine removes.
      expect(fs.readdirSync(temporary).length).toBeLessThan(2);
      expect(kernel.stderr.join('')).toBe('');
      kernel = launch();
      const notebooks = new Notebooks(kernel);
      [page] = await notebooks.open(notebook, [picture]);
      expect(page.shown()).toEqual(shown);
      await page.ask({ type: 'viewer/segment', slice: 0 });
      expect(page.shown()).toEqual(shown);
      // Now and then its engine is at work when it ends.
      if (time % 3 === 0) void page.hover(page.state.active, click).catch(() => undefined);
    }
    report('reopen-kernel', { reopenings, left: roles() });
    kernel.child.disconnect();
  });
});
