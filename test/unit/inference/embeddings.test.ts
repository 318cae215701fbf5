import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random, type PromptSet } from '../../../src/kernel/datasets';
import { tensorData, type TensorData } from '../../../src/kernel/graph';
import type { RgbImage } from '../../../src/kernel/imaging';
import { SamPredictor } from '../../../src/kernel/inference';
import { EmbeddingFolder } from '../../../src/kernel/inference/embeddingFolder';
import type { Executor } from '../../../src/kernel/runtime/types';
import { bare } from '../../../src/kernel/sam/seams';
import { constantWeights } from '../../../src/kernel/sam/weights';
import { testExecutor } from '../../support/executor';
import { temporaryFolder } from '../../support/temporaryFolder';
import { tinyConfig, tinyTensors } from '../../support/tinyModel';

const executor = await testExecutor();
/** 16 channels on a grid of 8, float32. */
const embeddingBytes = 16 * 8 * 8 * 4;
/** Float32 on a grid of 8: the embedding and its tokens of 16 channels, and three projections of 8 for the clicks. */
const imageBytes = (2 * 16 + 3 * 8) * 8 * 8 * 4;

/** A predictor whose encodings, freed images and images held are counted; `tensors`: all that is held. */
function counting(options: { bytes?: number; folder?: EmbeddingFolder; weights?: string; worthMs?: number } = {}) {
  const counts = { encoded: 0, freed: 0, held: 0, tensors: 0 };
  const embeddings = new Set<number>();
  const counted: Executor = {
    ...executor,
    runKeeping: async (loaded, feeds, rest) => {
      if (loaded.program.name.startsWith('encoder')) counts.encoded++;
      const results = await executor.runKeeping(loaded, feeds, rest);
      counts.tensors += Object.keys(results.held).length;
      if ('embedding' in results.held) embeddings.add(results.held.embedding.held);
      counts.held = embeddings.size;
      return results;
    },
    free: (held) => {
      counts.tensors--;
      if (embeddings.delete(held.held)) counts.freed++;
      counts.held = embeddings.size;
      return executor.free(held);
    },
  };
  const { bytes, folder, weights = 'a', worthMs = 0 } = options;
  const predictor = new SamPredictor({
    model: { config: tinyConfig, weights: constantWeights(tinyTensors(3)), seams: bare },
    executor: counted,
    modelName: 'tiny',
    adaptersName: null,
    embeddingBytes: bytes,
    stored: folder && { folder, weights: async () => weights, worthMs },
  });
  return { predictor, counts };
}

const picture = (seed: number): RgbImage => {
  const random = new Random(seed);
  return { width: 60, height: 48, rgb: Uint8Array.from({ length: 60 * 48 * 3 }, () => random.integer(256)) };
};
const click: PromptSet = { points: [{ x: 30, y: 20, label: 1 }], box: null };

describe('embeddings in memory', () => {
  it('are shared by equal pictures, and freed with the last of them', async () => {
    const { predictor, counts } = counting();
    const [one, other] = await Promise.all([predictor.encode(picture(1)), predictor.encode(picture(1))]);
    expect(counts.encoded).toBe(1);
    await one.free();
    expect(counts.freed).toBe(0);
    await predictor.predict(other, click);
    await other.free();
    await other.free();
    expect(counts).toMatchObject({ freed: 1, held: 0, tensors: 0 });
    await expect(predictor.predict(other, click)).rejects.toThrow(/Encode the image again/);
  });

  it('stay within their bytes: the least recently used one leaves, and is made again when it is needed', async () => {
    const { predictor, counts } = counting({ bytes: 2 * imageBytes });
    const [a, b] = [await predictor.encode(picture(1)), await predictor.encode(picture(2))];
    const before = await predictor.predict(b, click);
    await predictor.predict(a, click);
    await predictor.encode(picture(3)); // b leaves
    expect(counts).toMatchObject({ encoded: 3, freed: 1, held: 2 });
    await predictor.predict(a, click);
    expect(counts.encoded).toBe(3);
    expect(await predictor.predict(b, click)).toEqual(before);
    expect(counts).toMatchObject({ encoded: 4, freed: 2, held: 2 });
  });

  it('do not leave under a prompt, however small the bound', async () => {
    const { predictor, counts } = counting({ bytes: 1 });
    const images = await Promise.all([1, 2, 3].map((seed) => predictor.encode(picture(seed))));
    const answers = await Promise.all(images.map((image) => predictor.predict(image, click)));
    const { predictor: roomy } = counting();
    const expected = await Promise.all(
      [1, 2, 3].map(async (seed) => roomy.predict(await roomy.encode(picture(seed)), click)),
    );
    expect(answers).toEqual(expected);
    expect(counts).toMatchObject({ held: 0, tensors: 0 });
  });

  it('an encoding cancelled by one who waits for it goes on for the other', async () => {
    const { predictor } = counting();
    const stop = new AbortController();
    const cancelled = predictor.encode(picture(9), stop.signal).catch((error: unknown) => error);
    const kept = predictor.encode(picture(9));
    stop.abort();
    expect(await cancelled).toMatchObject({ name: 'CancelledError' });
    expect(await predictor.predict(await kept, click)).toHaveLength(1);
  });
});

