import type { Mask } from '../imaging/types';
import { regionOf, requireSameSize, type Region } from './region';

/** Voxels in both regions and in each. */
function counts(first: Mask | Region, second: Mask | Region): { both: number; a: number; b: number } {
  const [a, b] = [first, second].map((given) => ('size' in given ? given : regionOf(given)));
  requireSameSize(a, b);
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
export function dice(a: Mask | Region, b: Mask | Region): number {
  const sum = counts(a, b);
  return sum.a + sum.b === 0 ? 1 : (2 * sum.both) / (sum.a + sum.b);
}

/** Intersection over union |A∩B| / |A∪B|, 0..1; 1 when both are empty. @throws RangeError for masks of two sizes. */
export function iou(a: Mask | Region, b: Mask | Region): number {
  const sum = counts(a, b);
  return sum.a + sum.b === 0 ? 1 : sum.both / (sum.a + sum.b - sum.both);
}
