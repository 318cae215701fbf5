import { describe, expect, it } from 'vitest';
import { summary } from '../../../src/kernel/evaluation';

describe('summary', () => {
  it('gives mean, sample deviation and median', () => {
    const result = summary([4, 1, 3, 2]);
    expect(result).toMatchObject({ count: 4, mean: 2.5, median: 2.5 });
    expect(result.deviation).toBeCloseTo(Math.sqrt(5 / 3), 12);
    expect(summary([3, 1, 2]).median).toBe(2);
  });

  it('has no spread for one value and no result for none', () => {
    expect(summary([0.7])).toEqual({ count: 1, mean: 0.7, deviation: 0, median: 0.7 });
    expect(() => summary([])).toThrow(RangeError);
  });
});