describe('embeddings on disk', () => {
  const folder = temporaryFolder('embeddings');

  it('answer the next session as the first, without the encoder', async () => {
    const at = path.join(folder, 'next');
    const first = counting({ folder: new EmbeddingFolder(at, 2 ** 20) });
    const expected = await first.predictor.predict(await first.predictor.encode(picture(1)), click);
    const second = counting({ folder: new EmbeddingFolder(at, 2 ** 20) });
    expect(await second.predictor.predict(await second.predictor.encode(picture(1)), click)).toEqual(expected);
    expect([first.counts.encoded, second.counts.encoded]).toEqual([1, 0]);
  });

  it('belong to the pixels and to the weights', async () => {
    const at = path.join(folder, 'keys');
    for (const [weights, seed] of [
      ['a', 1],
      ['b', 1],
      ['a', 2],
    ] as const) {
      const { predictor, counts } = counting({ folder: new EmbeddingFolder(at, 2 ** 20), weights });
      await predictor.encode(picture(seed));
      expect(counts.encoded).toBe(1);
    }
    expect(fs.readdirSync(at)).toHaveLength(3);
  });

  it('are not written where encoding was quick', async () => {
    const at = path.join(folder, 'quick');
    const { predictor } = counting({ folder: new EmbeddingFolder(at, 2 ** 20), worthMs: 1e9 });
    await predictor.encode(picture(1));
    expect(fs.existsSync(at)).toBe(false);
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['one bit changed', (bytes) => (bytes.writeUInt8(bytes.readUInt8(900) ^ 1, 900), bytes)],
    ['cut short', (bytes) => bytes.subarray(0, 500)],
    ['empty', () => Buffer.alloc(0)],
  ])('a damaged entry (%s) is removed and made again', async (name, spoil) => {
    const at = path.join(folder, name);
    const first = counting({ folder: new EmbeddingFolder(at, 2 ** 20) });
    const expected = await first.predictor.predict(await first.predictor.encode(picture(1)), click);
    const [entry] = fs.readdirSync(at).map((file) => path.join(at, file));
    const whole = fs.readFileSync(entry);
    fs.writeFileSync(entry, spoil(Buffer.from(whole)));
    const { predictor, counts } = counting({ folder: new EmbeddingFolder(at, 2 ** 20) });
    expect(await predictor.predict(await predictor.encode(picture(1)), click)).toEqual(expected);
    expect(counts.encoded).toBe(1);
    expect(fs.readFileSync(entry)).toEqual(whole);
  });

  it('stay within their bytes: those not asked for the longest leave', async () => {
    const at = path.join(folder, 'bounded');
    const tensor: TensorData = tensorData([1, 16, 8, 8], new Float32Array(1024).fill(1));
    const entries = new EmbeddingFolder(at, 2.5 * embeddingBytes);
    const age = (key: string, seconds: number) => {
      const time = new Date(Date.now() - 1000 * seconds);
      fs.utimesSync(path.join(at, `${key}.embedding`), time, time);
    };
    await entries.write('aa', [tensor]);
    await entries.write('bb', [tensor]);
    age('aa', 100);
    age('bb', 50);
    expect(await entries.read('aa')).toEqual([tensor]); // younger than bb by being asked for
    await entries.write('cc', [tensor]);
    expect(fs.readdirSync(at).sort()).toEqual(['aa.embedding', 'cc.embedding']);
    expect(await entries.read('bb')).toBeNull();
  });

  it('a folder that cannot be written costs nothing but time', async () => {
    const blocked = path.join(folder, 'file');
    fs.writeFileSync(blocked, 'no folder');
    const { predictor } = counting({ folder: new EmbeddingFolder(path.join(blocked, 'below'), 2 ** 20) });
    expect(await predictor.predict(await predictor.encode(picture(1)), click)).toHaveLength(1);
  });
});
