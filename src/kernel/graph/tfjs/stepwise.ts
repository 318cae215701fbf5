import type * as tfjs from '@tensorflow/tfjs';
import { topologicalOrder } from '../differentiate';
import { isConstant, isInput, type Tensor } from '../primitives';
import { computeOne, type Tfjs } from './lowering';

export interface StepwiseSources {
  /** A fed value. The evaluation owns what it is given, and frees it after its last use. */
  input(tensor: Tensor<'input'>): tfjs.Tensor;
  /** A constant's value: it is read and left as it is. */
  constant(tensor: Tensor<'constant'>): tfjs.Tensor;
  /** Called after each operation: may wait, so that others get their turn, or throw, which ends the evaluation. */
  pause(): Promise<void> | void;
}

/**
 * Computes tensors operation by operation on the library's current backend. A value is freed as soon as its last user
 * has run: at no time is there more than is still needed. On failure nothing stays behind.
 * @returns one value for each target, in their order; the caller frees them
 */
export async function evaluateStepwise(
  tf: Tfjs,
  targets: readonly Tensor[],
  sources: StepwiseSources,
): Promise<tfjs.Tensor[]> {
  const order = topologicalOrder(targets);
  const uses = useCounts(order, targets);
  const own = new Map<Tensor, tfjs.Tensor>();
  const valueOf = (tensor: Tensor): tfjs.Tensor => (isConstant(tensor) ? sources.constant(tensor) : own.get(tensor)!);
  try {
    for (const tensor of order) {
      if (isConstant(tensor)) continue;
      own.set(tensor, isInput(tensor) ? sources.input(tensor) : computeOne(tf, tensor, tensor.inputs.map(valueOf)));
      for (const source of tensor.inputs) {
        const left = uses.get(source)! - 1;
        uses.set(source, left);
        if (left > 0) continue;
        own.get(source)?.dispose();
        own.delete(source);
      }
      await sources.pause();
    }
    // A handle each: two outputs may be one tensor, or a constant.
    return targets.map((target) => tf.clone(valueOf(target)));
  } finally {
    for (const value of own.values()) value.dispose();
  }
}

/** How often each value is read; a target once more, by the caller. */
function useCounts(order: readonly Tensor[], targets: readonly Tensor[]): Map<Tensor, number> {
  const uses = new Map<Tensor, number>();
  const readers = [...order.map(({ inputs }) => inputs), targets];
  for (const source of readers.flat()) uses.set(source, (uses.get(source) ?? 0) + 1);
  return uses;
}
