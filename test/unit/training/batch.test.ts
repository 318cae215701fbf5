import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets';
import { tensorData, type TensorData } from '../../../src/kernel/graph';
import type { Mask } from '../../../src/kernel/imaging';
import { promptLabel } from '../../../src/kernel/sam/promptEncoder';
import { TrainingBatch } from '../../../src/kernel/training/batch';
import type { Example } from '../../../src/kernel/training/examples';

const side = 32;
const lowSide = 8;

function disc(x: number, y: number, radius: number): Mask {
  const data = Uint8Array.from({ length: side * side }, (_, i) =>
    Math.hypot((i % side) + 0.5 - x, Math.floor(i / side) + 0.5 - y) <= radius ? 1 : 0,
  );
  return { width: side, height: side, data };
}

const exampleOf = (...targets: Mask[]): Example => ({
  image: { width: side, height: 20, rgb: new Uint8Array(side * 20 * 3).fill(200) },
  targets,
});
const examples = [exampleOf(disc(10, 10, 6)), exampleOf(disc(20, 16, 8), disc(6, 24, 4)), exampleOf(disc(16, 16, 3))];

const batchOf = (seed: number, promptsPerImage = 2): TrainingBatch =>
  new TrainingBatch(examples, side, promptsPerImage, new Random(seed));
const feedsOf = (batch: TrainingBatch): Record<string, TensorData> => batch.feeds(lowSide, side);

/** Logits of a model that answers nothing, or everything. */
const constantLogits = (samples: number, value: number): TensorData =>
  tensorData([samples, 1, lowSide, lowSide], new Float32Array(samples * lowSide * lowSide).fill(value));

const tokensOf = ({ points, labels }: Record<string, TensorData>, sample: number) => {
  const [, count] = labels.shape;
  return Array.from({ length: count }, (_, token) => ({
    x: points.data[2 * (sample * count + token)],
    y: points.data[2 * (sample * count + token) + 1],
    label: labels.data[sample * count + token],
  }));
};
const insideTarget = (target: TensorData, sample: number, x: number, y: number): boolean =>
  target.data[sample * side * side + y * side + x] === 1;

describe('the first prompts', () => {
  it('have the same number of tokens for clicks and boxes alike', () => {
    const kinds = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const feeds = feedsOf(batchOf(seed));
      expect(feeds.labels.shape).toEqual([6, 2]);
      expect(feeds.points.shape).toEqual([6, 2, 2]);
      for (let sample = 0; sample < 6; sample++) {
        kinds.add(
          tokensOf(feeds, sample)
            .map(({ label }) => label)
            .join(),
        );
      }
    }
    const { positive, padding, boxTopLeft, boxBottomRight } = promptLabel;
    expect([...kinds].sort()).toEqual([`${positive},${padding}`, `${boxTopLeft},${boxBottomRight}`].sort());
  });

  it('click into the target that the loss sees', () => {
    for (let seed = 0; seed < 10; seed++) {
      const feeds = feedsOf(batchOf(seed));
      for (let sample = 0; sample < 6; sample++) {
        const [{ x, y, label }] = tokensOf(feeds, sample);
        if (label === promptLabel.positive) expect(insideTarget(feeds.target, sample, x, y)).toBe(true);
      }
    }
  });

  it('have no mask prompt', () => {
    const { masks, has_mask: hasMask } = feedsOf(batchOf(1));
    expect(masks.shape).toEqual([6, 1, lowSide, lowSide]);
    expect([...hasMask.data]).toEqual(new Array(6).fill(0));
  });

  it('draw every target of an image sooner or later', () => {
    const sizes = new Set<number>();
    for (let seed = 0; seed < 20; seed++) {
      const { target } = feedsOf(batchOf(seed, 1));
      sizes.add(target.data.subarray(side * side, 2 * side * side).reduce((sum, value) => sum + value, 0));
    }
    expect(sizes.size).toBe(2);
  });
});

it('images are normalised, and black beyond their edge means zero', () => {
  const images = batchOf(1).images();
  expect(images.shape).toEqual([3, 3, side, side]);
  expect(images.data[0]).toBeCloseTo((200 - 123.675) / 58.395, 5);
  expect(images.data[20 * side]).toBe(0);
});

