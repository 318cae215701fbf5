// Several notebooks in front of one kernel, each with pictures that somebody clicks through, while a fine-tune runs.
import fs from 'node:fs';
import path from 'node:path';
import { Random } from '../../src/kernel/datasets';
import { runHolder } from '../../src/kernel/training/runLock';
import type { KernelUnderTest } from '../integration/kernel/client';
import { Notebooks, type Page } from './pages';
import { percentiles, type ProcessFamily } from './processes';
import { keep } from './report';
import { slopeOf, slopeText } from './slope';

export interface Load {
  /** Of the file of samples. */
  readonly name: string;
  readonly kernel: KernelUnderTest;
  /** The kernel's, by which its processes are found. */
  readonly family: ProcessFamily;
  readonly notebooks: number;
  readonly imagesEach: number;
  /** Files of the kernel's folder. */
  readonly images: readonly string[];
  /** What `training/start` is asked for. */
  readonly training: Readonly<Record<string, unknown> & { data: string }>;
  readonly minutes: number;
  readonly clicksPerSecond: number;
  readonly sampleMs: number;
  readonly seed: number;
}

export interface Sample {
  readonly minute: number;
  readonly memoryMB: number;
  readonly handles: number;
  readonly kernelMB: number;
  readonly engineMB: number;
  readonly cellsMB: number;
}

/** A person looks at one image for so many clicks, then at the next. */
const clicksPerImage = 10;
/** Where the pointer was on its way to a click. */
const hoversPerClick = 3;
const hoverMs = 15;
/** A cell is run again every so many clicks. */
const clicksPerCell = 50;

const own = ['kernel', 'engine', 'cells', 'other'] as const;

/** One person's way through the images of one notebook. */
class Reader {
  private clicks = 0;
  private underWay = 0;
  private objects = 1;

  constructor(
    readonly notebook: string,
    readonly pages: readonly Page[],
    private readonly random: Random,
  ) {}

  get page(): Page {
    return this.pages[Math.floor(this.clicks / clicksPerImage) % this.pages.length];
  }

  /** Every image has been clicked into once: what a kernel keeps of an image is there, and what follows is of clicks. */
  async begin(): Promise<void> {
    for (const page of this.pages) {
      const [width, height] = page.size;
      await page.click(page.state.active, { kind: 'point', x: width / 2, y: height / 2, label: 1 });
      await page.ask({ type: 'viewer/clear', object: null, slice: null });
    }
  }

  /** Points at something, after the pointer's way there; now and then takes something back or begins anew. */
  async click(): Promise<number> {
    this.underWay++;
    try {
      return await this.clickOn(this.page, this.clicks++);
    } finally {
      this.underWay--;
    }
  }

  private async clickOn(page: Page, clicks: number): Promise<number> {
    const { random } = this;
    const [width, height] = page.size;
    const at = () => ({ x: random.uniform(0, width), y: random.uniform(0, height) });
    for (let hover = 0; hover < hoversPerClick; hover++) {
      void page.hover(page.state.active, { kind: 'point', ...at(), label: 1 }).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, hoverMs));
    }
    const label = random.chance(0.8) ? 1 : 0;
    const milliseconds = await page.click(page.state.active, { kind: 'point', ...at(), label });
    const [undoes, adds] = [random.chance(0.1), random.chance(0.1)];
    // Nobody takes back an object that a click of theirs is on its way to.
    if (this.underWay > 1) return milliseconds;
    if (undoes && page.state.undo === 'point') await page.ask({ type: 'viewer/undo' });
    // Someone who comes back to an image begins it anew: what is kept of an image is bounded by its own undo steps.
    if (clicks % clicksPerImage === clicksPerImage - 1) {
      await page.ask({ type: 'viewer/clear', object: null, slice: null });
    } else if (adds && page.state.objects.length < 4) {
      await page.ask({ type: 'viewer/object/add', object: `object-${++this.objects}-${page.viewId}`, properties: {} });
    }
    return milliseconds;
  }
}

