// A kernel on a tiny model, storms in several notebooks at once, and what must be left of them: nothing.
import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { Random } from '../../src/kernel/datasets';
import { runHolder } from '../../src/kernel/training/runLock';
import { productKernels } from '../integration/kernel/programs';
import { drawTinyPairs, writeTinyModel } from '../support/tinyModel';
import { drawTinyVolumes } from '../support/tinyVolumes';
import { Notebooks, type Page } from './pages';
import { ProcessFamily } from './processes';
import { type Grounds, storms } from './storm';

const lanes = 3;
/** Storms are most often ended early, where beginnings and ends meet. */
const longestPatienceMs = 2500;
const endMs = 120_000;
/** What a user may be told in a storm: there is nothing to carry along. */
const expectedErrors = /the object ends here|holds no mask of this object/;

const click = { kind: 'point', x: 30.5, y: 24.5, label: 1 } as const;

/** What a click is answered with on a picture without prompts. */
async function answerOf(page: Page): Promise<unknown> {
  await page.click(page.state.active, click);
  const [shown] = Object.values(page.shown()) as Record<string, unknown>[];
  await page.ask({ type: 'viewer/clear', object: null, slice: null });
  return { mask: shown.mask, iou: shown.iou };
}

async function adaptersOf({ kernel }: Notebooks, data: string): Promise<string> {
  const { notebook, folder } = kernel;
  const { run } = await kernel.request('training/start', { notebook, folder, data, epochs: 1, batch: 4 });
  const adapters = path.join(run, 'checkpoints', 'best.safetensors');
  await expect.poll(() => fs.existsSync(adapters), { timeout: endMs }).toBe(true);
  return adapters;
}

/**
 * Files that only work under way may have: half-written ones, and locks. A run that was stopped twice ended at once, and
 * its lock stays until somebody goes on with it: of runs, only what a process holds counts.
 */
function unfinished(folder: string): string[] {
  const names = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => {
    const [top, run] = name.split(path.sep);
    if (!name.endsWith('.tmp') && !name.endsWith('.lock')) return false;
    return top !== 'runs' || runHolder(path.join(folder, top, run))?.atWork === true;
  });
}

/**
 * Begins and cancels `count` pieces of work at random moments, and expects a kernel that answers as before, no process,
 * and no file.
 * @returns how often each kind was begun
 */
export async function weatherStorms(folder: string, count: number, seed: number): Promise<Record<string, number>> {
  const model = path.join(folder, 'tiny.safetensors');
  await writeTinyModel(model);
  await drawTinyPairs(path.join(folder, 'discs'), 8);
  await drawTinyVolumes(path.join(folder, 'volumes'), 1);
  const temporary = path.join(folder, 'tmp');
  fs.mkdirSync(temporary);
  const family = new ProcessFamily();
  const start = await productKernels(folder);
  const env = { MEDSA_MODEL: model, TMPDIR: temporary, ...family.env };
  const kernel = start(env);
  let notebooks = new Notebooks(kernel);
  const [calm] = await notebooks.open('file:///calm.ipynb', ['discs/image-0.png']);
  const before = await answerOf(calm);
  const adapters = await adaptersOf(notebooks, 'discs');

  const random = new Random(seed);
  const begun: Record<string, number> = {};
  let left = count;
  const lane = async (number: number): Promise<void> => {
    const notebook = `file:///storm-${number}.ipynb`;
    const files = [`discs/image-${number + 1}.png`, 'volumes/image-0.nii.gz'];
    const [picture, volume] = await notebooks.open(notebook, files);
    const middle = Math.floor(volume.size[2] / 2);
    await volume.click(volume.state.active, { kind: 'point', x: 9.5, y: 12.5, label: 1 }, middle);
    const grounds: Grounds = { notebooks, notebook, picture, volume, data: 'discs', adapters };
    const own = random.fork(notebook);
    while (left-- > 0) {
      const kinds = Object.keys(storms);
      const kind = kinds[own.integer(kinds.length)];
      begun[kind] = (begun[kind] ?? 0) + 1;
      await storms[kind](grounds, own.uniform(0, 1) ** 2 * longestPatienceMs, own);
    }
    // The notebook's own cells go on with the variables that they had.
    expect((await notebooks.execute(notebook, '6 * 7')).text).toEqual(['42']);
  };
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));

  expect(notebooks.failures().filter((message) => !expectedErrors.test(message))).toEqual([]);
  const processes = (role: string): number => family.members().filter((member) => member.role === role).length;
  await expect.poll(() => ['command', 'engine', 'cells'].map(processes), { timeout: endMs }).toEqual([0, 1, lanes + 1]);
  expect(await answerOf(calm)).toEqual(before);
  for (const page of [...notebooks.pages.values()]) {
    expect((await notebooks.attachedAnew(page)).shown()).toEqual(page.shown());
  }
  const names = new Set([...notebooks.pages.values()].map(({ notebook }) => notebook));
  for (const notebook of names) await notebooks.close(notebook);
  await expect.poll(() => unfinished(folder), { timeout: endMs }).toEqual([]);
  expect(kernel.stderr.join('')).toBe('');
  const end = async (): Promise<void> => {
    notebooks.kernel.child.disconnect();
    await expect.poll(() => family.members(), { timeout: 10_000 }).toEqual([]);
  };
  await end();
  // What a command that was killed had no time to remove, the next engine removes.
  notebooks = new Notebooks(start(env));
  expect(await answerOf((await notebooks.open('file:///calm.ipynb', ['discs/image-0.png']))[0])).toEqual(before);
  await end();
  expect(fs.readdirSync(temporary)).toEqual([]);
  return begun;
}
