import { describe, expect, it } from 'vitest';
import { OverlapTally } from '../../../src/kernel/training/overlapTally';

const mask = (...data: number[]) => ({ width: data.length, height: 1, data: Uint8Array.from(data) });

describe('overlap over the slices of cases', () => {
  it('counts a volume whole, and classes alike however many cases show them', () => {
    const tally = new OverlapTally(['1-point']);
    // Slices of Dice 1 and 0: a mean of slices would be 0.5, the volume's is 2·3 / (3 + 4).
    tally.add('liver', '1-point', mask(1, 1, 1), mask(1, 1, 1));
    tally.add('liver', '1-point', mask(0, 0, 0), mask(0, 1, 0));
    tally.endCase();
    tally.add('liver', '1-point', mask(1, 0, 0), mask(1, 0, 0));
    tally.add('tumour', '1-point', mask(1, 1, 0), mask(0, 1, 1));
    tally.endCase();
    const { dice, iou, classes } = tally.metrics()['1-point'];
    expect(classes.liver.n).toBe(2);
    expect(classes.liver.dice).toBeCloseTo((6 / 7 + 1) / 2, 12);
    expect(classes.liver.iou).toBeCloseTo((3 / 4 + 1) / 2, 12);
    expect(classes.tumour).toEqual({ dice: 0.5, iou: 1 / 3, n: 1 });
    expect(dice).toBeCloseTo((classes.liver.dice + 0.5) / 2, 12);
    expect(iou).toBeCloseTo((classes.liver.iou + 1 / 3) / 2, 12);
  });
});
