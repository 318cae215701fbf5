import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets';
import { bootstrapInterval, meanOverClasses, type Observation } from '../../../src/kernel/evaluation';

const of = (group: string, value: number, className = 'liver'): Observation => ({ group, value, className });

describe('bootstrapInterval', () => {
  it('covers the true mean about as often as it says, by group; drawn one by one it would not', () => {
    const random = new Random(3);
    const [rounds, groups, perGroup] = [300, 24, 6];
    let [covered, coveredSingly] = [0, 0];
    for (let round = 0; round < rounds; round++) {
      const drawn: Observation[] = [];
      for (let group = 0; group < groups; group++) {
        // Patients differ much, images of one patient little.
        const own = 0.7 + 0.1 * random.normal();
        for (let i = 0; i < perGroup; i++) drawn.push(of(`patient-${group}`, own + 0.02 * random.normal()));
      }
      const covers = (observations: readonly Observation[]): boolean => {
        const [low, high] = bootstrapInterval(observations, new Random(round), 500)!;
        return low <= 0.7 && 0.7 <= high;
      };
      if (covers(drawn)) covered++;
      if (covers(drawn.map((one, index) => ({ ...one, group: String(index) })))) coveredSingly++;
    }
    expect(covered / rounds).toBeGreaterThan(0.88);
    expect(covered / rounds).toBeLessThan(0.98);
    expect(coveredSingly / rounds).toBeLessThan(0.7);
  });

  it('has the width that theory gives the mean of many', () => {
    const random = new Random(8);
    const values = Array.from({ length: 400 }, (_, i) => of(String(i), random.normal()));
    const mean = meanOverClasses(values);
    const error = Math.sqrt(values.reduce((sum, { value }) => sum + (value - mean) ** 2, 0)) / values.length;
    const [low, high] = bootstrapInterval(values, new Random(1))!;
    expect((high - low) / (2 * 1.96 * error)).toBeCloseTo(1, 1);
    expect((low + high) / 2).toBeCloseTo(mean, 2);
  });

  it('is the same for the same seed, in whatever order images were measured', () => {
    const random = new Random(5);
    const values = Array.from({ length: 30 }, (_, i) => of(`g${i % 7}`, random.next(), i % 2 ? 'disc' : 'cup'));
    const interval = bootstrapInterval(values, new Random(1));
    expect(bootstrapInterval(random.shuffle(values), new Random(1))![0]).toBeCloseTo(interval![0], 12);
    expect(bootstrapInterval(values, new Random(1))).toEqual(interval);
    expect(bootstrapInterval(values, new Random(2))).not.toEqual(interval);
  });

  it('is a point for equal values, and nothing for one group', () => {
    expect(bootstrapInterval([of('a', 0.5), of('b', 0.5)], new Random(0))).toEqual([0.5, 0.5]);
    expect(bootstrapInterval([of('a', 0.5), of('a', 0.7)], new Random(0))).toBeNull();
    expect(() => bootstrapInterval([], new Random(0))).toThrow(RangeError);
  });

  it('leaves a class out of a draw that has none of it', () => {
    // Every drawn mean is that of class x (0) or of x and y (½): a class that is absent must not count as 0 or NaN.
    const values = [of('a', 0, 'x'), of('b', 0, 'x'), of('c', 0, 'x'), of('c', 1, 'y')];
    const [low, high] = bootstrapInterval(values, new Random(0))!;
    expect([low, high]).toEqual([0, 0.5]);
  });
});

describe('meanOverClasses', () => {
  it('gives every class the same weight, and within it every image', () => {
    const values = [of('a', 0.9), of('b', 0.7), of('b', 0.8), of('a', 0.2, 'tumour')];
    expect(meanOverClasses(values)).toBeCloseTo((0.8 + 0.2) / 2, 12);
  });
});
