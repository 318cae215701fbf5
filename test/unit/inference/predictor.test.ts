import { beforeAll, describe, expect, it } from 'vitest';
import { Random, type PromptSet } from '../../../src/kernel/datasets';
import type { RgbImage } from '../../../src/kernel/imaging';
import { SamPredictor, type LowResMask } from '../../../src/kernel/inference';
import { createLocalExecutor } from '../../../src/kernel/runtime/localExecutor';
import type { Executor, Feed, HeldTensor, Loaded } from '../../../src/kernel/runtime/types';
import { bare } from '../../../src/kernel/sam/seams';
import { constantWeights } from '../../../src/kernel/sam/weights';
import { testExecutor } from '../../support/executor';
import { expectClose } from '../../support/tensors';
import { tinyConfig, tinyTensors } from '../../support/tinyModel';

/** An executor that notes what it is asked. */
class Recorder {
  readonly fed: { readonly program: string; readonly feeds: Readonly<Record<string, Feed>> }[] = [];
  readonly freed: HeldTensor[] = [];
  held = 0;
  constructor(private readonly inner: Executor) {}
  get executor(): Executor {
    const { inner } = this;
    const note = (loaded: Loaded, feeds: Readonly<Record<string, Feed>>) =>
      this.fed.push({ program: loaded.program.name, feeds });
    return {
      device: inner.device,
      load: (program) => inner.load(program),
      run: (loaded, feeds, options) => (note(loaded, feeds), inner.run(loaded, feeds, options)),
      runKeeping: async (loaded, feeds, options) => {
        note(loaded, feeds);
        const results = await inner.runKeeping(loaded, feeds, options);
        this.held += Object.keys(results.held).length;
        return results;
      },
      free: (held) => (this.freed.push(held), inner.free(held)),
      release: (loaded) => inner.release(loaded),
      status: () => inner.status(),
      dispose: () => inner.dispose(),
    };
  }
  last(name: string): number[] {
    const feed = this.fed.at(-1)!.feeds[name];
    if (!('data' in feed)) throw new Error(`${name} was not sent: it is held`);
    return [...feed.data];
  }
}

let inner: Executor;
let recorder: Recorder;
let predictor: SamPredictor;

function predictorOn(executor: Executor, ownsExecutor = false): SamPredictor {
  const model = { config: tinyConfig, weights: constantWeights(tinyTensors(3)), seams: bare };
  return new SamPredictor({ model, executor, modelName: 'tiny', adaptersName: null, ownsExecutor });
}

beforeAll(async () => {
  inner = await testExecutor();
  recorder = new Recorder(inner);
  predictor = predictorOn(recorder.executor);
}, 60_000);

const picture = (width: number, height: number, seed = 1): RgbImage => {
  const random = new Random(seed);
  return { width, height, rgb: Uint8Array.from({ length: width * height * 3 }, () => random.integer(256)) };
};
const point = (x: number, y: number, label: 0 | 1 = 1): PromptSet => ({ points: [{ x, y, label }], box: null });

describe('prompts meet the model where the picture lies in its square', () => {
  it('a wide picture: the point is scaled, the padding token follows', async () => {
    const image = await predictor.encode(picture(128, 40));
    await predictor.predict(image, point(100, 20));
    expect(recorder.last('points')).toEqual([50, 10, 0, 0]);
    expect(recorder.last('labels')).toEqual([1, -1]);
  });

  it('a high picture: the box is its two corners', async () => {
    const image = await predictor.encode(picture(30, 96));
    await predictor.predict(image, { points: [], box: [3, 12, 30, 96] });
    expect(recorder.last('points')).toEqual([2, 8, 20, 64]);
    expect(recorder.last('labels')).toEqual([2, 3]);
  });

  it('a small picture is enlarged', async () => {
    const image = await predictor.encode(picture(16, 8));
    await predictor.predict(image, { points: [{ x: 4, y: 2, label: 0 }], box: [0, 0, 16, 8] });
    expect(recorder.last('points')).toEqual([16, 8, 0, 0, 64, 32]);
    expect(recorder.last('labels')).toEqual([0, 2, 3]);
  });

  it('the mask has the size of the picture', async () => {
    const image = await predictor.encode(picture(57, 23));
    const [{ mask, iou, lowRes }] = await predictor.predict(image, point(3, 3));
    expect([image.width, image.height]).toEqual([57, 23]);
    expect([mask.width, mask.height, mask.data.length]).toEqual([57, 23, 57 * 23]);
    expect(iou).toBeGreaterThanOrEqual(0);
    expect(iou).toBeLessThanOrEqual(1);
    expect([lowRes.side, lowRes.data.length]).toEqual([32, 32 * 32]);
  });
});

