import { describe, expect, it } from 'vitest';
import { nearest } from '../../../src/kernel/cli/nearest';

describe('the name that was meant', () => {
  const names = ['train', 'resume', 'evaluate', 'doctor', 'segment', 'phantoms'];

  it.each([
    ['tran', 'train'],
    ['trian', 'train'],
    ['Evalute', 'evaluate'],
    ['phantom', 'phantoms'],
    ['seg', 'segment'],
    ['docter', 'doctor'],
  ])('%s → %s', (given, meant) => expect(nearest(given, names)).toBe(meant));

  it.each(['', 'x', 'predict', 'qqqqqqqq'])('%j is near to none', (given) => expect(nearest(given, names)).toBeNull());
});