/** @returns what was measured. Rejects where a click was not answered, a page heard of an error, or a process ended. */
export async function runLoad(load: Load) {
  const { kernel, family, minutes, clicksPerSecond, seed } = load;
  const notebooks = new Notebooks(kernel);
  const random = new Random(seed);
  const readers: Reader[] = [];
  for (let index = 0; index < load.notebooks; index++) {
    const name = `file:///notebook-${index}.ipynb`;
    const images = load.images.slice(index * load.imagesEach, (index + 1) * load.imagesEach);
    readers.push(new Reader(name, await notebooks.open(name, images), random.fork(name)));
  }
  const { notebook } = kernel;
  const { run } = await kernel.request('training/start', { notebook, folder: kernel.folder, ...load.training });
  const curves = { type: 'training/attach', viewId: 'curves:load/view', run, curves: true } as const;
  await kernel.request('viewer/request', { notebook: 'curves:load', folder: kernel.folder, request: curves });

  await Promise.all(readers.map((reader) => reader.begin()));

  const samples: Sample[] = [];
  const began = performance.now();
  const minute = (): number => (performance.now() - began) / 60_000;
  const sample = (): void => {
    const { memoryMB, handles } = family.figures(...own);
    const [kernelMB, engineMB, cellsMB] = (['kernel', 'engine', 'cells'] as const).map(
      (role) => family.figures(role).memoryMB,
    );
    samples.push(keep(load.name, { minute: minute(), memoryMB, handles, kernelMB, engineMB, cellsMB }));
  };
  const sampling = setInterval(sample, load.sampleMs);
  const latencies: number[] = [];
  const problems: string[] = [];
  const pending = new Set<Promise<void>>();
  let late = 0;
  try {
    // Clicks come when they come, answered or not.
    for (let count = 0; minute() < minutes; count++) {
      const due = began + (count * 1000) / clicksPerSecond;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
      if (pending.size > load.notebooks * clicksPerSecond) late++;
      const reader = readers[count % readers.length];
      const work: Promise<void> = reader
        .click()
        .then((milliseconds) => void latencies.push(milliseconds))
        .catch((error: unknown) => void problems.push(String(error)))
        .finally(() => pending.delete(work));
      pending.add(work);
      if (count % clicksPerCell === clicksPerCell - 1) pending.add(cell(reader));
    }
    await Promise.all(pending);
  } finally {
    clearInterval(sampling);
  }
  sample();

  function cell({ notebook: name, page }: Reader): Promise<void> {
    const code = `const image = await open(${JSON.stringify(page.output.image.path)}); (await image.mask)?.area ?? 0`;
    const work: Promise<void> = notebooks
      .execute(name, code)
      .then(({ ok, text }) => void (ok || problems.push(text.join('\n'))))
      .catch((error: unknown) => void problems.push(String(error)))
      .finally(() => pending.delete(work));
    return work;
  }

  const trained = fs.readFileSync(path.join(run, 'events.jsonl'), 'utf8').split('\n').length - 1;
  const training = runHolder(run)?.atWork ?? false;
  if (!training) problems.push('the fine-tune has ended');
  await kernel.request('training/stop', { run });
  problems.push(...notebooks.failures());
  return { notebooks, readers, run, problems, figures: figures() };

  function figures() {
    const slope = (of: keyof Omit<Sample, 'minute'>, unit: string) => {
      const found = slopeOf(samples.map((one) => [one.minute, one[of]]));
      return { text: slopeText(found, unit), ...found };
    };
    return {
      clicks: latencies.length,
      clickMs: percentiles(latencies),
      previews: readers.flatMap(({ pages }) => pages).reduce((sum, { previews }) => sum + previews.length, 0),
      hovers: readers.flatMap(({ pages }) => pages).reduce((sum, { newestHover }) => sum + newestHover, 0),
      /** Moments at which answers were more than a second behind. */
      late,
      eventsOfTheRun: trained,
      memory: slope('memoryMB', 'MiB'),
      ofKernel: slope('kernelMB', 'MiB'),
      ofEngine: slope('engineMB', 'MiB').text,
      ofCells: slope('cellsMB', 'MiB').text,
      handles: slope('handles', 'handles'),
    };
  }
}
