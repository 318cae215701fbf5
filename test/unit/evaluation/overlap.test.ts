import { describe, expect, it } from 'vitest';
import { dice, iou } from '../../../src/kernel/evaluation';
import type { Mask } from '../../../src/kernel/imaging/types';

const mask = (text: string): Mask => ({ width: text.length, height: 1, data: Uint8Array.from(text, Number) });

describe('dice and iou', () => {
  it('count the overlap', () => {
    const [a, b] = [mask('11110000'), mask('00111000')];
    expect(dice(a, b)).toBeCloseTo(4 / 7, 12);
    expect(iou(a, b)).toBeCloseTo(2 / 5, 12);
    expect(dice(b, a)).toBe(dice(a, b));
  });

  it('are 1 for equal masks, two empty ones too, and 0 for masks apart', () => {
    expect([dice(mask('0110'), mask('0110')), iou(mask('0110'), mask('0110'))]).toEqual([1, 1]);
    expect([dice(mask('0000'), mask('0000')), iou(mask('0000'), mask('0000'))]).toEqual([1, 1]);
    expect([dice(mask('1100'), mask('0011')), iou(mask('1100'), mask('0000'))]).toEqual([0, 0]);
  });

  it('refuse masks of two sizes', () => {
    expect(() => dice(mask('01'), mask('011'))).toThrow(/2×1 and 3×1/);
  });
});
