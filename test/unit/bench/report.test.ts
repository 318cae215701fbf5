import { describe, expect, it } from 'vitest';
import { benchRow, median } from '../../bench/bench';
import { table } from '../../bench/report';

describe('benchRow', () => {
  it('holds a quantity without a reference against the goal itself', () => {
    const row = { name: 'click', ours: 12, goal: 15, unit: 'ms' };
    expect(benchRow(row)).toEqual({ ...row, reference: null, ratio: null, holds: true });
    expect(benchRow({ ...row, ours: 15.1 }).holds).toBe(false);
  });

  it('holds the ratio against the goal where there is a reference', () => {
    const row = { name: 'step', ours: 2, reference: 5, goal: 0.5, unit: 's' };
    expect(benchRow(row)).toEqual({ ...row, ratio: 0.4, holds: true });
    expect(benchRow({ ...row, ours: 3 }).holds).toBe(false);
    expect(benchRow({ ...row, ours: NaN }).holds).toBe(false);
  });
});

it.each([
  [[3, 1, 2], 2],
  [[4, 1, 2, 3], 2.5],
  [[10, 9, 100], 10],
])('the median of %j is %d', (values, expected) => expect(median(values)).toBe(expected));

it('the table aligns its columns and says what was missed, where and when', () => {
  const rows = [
    benchRow({ name: 'answer a click', ours: 21.04, goal: 15, unit: 'ms' }),
    benchRow({ name: 'step', ours: 2500, reference: 5200, goal: 0.5, unit: 'ms' }),
  ];
  expect(table({ rows, machine: '2 × CPU', date: '2026-01-01' }).split('\n')).toEqual([
    '                   ours  reference   ratio     goal',
    'answer a click    21 ms          –       –  ≤ 15 ms  MISSED',
    'step            2500 ms    5200 ms  0.481×   ≤ 0.5×  holds',
    '',
    '2 × CPU; 2026-01-01',
  ]);
});
