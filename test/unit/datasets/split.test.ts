import { describe, expect, it } from 'vitest';
import { describeSplit, splitCases, type SplitChoice } from '../../../src/kernel/datasets/split';
import type { Case } from '../../../src/kernel/datasets/types';

/** Cases of groups g0, g1, …: three of the first, one of the second, three of the third, … interleaved. */
function casesOf(groups: number): Case[] {
  return Array.from({ length: groups * 3 }, (_, i) => ({
    id: `${i}.png`,
    group: `g${i % groups}`,
    images: [`${i}.png`],
    labels: [],
  })).filter((_, i) => i < groups || i % 2 === 0);
}

const groupsOf = (cases: readonly Case[]): string[] => [...new Set(cases.map(({ group }) => group))].sort();

describe('splitCases', () => {
  it('puts every case on one side, and no group on both', () => {
    const cases = casesOf(10);
    for (let seed = 0; seed < 20; seed++) {
      const { train, validation } = splitCases(cases, { fraction: 0.2, seed });
      const groups = new Set(groupsOf(validation));
      expect(groups.size).toBe(2);
      expect(train.some(({ group }) => groups.has(group))).toBe(false);
      expect([...train, ...validation].sort((a, b) => cases.indexOf(a) - cases.indexOf(b))).toEqual(cases);
    }
  });

  it('depends on the seed and on the groups, not on the order of the cases', () => {
    const cases = casesOf(10);
    const held = (list: Case[], seed: number) => groupsOf(splitCases(list, { fraction: 0.3, seed }).validation).join();
    expect(held(cases, 1)).toBe(held([...cases].reverse(), 1));
    expect(new Set([1, 2, 3, 4, 5].map((seed) => held(cases, seed))).size).toBeGreaterThan(1);
  });

  it.each([0.01, 0.99])('leaves a group on each side for a fraction of %d', (fraction) => {
    const { train, validation } = splitCases(casesOf(2), { fraction, seed: 1 });
    expect(train.length).toBeGreaterThan(0);
    expect(validation.length).toBeGreaterThan(0);
  });

  it.each([3, 5, 11])('holds every group out once in %d folds of nearly one size', (folds) => {
    const cases = casesOf(11);
    const held = Array.from({ length: folds }, (_, fold) => splitCases(cases, { fold, folds, seed: 3 }));
    expect(held.flatMap(({ validation }) => groupsOf(validation)).sort()).toEqual(groupsOf(cases));
    const sizes = held.map(({ validation }) => groupsOf(validation).length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    for (const { train, validation } of held) {
      expect(groupsOf(train).some((group) => groupsOf(validation).includes(group))).toBe(false);
      expect(train.length + validation.length).toBe(cases.length);
    }
  });

  const wrong: [SplitChoice, RegExp][] = [
    ...[0, 1, -0.1, Number.NaN].map((fraction): [SplitChoice, RegExp] => [{ fraction, seed: 1 }, /between 0 and 1/]),
    [{ fold: 0, folds: 1, seed: 1 }, /number of folds is 1/],
    [{ fold: 3, folds: 3, seed: 1 }, /fold is 3.*from 0 to 2/],
    [{ fold: -1, folds: 3, seed: 1 }, /fold is -1/],
    [{ fold: 0, folds: 5, seed: 1 }, /4 groups.*at least 5 are needed for 5 folds/],
  ];
  it.each(wrong)('refuses %o', (choice, message) => {
    expect(() => splitCases(casesOf(4), choice)).toThrow(message);
  });

  it('refuses data of one group', () => {
    expect(() => splitCases(casesOf(1), { fraction: 0.5, seed: 1 })).toThrow(/1 group \(/);
  });

  it('is described as plain JSON', () => {
    const choice = { fold: 1, folds: 2, seed: 4 };
    const split = splitCases(casesOf(4), choice);
    const description = describeSplit(split, choice);
    expect(JSON.parse(JSON.stringify(description))).toEqual(description);
    expect(description.choice).toEqual(choice);
    expect([...description.train.groups, ...description.validation.groups].sort()).toEqual(['g0', 'g1', 'g2', 'g3']);
    expect(description.train.cases + description.validation.cases).toBe(casesOf(4).length);
  });
});
