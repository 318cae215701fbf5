// A real engine process that dies under its predictor.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Random, type PromptSet } from '../../../src/kernel/datasets';
import { CancelledError } from '../../../src/kernel/errors';
import { broadcastTo, compile, input, sumAll, tensorData } from '../../../src/kernel/graph';
import type { RgbImage } from '../../../src/kernel/imaging';
import { SamPredictor, type EncodedImage } from '../../../src/kernel/inference';
import { createEngine } from '../../../src/kernel/runtime/engine';
import { EngineCrashedError, ExecutionError, HeldTensorLost } from '../../../src/kernel/runtime/errors';
import { isHeld } from '../../../src/kernel/runtime/feeds';
import type { Executor } from '../../../src/kernel/runtime/types';
import type { SamConfig } from '../../../src/kernel/sam/config';
import { bare } from '../../../src/kernel/sam/seams';
import { constantWeights } from '../../../src/kernel/sam/weights';
import { tinyConfig, tinyTensors } from '../../support/tinyModel';
import { buildEngine, type Bundles } from '../runtime/engineBundle';
import { longProgram } from '../runtime/onnxModels';
import { childProcesses } from '../runtime/processes';

/** Its encoder takes seconds: every block attends globally on a grid of 64. */
const slowConfig: SamConfig = { ...tinyConfig, imageSize: 512, depth: 8, globalAttention: [0, 1, 2, 3, 4, 5, 6, 7] };
const square = tensorData([256, 256], new Float32Array(256 * 256));

let bundles: Bundles;
beforeAll(async () => {
  bundles = await buildEngine();
});
afterAll(() => bundles.remove());

let engine: Executor;
let encodings: number;
let predictor: SamPredictor;
beforeEach(() => {
  engine = createEngine({ device: 'cpu', threads: 1, entry: bundles.engine });
  encodings = 0;
  predictor = predictorOn(counted(engine), tinyConfig);
});
afterEach(() => engine.dispose());

function predictorOn(executor: Executor, config: SamConfig): SamPredictor {
  const model = { config, weights: constantWeights(tinyTensors(3, config)), seams: bare };
  return new SamPredictor({ model, executor, modelName: 'tiny', adaptersName: null });
}

/** The engine, counting how often an encoder runs. */
const counted = (inner: Executor): Executor => ({
  device: inner.device,
  load: (program) => inner.load(program),
  run: (...request) => inner.run(...request),
  runKeeping: (loaded, ...request) => {
    if (loaded.program.name.startsWith('encoder')) encodings++;
    return inner.runKeeping(loaded, ...request);
  },
  free: (held) => inner.free(held),
  release: (loaded) => inner.release(loaded),
  status: () => inner.status(),
  dispose: () => inner.dispose(),
});

const picture = (seed: number): RgbImage => {
  const random = new Random(seed);
  return { width: 60, height: 48, rgb: Uint8Array.from({ length: 60 * 48 * 3 }, () => random.integer(256)) };
};
const click: PromptSet = { points: [{ x: 30, y: 20, label: 1 }], box: null };

const kill = (signal: NodeJS.Signals) => process.kill(Math.max(...childProcesses(process.pid)), signal);
const inMidRun = async (): Promise<void> => {
  await expect.poll(async () => (await engine.status()).state, { timeout: 10_000 }).toBe('running');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect((await engine.status()).state).toBe('running');
};

describe('an engine that dies under its predictor', () => {
  it('in the middle of encoding: an error with device, program and advice; the next image is answered', async () => {
    const slow = predictorOn(counted(engine), slowConfig);
    const encoding = slow.encode(picture(1)).catch((error: unknown) => error);
    await expect.poll(() => encodings, { timeout: 10_000 }).toBe(1); // it is loaded, and runs
    await inMidRun();
    kill('SIGKILL');
    const error = await encoding;
    expect(error).toBeInstanceOf(EngineCrashedError);
    expect(error).toMatchObject({ device: 'cpu', program: 'encoder-1', ending: 'signal SIGKILL' });
    expect((error as EngineCrashedError).advice).toMatch(/run out of memory.*a fresh engine starts by itself/);
    expect((error as EngineCrashedError).message).toMatch(/\(cpu\) ended while running the program "encoder-1"/);
    expect(await predictor.predict(await predictor.encode(picture(1)), click)).toHaveLength(1);
  });

  it('by a native abort: what waits behind it is answered by a fresh engine, the images set again', async () => {
    const images = [await predictor.encode(picture(1)), await predictor.encode(picture(2))];
    const before = [await predictor.predict(images[0], click), await predictor.predict(images[1], click)];
    const long = await engine.load(longProgram(1e9));
    const run = engine.run(long, { x: square }).catch((error: unknown) => error);
    const waiting = images.map((image) => predictor.predict(image, click));
    await inMidRun();
    kill('SIGABRT');
    expect(await run).toMatchObject({ name: 'EngineCrashedError', program: 'long', ending: 'signal SIGABRT' });
    expect(await Promise.all(waiting)).toEqual(before);
    expect(encodings).toBe(4);
  });

  it('while idle, with several images held: each is encoded once more, when it is asked for', async () => {
    const images: EncodedImage[] = [];
    for (const seed of [1, 2, 3]) images.push(await predictor.encode(picture(seed)));
    const before = await Promise.all(images.map((image) => predictor.predict(image, click)));
    kill('SIGKILL');
    await expect.poll(async () => (await engine.status()).state).toBe('stopped');
    const asked = [0, 0, 1, 0].map((index) => predictor.predict(images[index], click));
    expect(await Promise.all(asked)).toEqual([before[0], before[0], before[1], before[0]]);
    expect(encodings).toBe(5);
    expect(await predictor.predict(images[2], click)).toEqual(before[2]);
    expect(encodings).toBe(6);
  });

  it('because its run was cancelled: the next prompt is answered as before', async () => {
    const image = await predictor.encode(picture(1));
    const before = await predictor.predict(image, click);
    const stop = new AbortController();
    const slow = predictorOn(counted(engine), slowConfig);
    const encoding = slow.encode(picture(2), stop.signal).catch((error: unknown) => error);
    await expect.poll(() => encodings, { timeout: 10_000 }).toBe(2); // it is loaded, and runs
    await inMidRun();
    stop.abort();
    expect(await encoding).toBeInstanceOf(CancelledError);
    expect(await predictor.predict(image, click)).toEqual(before);
    expect(encodings).toBe(3); // the image is encoded again
  });

  it('a run that asks for too much memory is an error of that run: nothing is lost', async () => {
    const image = await predictor.encode(picture(1));
    const before = await predictor.predict(image, click);
    const huge = sumAll(broadcastTo(input('x', [1, 1]), [2 ** 21, 2 ** 21])); // 16 TiB
    const loaded = await engine.load(compile('huge', { y: huge }));
    const error = await engine.run(loaded, { x: tensorData([1, 1], [1]) }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ExecutionError);
    expect((error as ExecutionError).message).toMatch(/not enough memory: use a smaller batch, image size or model/);
    expect(await predictor.predict(image, click)).toEqual(before);
    expect(encodings).toBe(1);
  });

  it('again and again: an embedding that is lost twice is told, not sought for ever', async () => {
    const forgetful: Executor = {
      ...counted(engine),
      run: async (_, feeds) => {
        throw new HeldTensorLost(Object.values(feeds).filter(isHeld)[0].held);
      },
    };
    const asked = predictorOn(forgetful, tinyConfig);
    const image = await asked.encode(picture(2));
    await expect(asked.predict(image, click)).rejects.toBeInstanceOf(HeldTensorLost);
    expect(encodings).toBe(2);
  });
});