describe('answers', () => {
  it('one mask, or three candidates with the best first', async () => {
    const image = await predictor.encode(picture(64, 64, 2));
    const [single, ...none] = await predictor.predict(image, point(30, 30));
    expect(none).toEqual([]);
    const candidates = await predictor.predict(image, point(30, 30), { multimask: true });
    expect(candidates).toHaveLength(3);
    const estimates = candidates.map(({ iou }) => iou);
    expect(estimates).toEqual([...estimates].sort((a, b) => b - a));
    // The single answer is a mask of its own, not one of the three.
    for (const { lowRes } of candidates) expect(lowRes.data).not.toEqual(single.lowRes.data);
    const runs = recorder.fed.length;
    expect(await predictor.predict(image, point(30, 30), { multimask: 'all' })).toEqual([single, ...candidates]);
    expect(recorder.fed.length).toBe(runs + 1);
  });

  it('the last answer goes back in as mask prompt', async () => {
    const image = await predictor.encode(picture(64, 48, 3));
    const [first] = await predictor.predict(image, point(30, 30));
    // Without one, nothing is sent for it.
    expect(recorder.fed.at(-1)!.feeds).not.toHaveProperty('masks');
    const [second] = await predictor.predict(image, point(30, 30), { previous: first.lowRes });
    expect(recorder.last('has_mask')).toEqual([1]);
    expect(recorder.last('masks')).toEqual([...first.lowRes.data]);
    expect(second.lowRes.data).not.toEqual(first.lowRes.data);
  });

  it('three for a click that may mean several things, one for every other prompt, when that is left to the model', async () => {
    const image = await predictor.encode(picture(64, 48, 5));
    const auto = async (prompts: PromptSet, previous?: LowResMask) =>
      predictor.predict(image, prompts, { previous, multimask: 'auto' });
    const lone = await auto(point(30, 30));
    expect(lone).toEqual(await predictor.predict(image, point(30, 30), { multimask: true }));
    const two: PromptSet = { points: [...point(30, 30).points, ...point(3, 3, 0).points], box: null };
    expect(await auto(two)).toEqual(await predictor.predict(image, two));
    const box: PromptSet = { points: [], box: [3, 3, 30, 30] };
    expect(await auto(box)).toEqual(await predictor.predict(image, box));
    expect(await auto(point(30, 30), lone[0].lowRes)).toHaveLength(1);
  });

  it('for many objects are those for each of them, in one run for equally many prompts', async () => {
    const image = await predictor.encode(picture(64, 48, 6));
    const [{ lowRes }] = await predictor.predict(image, point(9, 9));
    const objects = [
      { prompts: point(30, 30) },
      { prompts: { points: point(20, 10).points, box: [3, 3, 40, 30] } as PromptSet },
      { prompts: point(10, 40, 0), previous: lowRes },
      { prompts: { points: [], box: [1, 2, 33, 44] } as PromptSet },
      { prompts: point(50, 20) },
    ];
    for (const multimask of [false, true, 'auto'] as const) {
      const asked = recorder.fed.length;
      const together = await predictor.predictMany(image, objects, { multimask });
      expect(recorder.fed).toHaveLength(asked + 2);
      for (const [index, { prompts, previous }] of objects.entries()) {
        const alone = await predictor.predict(image, prompts, { previous, multimask });
        expect(together[index]).toHaveLength(alone.length);
        for (const [rank, { iou, lowRes, mask }] of alone.entries()) {
          const answer = together[index][rank];
          expect(answer.iou).toBeCloseTo(iou, 5);
          const size = [lowRes.data.length];
          expectClose({ shape: size, data: answer.lowRes.data }, { shape: size, data: lowRes.data }, 1e-5, 'logits');
          expect([answer.mask.width, answer.mask.height]).toEqual([mask.width, mask.height]);
        }
      }
    }
    expect(await predictor.predictMany(image, [])).toEqual([]);
  });

  it('are the same for the same question', async () => {
    const image = await predictor.encode(picture(64, 48, 4));
    const [one] = await predictor.predict(image, point(10, 30));
    const [other] = await predictor.predict(image, point(10, 30));
    expect(other).toEqual(one);
  });
});

