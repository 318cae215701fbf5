// Long work that is begun and cancelled at random moments, as people who change their minds do. Each kind is one way to
// begin something and to end it early; whatever it answers, it must answer.
import { setTimeout as sleep } from 'node:timers/promises';
import { CancellationTokenSource } from 'vscode-jsonrpc/node';
import type { Random } from '../../src/kernel/datasets';
import type { ViewerEvent, ViewerTask } from '../../src/protocol';
import type { Notebooks, Page } from './pages';

export interface Grounds {
  readonly notebooks: Notebooks;
  readonly notebook: string;
  /** A volume, for propagations. */
  readonly volume: Page;
  readonly picture: Page;
  /** A data set's folder, and adapters of its model. */
  readonly data: string;
  readonly adapters: string;
}

/** Begins something, ends it after `patienceMs`, and resolves when it has answered. */
type Storm = (grounds: Grounds, patienceMs: number, random: Random) => Promise<unknown>;

/** Interrupts the running cell until there is none: a cell that has not begun yet is interrupted when it has. */
async function interrupted({ notebooks, notebook }: Grounds, code: string, patienceMs: number): Promise<void> {
  let over = false;
  const cell = notebooks.execute(notebook, code).finally(() => (over = true));
  await sleep(patienceMs);
  while (!over) {
    await notebooks.kernel.request('cell/interrupt', { notebook });
    await Promise.race([cell, sleep(100)]);
  }
  await cell;
}

/** Begins a task of a view and cancels it by the id that the view hears. */
async function cancelled(
  page: Page,
  begin: () => Promise<unknown>,
  patienceMs: number,
  grounds: Grounds,
): Promise<void> {
  let tasks: ViewerTask[] = [];
  const hear = (event: ViewerEvent): void => {
    if (event.type === 'viewer/tasks' && event.viewId === page.viewId) tasks = event.tasks;
  };
  const forget = grounds.notebooks.listen(hear);
  const work = begin();
  await sleep(patienceMs);
  for (const { id, cancellable } of tasks) if (cancellable) await page.ask({ type: 'viewer/cancel', task: id });
  await work;
  forget();
}

export const storms: Readonly<Record<string, Storm>> = {
  'an endless cell': (grounds, patience) => interrupted(grounds, 'for (;;) globalThis.spun = 1;', patience),

  'a cell that waits': (grounds, patience) => interrupted(grounds, 'await new Promise(() => {});', patience),

  'a cell that evaluates': (grounds, patience) =>
    interrupted(grounds, `await evaluate(${JSON.stringify({ data: grounds.data })});`, patience),

  'a cell that fine-tunes': (grounds, patience) =>
    interrupted(
      grounds,
      `await finetune(${JSON.stringify({ data: grounds.data, epochs: 1000, batch: 2 })});`,
      patience,
    ),

  'a cell that draws a data set': (grounds, patience, random) =>
    interrupted(grounds, `await phantoms({ out: "drawn-${random.integer(1e9)}", count: 60 });`, patience),

  'a propagation': async (grounds, patience) => {
    const { volume } = grounds;
    const object = volume.state.active;
    const from = Math.floor(volume.size[2] / 2);
    const begin = () => volume.ask({ type: 'viewer/propagate', object, from, direction: 'both', to: null });
    await cancelled(volume, begin, patience, grounds);
  },

  'a segmentation of all slices': (grounds, patience) =>
    cancelled(grounds.volume, () => grounds.volume.ask({ type: 'viewer/segment', slice: null }), patience, grounds),

  'a fine-tune': async ({ notebooks: { kernel }, notebook, data }, patience) => {
    const folder = kernel.folder;
    const { run } = await kernel.request('training/start', { notebook, folder, data, epochs: 1000, batch: 2 });
    await sleep(patience);
    await kernel.request('training/stop', { run });
  },

  'a forecast': async ({ notebooks: { kernel }, notebook, data }, patience) => {
    const cancelling = new CancellationTokenSource();
    const asked = { notebook, folder: kernel.folder, data, batch: 2 };
    const forecast = kernel.request('training/forecast', asked, cancelling.token);
    const answered = forecast.catch((error: unknown) => String(error));
    await sleep(patience);
    cancelling.cancel();
    await answered;
    cancelling.dispose();
  },

  'an inspection of a notebook that is closed': async ({ notebooks, picture, adapters }, patience, random) => {
    const { kernel } = notebooks;
    const notebook = `file:///inspected-${random.integer(1e9)}.ipynb`;
    const asked = { notebook, folder: kernel.folder, image: picture.output, adapters };
    const opened = kernel.request('inspector/open', asked).catch((error: unknown) => String(error));
    await sleep(patience);
    await kernel.request('notebook/close', { notebook });
    await opened;
  },

  'a notebook that is closed while its images open': async ({ notebooks, picture, volume }, patience, random) => {
    const notebook = `file:///short-${random.integer(1e9)}.ipynb`;
    const files = [picture, volume].map(({ output }) => output.image.path);
    const opened = notebooks.open(notebook, files).catch((error: unknown) => String(error));
    await sleep(patience);
    await notebooks.close(notebook);
    await opened;
    await notebooks.close(notebook);
  },

  'hovers and clicks that overtake each other': async ({ picture }, _patience, random) => {
    const [width, height] = picture.size;
    const prompt = () =>
      ({ kind: 'point', x: random.uniform(0, width), y: random.uniform(0, height), label: 1 }) as const;
    const object = picture.state.active;
    const hovers = Array.from({ length: 10 }, () => picture.hover(object, prompt()));
    await picture.click(object, prompt());
    await Promise.all(hovers);
    await picture.ask({ type: 'viewer/clear', object: null, slice: null });
  },
};
