// Seconds of what load.test.ts and storms.test.ts do for minutes, on a tiny model.
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { startProduct } from '../../integration/kernel/programs';
import { temporaryFolder } from '../../support/temporaryFolder';
import { drawTinyPairs, writeTinyModel } from '../../support/tinyModel';
import { runLoad } from '../loadHarness';
import { ProcessFamily } from '../processes';
import { weatherStorms } from '../stormHarness';

const folder = temporaryFolder('short-load');

// Processes are found by way of /proc.
describe.runIf(process.platform === 'linux')('a kernel under load', () => {
  it('answers every click in two notebooks while a fine-tune runs, and leaves nothing', async () => {
    const model = path.join(folder, 'tiny.safetensors');
    await writeTinyModel(model);
    await drawTinyPairs(path.join(folder, 'discs'), 8);
    const temporary = path.join(folder, 'tmp');
    fs.mkdirSync(temporary);
    const family = new ProcessFamily();
    const kernel = await startProduct(folder, { MEDSA_MODEL: model, TMPDIR: temporary, ...family.env });
    const { problems, figures, readers, notebooks } = await runLoad({
      name: 'short-load',
      kernel,
      family,
      notebooks: 2,
      imagesEach: 3,
      images: Array.from({ length: 6 }, (_, index) => `discs/image-${index}.png`),
      training: { data: 'discs', epochs: 1000, batch: 2 },
      minutes: 0.1,
      clicksPerSecond: 10,
      sampleMs: 200,
      seed: 2,
    });
    expect(problems).toEqual([]);
    expect(kernel.stderr).toEqual([]);
    expect(figures.clicks).toBeGreaterThan(10);
    for (const page of readers.flatMap(({ pages }) => pages)) {
      expect((await notebooks.attachedAnew(page)).shown()).toEqual(page.shown());
    }
    for (const { notebook } of readers) await notebooks.close(notebook);
    const roles = () => family.members().map(({ role }) => role);
    await expect.poll(() => roles().sort(), { timeout: 60_000 }).toEqual(['engine', 'kernel']);
    kernel.child.disconnect();
    await expect.poll(() => family.members(), { timeout: 10_000 }).toEqual([]);
    expect(fs.readdirSync(temporary)).toEqual([]);
  });

  it('weathers a dozen cancels', async () => {
    const stormy = path.join(folder, 'stormy');
    fs.mkdirSync(stormy);
    const begun = await weatherStorms(stormy, 12, 3);
    expect(Object.values(begun).reduce((sum, times) => sum + times, 0)).toBe(12);
  });
});
