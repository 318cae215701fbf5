import type { TensorData } from '../../graph';

/** Largest error of one group of tensors, relative to the largest entry of the tensor it occurred in. */
export interface ParityRow {
  readonly group: string;
  readonly tensors: number;
  readonly worst: number;
  readonly worstTensor: string;
  readonly tolerance: number;
  readonly holds: boolean;
}

/** max |ours − expected| / max |expected|; infinite where sizes differ or a value is not a number. */
export function relativeError(ours: TensorData, expected: TensorData): number {
  if (ours.data.length !== expected.data.length) return Infinity;
  let error = 0;
  let scale = 0;
  for (let index = 0; index < ours.data.length; index++) {
    const difference = Math.abs(ours.data[index] - expected.data[index]);
    if (Number.isNaN(difference)) return Infinity;
    error = Math.max(error, difference);
    scale = Math.max(scale, Math.abs(expected.data[index]));
  }
  // A tensor of zeros has no scale of its own: its error counts as it is.
  return error / (scale > 0 ? scale : 1);
}

/** Collects comparisons by group. */
export class ParityTable {
  private readonly groups = new Map<string, { tolerance: number; errors: [name: string, error: number][] }>();

  compare(group: string, tolerance: number, name: string, ours: TensorData, expected: TensorData): void {
    const entry = this.groups.get(group) ?? { tolerance, errors: [] };
    this.groups.set(group, entry);
    entry.errors.push([name, relativeError(ours, expected)]);
  }

  rows(): ParityRow[] {
    return [...this.groups].map(([group, { tolerance, errors }]) => {
      const [worstTensor, worst] = errors.reduce((a, b) => (b[1] > a[1] ? b : a));
      return { group, tensors: errors.length, worst, worstTensor, tolerance, holds: worst <= tolerance };
    });
  }
}
