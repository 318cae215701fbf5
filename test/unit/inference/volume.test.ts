import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { drawVolume } from '../../../src/kernel/datasets/phantoms/volume';
import { Random, type PromptSet } from '../../../src/kernel/datasets';
import {
  boundingBox,
  maskOf,
  readImage,
  sliceOf,
  toRgb,
  writeVolume,
  type MedicalImage,
} from '../../../src/kernel/imaging';
import { embeddedModel, openPredictor, predictSlice, predictVolume, SamPredictor } from '../../../src/kernel/inference';
import { originalLogits, threshold } from '../../../src/kernel/inference/postprocess';
import { chunkStarts, SliceImages } from '../../../src/kernel/inference/sliceImages';
import { adapterSeams } from '../../../src/kernel/medsa/seams';
import { defaultAdapters } from '../../../src/kernel/medsa/options';
import { adapterShapes } from '../../../src/kernel/medsa/shapes';
import type { Executor } from '../../../src/kernel/runtime/types';
import { bare } from '../../../src/kernel/sam/seams';
import { constantWeights } from '../../../src/kernel/sam/weights';
import { testExecutor } from '../../support/executor';
import { temporaryFolder } from '../../support/temporaryFolder';
import { randomTensor } from '../../support/tensors';
import { tinyConfig, tinyTensors } from '../../support/tinyModel';

const executor = await testExecutor();
const folder = temporaryFolder('volumes');

/** A ball of 900 on 100, in voxels of 1 × 1 × 3 mm, lying obliquely in the patient. */
const size = [64, 56, 12] as const;
const centre = { x: 30, y: 26, slice: 6 };
const radius = 14; // mm
const [c, s] = [Math.cos(0.4), Math.sin(0.4)];
const inside = (x: number, y: number, slice: number): boolean =>
  Math.hypot(x - centre.x, y - centre.y, 3 * (slice - centre.slice)) < radius;

function ball(): MedicalImage {
  const random = new Random(5);
  const voxels = new Int16Array(size[0] * size[1] * size[2]);
  voxels.forEach((_, index) => {
    const [x, rest] = [index % size[0], Math.floor(index / size[0])];
    const level = inside(x, rest % size[1], Math.floor(rest / size[1])) ? 900 : 100;
    voxels[index] = level + random.uniform(-40, 40);
  });
  const direction = [c, -s, 0, s, c, 0, 0, 0, 1];
  return { path: 'ball.nii.gz', size, channels: 1, voxels, spacing: [1, 1, 3], origin: [-20.5, 7.25, 100], direction };
}

const dice = (labels: MedicalImage, truth: (index: number) => boolean): number => {
  let [both, sum] = [0, 0];
  labels.voxels.forEach((value, index) => {
    const target = truth(index) ? 1 : 0;
    both += value * target;
    sum += value + target;
  });
  return (2 * both) / sum;
};
const inBall = (index: number): boolean => {
  const rest = Math.floor(index / size[0]);
  return inside(index % size[0], rest % size[1], Math.floor(rest / size[1]));
};

const middle: PromptSet = { points: [{ x: centre.x, y: centre.y, label: 1 }], box: [16, 12, 45, 41] };
const embedded = await openPredictor({ model: embeddedModel, adapters: null, executor });