it('smaller targets are the means of their tiles', () => {
  const [full, small] = [side, 8].map((n) => batchOf(3).feeds(lowSide, n).target);
  expect(small.shape).toEqual([6, 1, 8, 8]);
  for (let sample = 0; sample < 6; sample++) {
    for (let tile = 0; tile < 64; tile++) {
      let sum = 0;
      for (let dy = 0; dy < 4; dy++) {
        for (let dx = 0; dx < 4; dx++) {
          sum += full.data[sample * side * side + (Math.floor(tile / 8) * 4 + dy) * side + (tile % 8) * 4 + dx];
        }
      }
      expect(small.data[sample * 64 + tile]).toBeCloseTo(sum / 16, 5);
    }
  }
});

describe('a correction', () => {
  it.each([
    ['positive into what was missed', -5, promptLabel.positive],
    ['negative into what went too far', 5, promptLabel.negative],
  ])('adds one click to every sample: %s', (_, logit, label) => {
    const batch = batchOf(2);
    const before = feedsOf(batch);
    const logits = constantLogits(6, logit);
    batch.correct(logits);
    const after = feedsOf(batch);
    expect(batch.tokens).toBe(3);
    expect(after.labels.shape).toEqual([6, 3]);
    for (let sample = 0; sample < 6; sample++) {
      const added = tokensOf(after, sample).filter(
        ({ x, y, label: kind }) =>
          kind >= 0 &&
          !tokensOf(before, sample).some((token) => token.x === x && token.y === y && token.label === kind),
      );
      expect(added.map(({ label: kind }) => kind)).toEqual([label]);
      expect(insideTarget(after.target, sample, added[0].x, added[0].y)).toBe(label === promptLabel.positive);
    }
    expect(after.target).toEqual(before.target);
  });

  it('feeds the logits back as mask prompts', () => {
    const batch = batchOf(2);
    const logits = tensorData(
      [6, 1, lowSide, lowSide],
      Float32Array.from({ length: 6 * 64 }, (_, i) => Math.sin(i)),
    );
    batch.correct(logits);
    const { masks, has_mask: hasMask } = feedsOf(batch);
    expect(masks).toEqual(logits);
    expect([...hasMask.data]).toEqual(new Array(6).fill(1));
  });

  it('adds a click even where there is nothing to correct, so that the batch stays one', () => {
    // A target that fills the square, answered in full.
    const whole: Mask = { width: side, height: side, data: new Uint8Array(side * side).fill(1) };
    const batch = new TrainingBatch([exampleOf(whole)], side, 1, new Random(1));
    batch.correct(constantLogits(1, 5));
    expect(batch.tokens).toBe(3);
    expect([...feedsOf(batch).labels.data]).toContain(promptLabel.positive);
  });
});

describe('a slice that does not show the class', () => {
  const mixed = [exampleOf(disc(10, 10, 6)), exampleOf()];

  it('is asked by a negative click in its picture, beside clicks and boxes, and should answer nothing', () => {
    for (const setting of [null, '1-point', '3-points', 'bbox-0.5', 'bbox-0.75'] as const) {
      const batch = new TrainingBatch(mixed, side, 1, new Random(4), setting);
      for (const logit of [5, -5]) {
        batch.correct(constantLogits(2, logit));
        const feeds = feedsOf(batch);
        const asked = tokensOf(feeds, 1).filter(({ label }) => label !== promptLabel.padding);
        expect(asked.every(({ label, y }) => label === promptLabel.negative && y < 32)).toBe(true);
        expect(asked[0].y).toBeLessThan(20);
        expect(feeds.target.data.subarray(side * side).includes(1)).toBe(false);
        expect(tokensOf(feeds, 0)).toHaveLength(tokensOf(feeds, 1).length);
      }
    }
  });
});

it.each(['1-point', '3-points', 'bbox-0.5', 'bbox-0.75'] as const)(
  'trains on %s alone where that is asked',
  (setting) => {
    const { positive, padding, boxTopLeft, boxBottomRight } = promptLabel;
    for (let seed = 0; seed < 10; seed++) {
      const batch = new TrainingBatch(examples, side, 2, new Random(seed), setting);
      const expected = setting.startsWith('bbox') ? [boxTopLeft, boxBottomRight] : [positive, padding];
      for (let sample = 0; sample < 6; sample++) {
        expect(tokensOf(feedsOf(batch), sample).map(({ label }) => label)).toEqual(expected);
      }
    }
  },
);

it('what a batch asks follows from its random stream alone', () => {
  const course = (seed: number): unknown => {
    const batch = batchOf(seed);
    const first = feedsOf(batch);
    batch.correct(constantLogits(6, -5));
    return [first, feedsOf(batch)];
  };
  expect(course(9)).toEqual(course(9));
  expect(course(9)).not.toEqual(course(10));
});