describe('prompts that cannot be answered are refused with a word', () => {
  it.each<[string, PromptSet, RegExp]>([
    ['none', { points: [], box: null }, /there is no prompt: give a point or a box/],
    ['a point right of the picture', point(40, 3), /point 40,3 lies outside of the image \(40×30 pixels\)/],
    ['a point below', point(3, 30), /outside of the image/],
    ['a point above', point(3, -0.5), /outside of the image/],
    ['a point that is no number', point(NaN, 3), /outside of the image/],
    ['one good point and one bad', { points: [...point(1, 1).points, ...point(99, 1).points], box: null }, /99,1/],
    ['a box beyond the edge', { points: [], box: [0, 0, 41, 30] }, /box 0,0,41,30 is empty or leaves the image/],
    ['an empty box', { points: [], box: [5, 5, 5, 9] }, /is empty or leaves/],
    ['a box from bottom to top', { points: [], box: [9, 9, 5, 5] }, /is empty or leaves/],
  ])('%s', async (_, prompts, said) => {
    const image = await predictor.encode(picture(40, 30));
    const asked = recorder.fed.length;
    await expect(predictor.predict(image, prompts)).rejects.toThrow(said);
    expect(recorder.fed).toHaveLength(asked);
  });

  it('the very edge is inside: a box around the whole picture, a point on the last pixel', async () => {
    const image = await predictor.encode(picture(40, 30));
    await predictor.predict(image, { points: [], box: [0, 0, 40, 30] });
    await predictor.predict(image, point(39.9, 29.9));
  });

  it('an image of somebody else', async () => {
    const stranger = { width: 4, height: 4, free: () => Promise.resolve() };
    await expect(predictor.predict(stranger, point(1, 1))).rejects.toThrow(/encoded by another predictor/);
  });
});

describe('what is held', () => {
  it('what is known of an image never leaves the executor, and goes when the image is freed', async () => {
    const image = await predictor.encode(picture(40, 30, 50));
    const [first] = await predictor.predict(image, point(1, 1));
    const clicked = Object.entries(recorder.fed.at(-1)!.feeds).filter(([name]) => name.startsWith('embedding'));
    expect(clicked.length).toBeGreaterThan(1);
    for (const [, feed] of clicked) expect(feed).toHaveProperty('held');
    await predictor.predict(image, point(1, 1), { previous: first.lowRes });
    const { embedding } = recorder.fed.at(-1)!.feeds;
    expect(embedding).toMatchObject({ held: expect.any(Number) as number, shape: [1, tinyConfig.outChannels, 8, 8] });
    await image.free();
    for (const feed of [embedding, ...clicked.map(([, held]) => held)]) expect(recorder.freed).toContainEqual(feed);
    await expect(predictor.predict(image, point(1, 1))).rejects.toThrow(/Encode the image again/);
  });

  it('a predictor that owns its executor ends it', async () => {
    let ended = 0;
    const local = await createLocalExecutor({ device: 'cpu', threads: 1 });
    const executor = new Recorder(local).executor;
    await predictorOn({ ...executor, dispose: () => (ended++, local.dispose()) }, true).dispose();
    expect(ended).toBe(1);
    await predictorOn({ ...executor, dispose: () => (ended++, local.dispose()) }).dispose();
    expect(ended).toBe(1);
  });
});
