// Eight notebooks of twenty pictures, clicked at 5 Hz for ten minutes (MEDSA_MINUTES), while a fine-tune runs.
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { startProduct } from '../integration/kernel/programs';
import { medSa } from '../support/cli';
import { temporaryFolder } from '../support/temporaryFolder';
import { runLoad } from './loadHarness';
import { ProcessFamily } from './processes';
import { report } from './report';

const minutes = Number(process.env.MEDSA_MINUTES ?? 10);
/**
 * Growth that is proven (the interval's lower end) may be at most this, MiB per minute (docs/reliability.md says why): of
 * the kernel, and of all eleven processes together, each of which fills its own heap.
 */
const proven = { kernel: 1, all: 3 };
/** Handles per minute. */
const provenHandles = 0.1;
/** Shorter than this, heaps and caches have not filled yet. */
const settledMinutes = 8;

const folder = temporaryFolder('load');

it.runIf(process.platform === 'linux')(
  'eight notebooks are clicked through while a fine-tune runs: no error, no lost answer, nothing grows',
  { timeout: (minutes + 15) * 60_000 },
  async () => {
    const [notebooks, imagesEach] = [8, 20];
    const drawn = path.join(folder, 'drawn');
    const count = String(notebooks * imagesEach);
    expect((await medSa(['phantoms', '--out', drawn, '--count', count, '--seed', '5'])).code).toBe(0);
    const images = fs.readdirSync(path.join(drawn, 'images')).map((name) => path.join('drawn', 'images', name));
    expect(images).toHaveLength(notebooks * imagesEach);
    const temporary = path.join(folder, 'tmp');
    fs.mkdirSync(temporary);
    const family = new ProcessFamily();
    const kernel = await startProduct(folder, { TMPDIR: temporary, ...family.env });
    const {
      problems,
      figures,
      readers,
      notebooks: opened,
    } = await runLoad({
      name: 'load',
      kernel,
      family,
      notebooks,
      imagesEach,
      images,
      training: { data: 'drawn', epochs: 1000, batch: 2 },
      minutes,
      clicksPerSecond: 5,
      sampleMs: 2000,
      seed: 1,
    });
    report('load', { minutes, notebooks, imagesEach, ...figures, problems });
    expect(problems).toEqual([]);
    expect(kernel.stderr).toEqual([]);
    expect(figures.clicks).toBeGreaterThan(0);
    // What a page put together from changes is what the kernel knows.
    for (const page of readers.flatMap(({ pages }) => pages)) {
      expect((await opened.attachedAnew(page)).shown()).toEqual(page.shown());
    }
    if (minutes >= settledMinutes) {
      const { memory, ofKernel, handles } = figures;
      expect(memory.perMinute - memory.within, memory.text).toBeLessThan(proven.all);
      expect(ofKernel.perMinute - ofKernel.within, ofKernel.text).toBeLessThan(proven.kernel);
      expect(handles.perMinute - handles.within, handles.text).toBeLessThan(provenHandles);
    }
    for (const { notebook } of readers) await opened.close(notebook);
    await expect
      .poll(
        () =>
          family
            .members()
            .map(({ role }) => role)
            .sort(),
        { timeout: 90_000 },
      )
      .toEqual(['engine', 'kernel']);
    kernel.child.disconnect();
    await expect.poll(() => family.members(), { timeout: 10_000 }).toEqual([]);
    expect(fs.readdirSync(temporary)).toEqual([]);
  },
);
