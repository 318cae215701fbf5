import { describe, expect, it } from 'vitest';
import {
  boxIou,
  firstPrompt,
  negativePrompt,
  nextClick,
  promptsFor,
} from '../../../src/kernel/datasets/promptSimulation';
import { Random } from '../../../src/kernel/datasets/random';
import { boundingBox, type Mask } from '../../../src/kernel/imaging';

function mask(width: number, height: number, inside: (x: number, y: number) => boolean): Mask {
  const data = Uint8Array.from({ length: width * height }, (_, i) =>
    inside(i % width, Math.floor(i / width)) ? 1 : 0,
  );
  return { width, height, data };
}

const rectangle = (x0: number, y0: number, x1: number, y1: number) =>
  mask(40, 30, (x, y) => x >= x0 && x < x1 && y >= y0 && y < y1);

describe('firstPrompt', () => {
  it('clicks well inside the target', () => {
    const disc = mask(64, 64, (x, y) => Math.hypot(x - 40, y - 20) <= 12);
    const random = new Random(1);
    for (let i = 0; i < 200; i++) {
      const { points, box } = firstPrompt(disc, '1-point', random);
      expect(box).toBeNull();
      expect(points).toHaveLength(1);
      expect(points[0].label).toBe(1);
      expect(Math.hypot(points[0].x - 40, points[0].y - 20)).toBeLessThanOrEqual(7);
    }
  });

  it('reaches every pixel of the target, and none else, when placed anywhere', () => {
    const target = rectangle(3, 4, 8, 7);
    const random = new Random(2);
    const seen = new Set<number>();
    for (let i = 0; i < 500; i++) {
      const [{ x, y }] = firstPrompt(target, '1-point', random, 'anywhere').points;
      seen.add(y * 40 + x);
    }
    expect([...seen].sort((a, b) => a - b)).toEqual(
      Array.from(target.data.keys()).filter((index) => target.data[index] === 1),
    );
  });

  it('clicks every pixel of the target as often as any other, when placed anywhere', () => {
    // 200 pixels of an uneven shape, 20000 clicks: chi-square of 199 degrees of freedom has mean 199, deviation 20.
    const target = mask(40, 30, (x, y) => (y < 5 && x < 30) || (y >= 20 && y < 25 && x >= 30));
    const random = new Random(11);
    const counts = new Map<number, number>();
    for (let i = 0; i < 20000; i++) {
      const [{ x, y }] = firstPrompt(target, '1-point', random, 'anywhere').points;
      counts.set(y * 40 + x, (counts.get(y * 40 + x) ?? 0) + 1);
    }
    const pixels = [...target.data.keys()].filter((index) => target.data[index] === 1);
    expect(pixels).toHaveLength(200);
    const chiSquare = pixels.reduce((sum, pixel) => sum + ((counts.get(pixel) ?? 0) - 100) ** 2 / 100, 0);
    expect(chiSquare).toBeGreaterThan(199 - 4 * 20);
    expect(chiSquare).toBeLessThan(199 + 4 * 20);
  });

  it('finds the only pixel there is', () => {
    const target = rectangle(39, 29, 40, 30);
    expect(firstPrompt(target, '1-point', new Random(1)).points).toEqual([{ x: 39, y: 29, label: 1 }]);
  });

  const targets: [string, Mask][] = [
    ['in the middle', rectangle(10, 8, 25, 20)],
    ['in a corner', rectangle(0, 0, 9, 5)],
    ['of one pixel', rectangle(17, 12, 18, 13)],
    ['as large as the picture', rectangle(0, 0, 40, 30)],
  ];
  it.each(targets)('draws boxes of the named overlap for a target %s', (_, target) => {
    const random = new Random(3);
    const own = boundingBox(target);
    const boxes = new Set<string>();
    for (let i = 0; i < 50; i++) {
      for (const [setting, overlap] of [
        ['bbox-0.5', 0.5],
        ['bbox-0.75', 0.75],
      ] as const) {
        const { points, box } = firstPrompt(target, setting, random);
        expect(points).toEqual([]);
        expect(box && own && Math.abs(boxIou(box, own) - overlap)).toBeLessThan(0.02);
        expect(box && Math.min(...box) >= 0 && box[2] <= 40 && box[3] <= 30).toBe(true);
        boxes.add(String(box));
      }
    }
    expect(boxes.size).toBe(100);
  });

  it('repeats itself under the same seed', () => {
    const target = rectangle(5, 5, 30, 25);
    for (const setting of ['1-point', 'bbox-0.5'] as const) {
      expect(firstPrompt(target, setting, new Random(4))).toEqual(firstPrompt(target, setting, new Random(4)));
    }
  });

  it('refuses an empty target', () => {
    expect(() => firstPrompt(rectangle(0, 0, 0, 0), '1-point', new Random(1))).toThrow('empty mask');
  });
});

