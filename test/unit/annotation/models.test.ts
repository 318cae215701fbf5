import fs from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ImageLibrary, Models } from '../../../src/kernel/annotation';
import { LeasedCache } from '../../../src/kernel/annotation/leasedCache';
import { CancelledError } from '../../../src/kernel/errors';
import { discs, discsFolder, drawDiscs } from './discs';
import { FloodFillPredictor } from './floodFillPredictor';

let folder: string;
let made: FloodFillPredictor[];

beforeEach(async () => {
  folder = await discsFolder();
  made = [];
});
afterEach(() => fs.rm(folder, { recursive: true, force: true }));

const models = (limits?: { predictors: number; embeddings: number }) =>
  new Models(
    async (adapters) => {
      made.push(new FloodFillPredictor(adapters));
      return made[made.length - 1];
    },
    new ImageLibrary(),
    undefined,
    limits,
  );

const onLeft = { points: [{ x: Math.floor(discs.left.x), y: Math.floor(discs.left.y), label: 1 as const }], box: null };

describe('models', () => {
  it('say who answers, and answer with other weights when the adapters file changes', async () => {
    const file = path.join(folder, 'hearts.safetensors');
    await fs.writeFile(file, 'a');
    const pool = models();
    const first = await pool.describe(file);
    expect(first.label).toBe('flood-fill + hearts (test)');
    await fs.writeFile(file, 'ab');
    expect((await pool.describe(file)).key).not.toBe(first.key);
    expect(made).toHaveLength(2);
  });

  it('refuse adapters that are not there', async () => {
    await expect(models().describe(path.join(folder, 'none.safetensors'))).rejects.toThrow(/none\.safetensors/);
  });

  it('encode an image once, and let the least recently used embedding go', async () => {
    for (const name of ['b.png', 'c.png']) await drawDiscs(path.join(folder, name));
    const pool = models({ predictors: 1, embeddings: 2 });
    const ask = async (name: string) =>
      (await pool.segmenterFor(path.join(folder, name), null)).predict(0, [{ prompts: onLeft }], { multimask: false });
    for (const name of ['discs.png', 'b.png', 'discs.png', 'c.png', 'discs.png']) await ask(name);
    expect(made).toHaveLength(1);
    expect(made[0].encoded).toBe(3);
    expect(made[0].freed()).toBe(1);
    await ask('b.png');
    expect(made[0].encoded).toBe(4);
  });

  it('encode for whoever still waits when the one who asked first has cancelled', async () => {
    const predictor = new FloodFillPredictor();
    // As the engine: who cancels is told at once, whatever the encoding does.
    const encodeChunk = predictor.encodeChunk.bind(predictor);
    let begun = 0;
    predictor.encodeChunk = async (slices, signal?: AbortSignal) => {
      begun++;
      await new Promise<void>((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new CancelledError()));
        setTimeout(resolve, 300);
      });
      return encodeChunk(slices);
    };
    const pool = new Models(async () => predictor, new ImageLibrary());
    const segmenter = await pool.segmenterFor(path.join(folder, 'discs.png'), null);
    const cancelling = new AbortController();
    const propagation = segmenter.predict(0, [{ prompts: onLeft }], { multimask: false, signal: cancelling.signal });
    const click = segmenter.predict(0, [{ prompts: onLeft }], { multimask: false });
    await expect.poll(() => begun).toBe(1);
    cancelling.abort();
    await expect(propagation).rejects.toThrow(CancelledError);
    expect((await click)[0]).toHaveLength(1);
  });
});

describe('a leased cache', () => {
  it('never disposes what is in use', async () => {
    const disposed: string[] = [];
    const cache = new LeasedCache<string>(1, (value) => void disposed.push(value));
    let release = () => {};
    const held = cache.use(
      'a',
      async () => 'a',
      () => new Promise<void>((resolve) => (release = resolve)),
    );
    await cache.use(
      'b',
      async () => 'b',
      () => undefined,
    );
    cache.drop('a');
    expect(disposed).toEqual([]);
    release();
    await held;
    expect(disposed).toEqual(['a']);
  });

  it('does not keep a failure', async () => {
    const cache = new LeasedCache<string>(1);
    const failing = () => Promise.reject(new Error('no'));
    await expect(cache.use('a', failing, String)).rejects.toThrow('no');
    expect(
      await cache.use(
        'a',
        async () => 'yes',
        (v) => v,
      ),
    ).toBe('yes');
  });
});
