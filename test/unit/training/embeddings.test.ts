import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets/random';
import { tensorData } from '../../../src/kernel/graph';
import { EmbeddingFolder } from '../../../src/kernel/inference/embeddingFolder';
import { compileEncoder } from '../../../src/kernel/inference/programs';
import { normalise } from '../../../src/kernel/inference/preprocess';
import type { Executor } from '../../../src/kernel/runtime/types';
import { bare } from '../../../src/kernel/sam/seams';
import { constantWeights } from '../../../src/kernel/sam/weights';
import { EmbeddingCache } from '../../../src/kernel/training/embeddings';
import type { Example, FixedViews } from '../../../src/kernel/training/examples';
import { testExecutor } from '../../support/executor';
import { temporaryFolder } from '../../support/temporaryFolder';
import { tinyConfig, tinyTensors } from '../../support/tinyModel';

const executor = await testExecutor();
const frozen = tinyTensors(2);
const folder = temporaryFolder('training-embeddings');

let runs = 0;
const counting: Executor = { ...executor, run: (...given) => (runs++, executor.run(...given)) };

const example = (seed: number): Example => {
  const random = new Random(seed);
  const rgb = Uint8Array.from({ length: 64 * 48 * 3 }, () => random.integer(256));
  return { image: { width: 64, height: 48, rgb }, targets: [] };
};
const cacheWith = (maxBytes: number, stored: EmbeddingFolder | null = null): EmbeddingCache =>
  new EmbeddingCache({ executor: counting, config: tinyConfig, frozen, folder: stored, weights: 'w', maxBytes });
/** Of one picture: 16 channels on a grid of 8 × 8. */
const bytes = 4 * 16 * 64;

describe('kept embeddings', () => {
  it('are what the encoder gives, computed once for equal pictures', async () => {
    const cache = cacheWith(10 * bytes);
    runs = 0;
    const found = await cache.of([example(1), example(2), example(1)]);
    expect(runs).toBe(2);
    expect(found.shape).toEqual([3, 16, 8, 8]);
    const model = { config: tinyConfig, weights: constantWeights(frozen), seams: bare };
    const encoder = await executor.load(compileEncoder(model, 1));
    const { embedding } = await executor.run(encoder, { image: normalise([example(2).image], 64) });
    expect(tensorData([1, 16, 8, 8], found.data.slice(1024, 2048))).toEqual(embedding);
    expect(found.data.slice(2048)).toEqual(found.data.slice(0, 1024));
    await cache.of([example(2)]);
    expect(runs).toBe(2);
    await cache.dispose();
  });

  it('go to the disk where memory ends, and are found there by the next run', async () => {
    const stored = new EmbeddingFolder(folder, 2 ** 20);
    const first = cacheWith(bytes, stored);
    const expected = await first.of([example(3), example(4)]);
    runs = 0;
    expect(await first.of([example(3), example(4)])).toEqual(expected);
    expect(runs).toBe(0);
    expect((await cacheWith(0, stored).of([example(4)])).data).toEqual(expected.data.slice(1024));
    expect(runs).toBe(0);
  });

  it('are computed again where there is no room at all', async () => {
    const cache = cacheWith(0);
    runs = 0;
    const [a, b] = [await cache.of([example(5)]), await cache.of([example(5)])];
    expect(runs).toBe(2);
    expect(a).toEqual(b);
  });

  it('are filled view by view, with progress, until cancelled', async () => {
    const source: FixedViews = {
      size: 2,
      slices: 1,
      views: 2,
      view: (index, number) => Promise.resolve([example(10 * index + number)]),
      example: (index) => source.view(index, 0),
    };
    const cache = cacheWith(10 * bytes);
    const progress: string[] = [];
    runs = 0;
    const report = (done: number, total: number): unknown => progress.push(`${done}/${total}`);
    await cache.fill(source, new AbortController().signal, report);
    expect(progress).toEqual(['1/4', '2/4', '3/4', '4/4']);
    await cache.of([example(0), example(1), example(10), example(11)]);
    expect(runs).toBe(4);
    await expect(cache.fill(source, AbortSignal.abort())).rejects.toThrow(/cancelled/);
  });
});
