import type { TensorData } from '../../graph';
import type { Precision } from '../../runtime/precision';

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

/** Largest relative errors that pass. */
export interface ParityTolerances {
  readonly outputs: number;
  /** Of gradients, and of parameters after optimiser steps. */
  readonly gradients: number;
}

/**
 * What a precision may miss. `exact` is float32 summed in another order. `fast` is TF32 on CUDA: a factor keeps 10 bits of
 * mantissa, so that it is off by up to 2⁻¹¹ when rounded and 2⁻¹⁰ when cut off, a product by twice that: 1e-3 to 2e-3.
 * Some tens of products in a row add that up at random, to 1e-2 in the outputs. Gradients fare worse, entry by
 * entry: a ReLU near its kink switches, and the smallest ones are differences of large ones. `test/parity/tf32.test.ts`
 * rounds the factors on the CPU and finds 1.2e-2 in the parameters after five steps and up to 0.24 in single gradients.
 * So `fast` shows that a device is not broken; that its kernels are right, `exact` shows.
 */
export const parityTolerances: Readonly<Record<Precision, ParityTolerances>> = {
  exact: { outputs: 1e-4, gradients: 1e-3 },
  fast: { outputs: 2e-2, gradients: 0.5 },
};

/** Collects comparisons by group. */
export class ParityTable {
  constructor(readonly tolerances: ParityTolerances) {}

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
