import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets/random';

const draws = (random: Random, count: number) => Array.from({ length: count }, () => random.next());

describe('Random', () => {
  it('gives the same numbers for the same seed, and others for another one', () => {
    expect(draws(new Random(7), 5)).toEqual(draws(new Random(7), 5));
    expect(draws(new Random(7), 5)).not.toEqual(draws(new Random(8), 5));
    expect(draws(new Random(2 ** 40 + 1), 5)).not.toEqual(draws(new Random(1), 5));
    expect(draws(new Random(-1), 5)).not.toEqual(draws(new Random(1), 5));
  });

  it('keeps its published sequence, so that old runs can be repeated', () => {
    const random = new Random(42);
    expect([random.bits() >>> 0, random.bits() >>> 0, random.bits() >>> 0]).toMatchInlineSnapshot(`
      [
        3956124197,
        3132207003,
        3507750608,
      ]
    `);
  });

  it('continues bit for bit from a state that went through JSON, in the midst of normals', () => {
    const random = new Random(3);
    random.normal();
    random.shuffle([1, 2, 3, 4]);
    const copy = Random.fromState(JSON.parse(JSON.stringify(random.state())));
    const values = (r: Random) => [r.normal(), r.next(), r.normal(), r.integer(1000), r.fork('x').next()];
    expect(values(copy)).toEqual(values(random));
  });

  it('is uniform in [0, 1): mean, variance and ten equal bins', () => {
    const values = draws(new Random(11), 20_000);
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    expect(mean).toBeCloseTo(0.5, 1.7);
    for (let bin = 0; bin < 10; bin++) {
      const share = values.filter((v) => Math.floor(v * 10) === bin).length / values.length;
      expect(Math.abs(share - 0.1)).toBeLessThan(0.01);
    }
  });

  it('draws normals of mean 0 and deviation 1', () => {
    const random = new Random(5);
    const values = Array.from({ length: 20_000 }, () => random.normal());
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.05);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  it('shuffles a copy into every order', () => {
    const random = new Random(9);
    const items = ['a', 'b', 'c'];
    const seen = new Set(Array.from({ length: 200 }, () => random.shuffle(items).join('')));
    expect(seen.size).toBe(6);
    expect(items).toEqual(['a', 'b', 'c']);
  });

  it('forks by label without moving itself', () => {
    const random = new Random(1);
    const before = random.state();
    const [a, again, b, one, two] = ['a', 'a', 'b', 1, 2].map((label) => draws(random.fork(label), 3));
    expect(random.state()).toEqual(before);
    expect(a).toEqual(again);
    expect(new Set([a, b, one, two].map(String)).size).toBe(4);
  });
});
