import { describe, expect, it } from 'vitest';
import { splitByGroup } from '../../../src/kernel/datasets/split';
import type { Sample } from '../../../src/kernel/datasets/types';

/** Samples of groups g0, g1, …: three of the first, one of the second, three of the third, … interleaved. */
function samplesOf(groups: number): Sample[] {
  return Array.from({ length: groups * 3 }, (_, i) => ({
    image: `${i}.png`,
    mask: `${i}-mask.png`,
    group: `g${i % groups}`,
    slice: 0,
  })).filter((_, i) => i < groups || i % 2 === 0);
}

describe('splitByGroup', () => {
  it('puts every sample on one side, and no group on both', () => {
    const samples = samplesOf(10);
    for (let seed = 0; seed < 20; seed++) {
      const { train, validation } = splitByGroup(samples, 0.2, seed);
      const groups = new Set(validation.map((sample) => sample.group));
      expect(groups.size).toBe(2);
      expect(train.some((sample) => groups.has(sample.group))).toBe(false);
      expect([...train, ...validation].sort((a, b) => samples.indexOf(a) - samples.indexOf(b))).toEqual(samples);
    }
  });

  it('depends on the seed and on the groups, not on the order of the samples', () => {
    const samples = samplesOf(10);
    const held = (list: Sample[], seed: number) =>
      [...new Set(splitByGroup(list, 0.3, seed).validation.map((sample) => sample.group))].sort().join();
    expect(held(samples, 1)).toBe(held([...samples].reverse(), 1));
    expect(new Set([1, 2, 3, 4, 5].map((seed) => held(samples, seed))).size).toBeGreaterThan(1);
  });

  it.each([0.01, 0.99])('leaves a group on each side for a fraction of %d', (fraction) => {
    const { train, validation } = splitByGroup(samplesOf(2), fraction, 1);
    expect(train.length).toBeGreaterThan(0);
    expect(validation.length).toBeGreaterThan(0);
  });

  it.each([0, 1, -0.1, Number.NaN])('refuses the fraction %d', (fraction) => {
    expect(() => splitByGroup(samplesOf(4), fraction, 1)).toThrow(/between 0 and 1/);
  });

  it('refuses data of one group', () => {
    expect(() => splitByGroup(samplesOf(1), 0.5, 1)).toThrow(/1 group/);
  });
});