describe('an object through a volume', () => {
  it('is followed up and down until it ends', async () => {
    const progress: number[] = [];
    const { labels, slices } = await predictVolume(embedded, ball(), new Map([[6, middle]]), {
      onProgress: (done, total) => progress.push(done / total),
    });
    // 0.77 with the embedded model: it marks less than is there, and leaves one end a slice early.
    expect(dice(labels, inBall)).toBeGreaterThan(0.7);
    // The ball lies on the slices 2 to 10.
    expect(slices[0].slice).toBeGreaterThanOrEqual(1);
    expect(slices.at(-1)!.slice).toBeLessThanOrEqual(11);
    expect(slices.map(({ slice }) => slice)).toEqual(slices.map((_, index) => slices[0].slice + index));
    for (const { slice, area, promptedBy, window } of slices) {
      expect(promptedBy).toBe(slice === 6 ? null : slice < 6 ? slice + 1 : slice - 1);
      expect(area).toBe(maskOf(sliceOf(labels, slice)).data.filter((value) => value === 1).length);
      expect(window.from).toBe('percentiles');
    }
    expect(labels).toMatchObject({ size, channels: 1 });
    const { spacing, origin, direction } = ball();
    expect(labels).toMatchObject({ spacing, origin, direction });
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(progress.length).toBeGreaterThanOrEqual(slices.length);
  });

  it.each(['seg.nii.gz', 'seg.nii', 'seg.nrrd', 'seg.mha'])(
    'is written as %s with the geometry of its source, oblique and anisotropic',
    async (name) => {
      const source = ball();
      const voxels = Uint8Array.from({ length: source.voxels.length }, (_, index) => (inBall(index) ? 1 : 0));
      const labels: MedicalImage = { ...source, voxels };
      const file = path.join(folder, name);
      await writeVolume(file, labels);
      const read = await readImage(file);
      expect(read.size).toEqual(size);
      expect(read.voxels).toEqual(labels.voxels);
      const close = (values: readonly number[], expected: readonly number[]) =>
        values.forEach((value, index) => expect(value).toBeCloseTo(expected[index], 5));
      close(read.spacing!, source.spacing!);
      close(read.origin, source.origin);
      close(read.direction, source.direction);
    },
  );

  it('of a drawn phantom keeps close to it', async () => {
    const { image, mask } = drawVolume(new Random(3), { width: 96, height: 96, slices: 9, family: 'cardiac' });
    const target = maskOf(sliceOf(mask, 4));
    const prompts = { points: [], box: boundingBox(target) };
    const { labels } = await predictVolume(embedded, image, new Map([[4, prompts]]));
    expect(dice(labels, (index) => mask.voxels[index] === 1)).toBeGreaterThan(0.6);
    expect(labels).toMatchObject({ spacing: image.spacing, origin: image.origin, direction: image.direction });
  });

  it('with prompts on two slices reaches from each as far as the middle', async () => {
    const prompts = new Map([4, 8].map((slice) => [slice, middle] as const));
    const { slices } = await predictVolume(embedded, ball(), prompts);
    const prompters = new Map(slices.map(({ slice, promptedBy }) => [slice, promptedBy]));
    expect([4, 5, 6, 7, 8].map((slice) => prompters.get(slice))).toEqual([null, 4, 5, 8, null]);
  });

  it('can be given up, and what is wrong with the prompts is said', async () => {
    const stop = new AbortController();
    const run = predictVolume(embedded, ball(), new Map([[6, middle]]), {
      signal: stop.signal,
      onProgress: (done) => done === 2 && stop.abort(),
    });
    await expect(run).rejects.toMatchObject({ name: 'CancelledError' });
    await expect(predictVolume(embedded, ball(), new Map())).rejects.toThrow(/there is no prompt/);
    await expect(predictVolume(embedded, ball(), new Map([[12, middle]]))).rejects.toThrow(/no slice 12.*0 to 11/);
    const outside: PromptSet = { points: [{ x: 64, y: 3, label: 1 }], box: null };
    await expect(predictVolume(embedded, ball(), new Map([[3, outside]]))).rejects.toThrow(/64,3 lies outside/);
  });
});