describe('nextClick', () => {
  const target = rectangle(5, 5, 25, 25);

  it('is positive, and deep inside, where the prediction missed most', () => {
    const click = nextClick(target, rectangle(5, 5, 10, 25), new Random(1));
    expect(click?.label).toBe(1);
    expect(click && Math.abs(click.x - 17) <= 2 && Math.abs(click.y - 15) <= 4).toBe(true);
  });

  it('is negative where the prediction went too far', () => {
    const click = nextClick(target, rectangle(5, 5, 40, 25), new Random(1));
    expect(click?.label).toBe(0);
    expect(click && click.x > 28 && click.x < 37).toBe(true);
  });

  it('goes for the largest connected region, not for the larger total', () => {
    const prediction = { ...target, data: target.data.slice() };
    for (let y = 5; y < 25; y += 4) for (let x = 5; x < 25; x += 4) prediction.data[y * 40 + x] = 0;
    for (let y = 0; y < 3; y++) for (let x = 30; x < 33; x++) prediction.data[y * 40 + x] = 1;
    expect(nextClick(target, prediction, new Random(1))).toEqual({ x: 31, y: 1, label: 0 });
  });

  it('lies inside of the region of error, whatever its shape', () => {
    const random = new Random(12);
    for (let draw = 0; draw < 200; draw++) {
      const blob = (): Mask => {
        const [x, y, a, b] = [random.integer(40), random.integer(30), random.uniform(3, 12), random.uniform(3, 12)];
        return mask(40, 30, (u, v) => ((u - x) / a) ** 2 + ((v - y) / b) ** 2 <= 1);
      };
      const [wanted, answer] = [blob(), blob()];
      const click = nextClick(wanted, answer, random);
      if (click === null) throw new Error('two blobs should differ');
      const at = click.y * 40 + click.x;
      expect(wanted.data[at]).toBe(click.label);
      expect(answer.data[at]).toBe(1 - click.label);
    }
  });

  it('is null when there is nothing to correct', () => {
    expect(nextClick(target, target, new Random(1))).toBeNull();
  });
});

describe('negativePrompt', () => {
  it('is one negative click, each pixel of the picture as likely', () => {
    // 12 pixels, 6000 clicks: chi-square of 11 degrees of freedom exceeds 31.3 once in a thousand times.
    const random = new Random(6);
    const counts = new Array<number>(12).fill(0);
    for (let i = 0; i < 6000; i++) {
      const { points, box } = negativePrompt({ width: 4, height: 3 }, random);
      expect(box).toBeNull();
      expect(points.map(({ label }) => label)).toEqual([0]);
      counts[points[0].y * 4 + points[0].x]++;
    }
    expect(counts.reduce((sum, count) => sum + (count - 500) ** 2 / 500, 0)).toBeLessThan(31.3);
  });
});

describe('promptsFor', () => {
  it('tells the first prompt and the clicks that follow', () => {
    expect(promptsFor('1-point')).toEqual({ first: 'point', clicks: 0 });
    expect(promptsFor('3-points')).toEqual({ first: 'point', clicks: 2 });
    expect(promptsFor('bbox-0.75')).toEqual({ first: 'box', clicks: 0 });
  });
});
