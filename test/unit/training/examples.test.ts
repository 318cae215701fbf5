import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets/random';
import type { SlicedCase } from '../../../src/kernel/inference/slicedCase';
import type { CaseStore } from '../../../src/kernel/training/caseStore';
import { caseExamples, fixedViews } from '../../../src/kernel/training/examples';

const [width, height, slices, side] = [48, 36, 12, 32];
/** Level of slice k, so that a picture tells which slice it is. */
const level = (slice: number): number => 20 * slice;

/** Two classes of which the first shows on the slices 3 to 8, the second on slice 10. */
const item: SlicedCase = {
  id: 'v',
  width,
  height,
  slices,
  classes: ['wide', 'thin'],
  visible: (name) => (name === 'wide' ? [3, 4, 5, 6, 7, 8] : [10]),
  picture: (slice) => ({ width, height, rgb: new Uint8Array(3 * width * height).fill(level(slice)) }),
  mask: (name, slice) => {
    const data = new Uint8Array(width * height);
    const shown = name === 'wide' ? slice >= 3 && slice <= 8 : slice === 10;
    if (shown) for (let y = 10; y < 20; y++) data.fill(1, y * width + 8, y * width + (name === 'wide' ? 30 : 9));
    return { width, height, data };
  },
};
const store: CaseStore = {
  length: 1,
  outlines: [{ slices, visible: new Map(item.classes.map((name) => [name, item.visible(name)])) }],
  get: () => Promise.resolve(item),
};

describe('examples of volumes', () => {
  it('without depth are all slices that show a class, once each', async () => {
    const source = caseExamples(store, { side, chunk: null, augment: null });
    expect(source).toMatchObject({ size: 7, slices: 1 });
    const seen: number[] = [];
    for (let index = 0; index < source.size; index++) {
      const [example, ...others] = await source.example(index, new Random(index));
      expect(others).toEqual([]);
      expect(example.targets).toHaveLength(1);
      expect(example.targets[0].data.includes(1)).toBe(true);
      seen.push(example.image.rgb[0] / 20);
    }
    expect(seen).toEqual([3, 4, 5, 6, 7, 8, 10]);
  });

  it('with depth are chunks of neighbouring slices of one class; slices without it have no target', async () => {
    const source = caseExamples(store, { side, chunk: 4, augment: null });
    expect(source).toMatchObject({ size: 3, slices: 4 });
    for (let seed = 0; seed < 30; seed++) {
      for (const index of [0, 1, 2]) {
        const chunk = await source.example(index, new Random(seed));
        const shown = chunk.map(({ image }) => image.rgb[0] / 20);
        expect(shown).toEqual([0, 1, 2, 3].map((offset) => shown[0] + offset));
        const visible = item.visible(index < 2 ? 'wide' : 'thin');
        expect(chunk.map(({ targets }) => targets.length)).toEqual(
          shown.map((slice) => Number(visible.includes(slice))),
        );
      }
    }
  });

  it('are fitted to the model, their targets padded to its square', async () => {
    const [{ image, targets }] = await caseExamples(store, { side, chunk: null, augment: null }).example(
      0,
      new Random(1),
    );
    expect([image.width, image.height]).toEqual([32, 24]);
    expect([targets[0].width, targets[0].height]).toEqual([32, 32]);
    expect(targets[0].data.subarray(24 * 32).includes(1)).toBe(false);
  });

  it('vary with the stream under augmentation, a chunk moving as one, and repeat under the same', async () => {
    const source = caseExamples(store, { side, chunk: 4, augment: { flip: true } });
    const draw = (seed: number) => source.example(0, new Random(seed));
    expect(await draw(3)).toEqual(await draw(3));
    const moved = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      const masks = (await draw(seed)).flatMap(({ targets }) => targets.map(({ data }) => data.join('')));
      // The same block on every slice stays the same on every slice.
      expect(new Set(masks).size).toBeLessThanOrEqual(1);
      masks.slice(0, 1).forEach((mask) => moved.add(mask));
    }
    expect(moved.size).toBeGreaterThan(15);
  });

  it('never lose a target by moving', async () => {
    const source = caseExamples(store, { side, chunk: null, augment: { flip: true } });
    for (let seed = 0; seed < 100; seed++) {
      expect((await source.example(6, new Random(seed)))[0].targets).toHaveLength(1);
    }
  });
});

describe('fixed views', () => {
  const plain = caseExamples(store, { side, chunk: null, augment: null });
  const augmented = caseExamples(store, { side, chunk: null, augment: { flip: true } });

  it('are the plain image and one augmented one, the same whenever they are asked for', async () => {
    const source = fixedViews(plain, augmented, new Random(4));
    expect(source.views).toBe(2);
    const views = [await source.view(2, 0), await source.view(2, 1)];
    expect(views[0]).toEqual(await plain.example(2, new Random(0)));
    expect(views[1]).not.toEqual(views[0]);
    const met = new Set<number>();
    for (let seed = 0; seed < 20; seed++) {
      const drawn = await source.example(2, new Random(seed));
      const which = views.findIndex((view) => JSON.stringify(view) === JSON.stringify(drawn));
      expect(which).toBeGreaterThanOrEqual(0);
      met.add(which);
    }
    expect(met.size).toBe(2);
  });

  it('are one where images do not vary', async () => {
    const source = fixedViews(plain, null, new Random(4));
    expect(source.views).toBe(1);
    expect(await source.example(1, new Random(9))).toEqual(await plain.example(1, new Random(0)));
  });
});