describe('adapters that look along the depth', () => {
  const options = { ...defaultAdapters(tinyConfig), slices: 5 };
  const random = new Random(8);
  const adapters = [...adapterShapes(tinyConfig, options)].map(
    ([name, shape]) => [name, randomTensor(random.fork(name), shape)] as const,
  );
  const weights = constantWeights(new Map([...tinyTensors(3), ...adapters]));
  const modelFor = (slices: number) => ({
    config: tinyConfig,
    weights,
    seams: adapterSeams(weights, { ...options, slices }),
  });

  function recording(depth: boolean) {
    const [encoded, held]: [number[], Set<number>] = [[], new Set()];
    const recorder: Executor = {
      ...executor,
      runKeeping: async (loaded, feeds, rest) => {
        const results = await executor.runKeeping(loaded, feeds, rest);
        if (loaded.program.name.includes('encoder')) encoded.push(loaded.program.inputs[0].shape[0] as number);
        for (const tensor of Object.values(results.held)) held.add(tensor.held);
        return results;
      },
      free: (tensor) => (held.delete(tensor.held), executor.free(tensor)),
    };
    const predictor = new SamPredictor({
      model: depth ? modelFor(1) : { config: tinyConfig, weights, seams: bare },
      depth: depth ? { slices: 5, modelFor } : undefined,
      executor: recorder,
      modelName: 'tiny',
      adaptersName: null,
    });
    return { predictor, encoded, held };
  }

  const all = (slices: number) => new Map(Array.from({ length: slices }, (_, slice) => [slice, middle] as const));

  it('see chunks of as many slices as in training, which overlap, the last one reaching back', async () => {
    const { predictor, encoded, held } = recording(true);
    await predictVolume(predictor, ball(), all(12));
    expect(chunkStarts(12, 5)).toEqual([0, 3, 6, 7]);
    expect(encoded).toEqual([5, 5, 5, 5]);
    expect(held.size).toBe(0);
  });

  it('answer a slice of several chunks by the mean of their logits', async () => {
    const { predictor } = recording(true);
    const images = new SliceImages(predictor, 12, (slice) => toRgb(sliceOf(ball(), slice), { low: 0, high: 1000 }));
    const views = await images.at(7);
    expect(views).toHaveLength(3);
    const together = await predictor.predictTogether(views, middle);
    const each = await Promise.all(views.map(async (view) => (await predictor.predict(view, middle))[0]));
    expect(each[0].lowRes.data).not.toEqual(each[1].lowRes.data);
    const mean = each[0].lowRes.data.map((_, i) => each.reduce((sum, { lowRes }) => sum + lowRes.data[i], 0) / 3);
    together.lowRes.data.forEach((value, i) => expect(value).toBeCloseTo(mean[i], 4));
    expect(together.iou).toBeCloseTo((each[0].iou + each[1].iou + each[2].iou) / 3, 6);
    // The mask is that of the mean, not a vote.
    const { data, side } = together.lowRes;
    const square = { width: 64, height: 64 };
    const low = { data, width: side, height: side };
    expect(together.mask).toEqual(
      threshold(originalLogits(low, 64, { width: 64, height: 56 }, { ...square, height: 56 })),
    );
    await images.free();
  });

  it('see all of a volume that is shorter', async () => {
    const { predictor, encoded } = recording(true);
    const volume = ball();
    const short = { ...volume, size: [64, 56, 3] as const, voxels: volume.voxels.subarray(0, 64 * 56 * 3) };
    await predictVolume(predictor, short, all(3));
    expect(encoded).toEqual([3]);
  });

  it('a slice answers otherwise among its neighbours than on its own; a picture is a volume of one', async () => {
    const { predictor } = recording(true);
    const pictures = [1, 2, 3, 4, 5].map((seed) => {
      const noise = new Random(seed);
      return { width: 64, height: 56, rgb: Uint8Array.from({ length: 64 * 56 * 3 }, () => noise.integer(256)) };
    });
    const chunk = await predictor.encodeChunk(pictures);
    const alone = await predictor.encode(pictures[2]);
    const [[among], [own]] = [await predictor.predict(chunk[2], middle), await predictor.predict(alone, middle)];
    expect(among.lowRes.data).not.toEqual(own.lowRes.data);
    const others = await predictor.encodeChunk([...pictures.slice(0, 4), pictures[0]]);
    expect((await predictor.predict(others[2], middle))[0].lowRes.data).not.toEqual(among.lowRes.data);
  });

  it('see the neighbours of a slice that is asked alone', async () => {
    const { predictor, encoded, held } = recording(true);
    const alone = await predictSlice(predictor, ball(), 7, middle);
    expect(encoded).toEqual([5, 5, 5]);
    expect(held.size).toBe(0);
    const { slices } = await predictVolume(predictor, ball(), new Map([[7, middle]]));
    const among = slices.find(({ slice }) => slice === 7)!;
    expect(alone.prediction.iou).toBeCloseTo(among.iou, 5);
    expect(alone.window).toEqual(among.window);
    await expect(predictSlice(predictor, ball(), 12, middle)).rejects.toThrow(/no slice 12/);
  });

  it('others see slice by slice', async () => {
    const { predictor, encoded, held } = recording(false);
    await predictVolume(predictor, ball(), all(12));
    expect(encoded).toEqual(new Array(12).fill(1));
    expect(held.size).toBe(0);
  });
});
