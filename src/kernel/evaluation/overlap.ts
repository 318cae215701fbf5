import type { Mask } from '../imaging/types';

/** Pixels in both masks and in each. Both of the same size. */
function counts(a: Mask, b: Mask): { both: number; a: number; b: number } {
  if (a.width !== b.width || a.height !== b.height) {
    throw new RangeError(`masks of ${a.width}×${a.height} and ${b.width}×${b.height} cannot be compared`);
  }
  const sum = { both: 0, a: 0, b: 0 };
  for (let i = 0; i < a.data.length; i++) {
    const inA = a.data[i];
    const inB = b.data[i];
    sum.both += inA & inB;
    sum.a += inA;
    sum.b += inB;
  }
  return sum;
}

/** Dice coefficient 2·|A∩B| / (|A|+|B|), 0..1; 1 when both are empty. @throws RangeError for masks of two sizes. */
export function dice(a: Mask, b: Mask): number {
  const sum = counts(a, b);
  return sum.a + sum.b === 0 ? 1 : (2 * sum.both) / (sum.a + sum.b);
}

/** Intersection over union |A∩B| / |A∪B|, 0..1; 1 when both are empty. @throws RangeError for masks of two sizes. */
export function iou(a: Mask, b: Mask): number {
  const sum = counts(a, b);
  return sum.a + sum.b === 0 ? 1 : sum.both / (sum.a + sum.b - sum.both);
}
