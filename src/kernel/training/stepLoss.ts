import { add, div, meanAll, mul, reduceSum, relu, reshape, slice, sub, type Tensor } from '../graph';
import { maskTokens } from '../sam/config';
import type { DecoderOutputs } from '../sam/maskDecoder';
import { iouLoss, maskLoss, maskLossParts, reachedIou, type LossName } from './losses';

export interface StepLossOptions {
  readonly loss: LossName;
  /** Weight of the IoU head's error; 0 leaves it out. */
  readonly iouWeight: number;
  /** Train the three ambiguous masks too, through the best of them (SAM §3, "Resolving ambiguity"). */
  readonly multimask: boolean;
}

export interface StepLoss {
  /** [] */
  readonly loss: Tensor;
  /** What the loss is the sum of, by name, weights included. [] each */
  readonly parts: Readonly<Record<string, Tensor>>;
  /** The single answer: [B, 1, 4g, 4g] logits, [B, 1] estimated IoU. */
  readonly mask: Tensor;
  readonly iou: Tensor;
}

/** Mean over the samples. target: [B, 1, S, S], 0..1 */
export function stepLoss(
  outputs: DecoderOutputs,
  target: Tensor,
  { loss: name, iouWeight, multimask }: StepLossOptions,
): StepLoss {
  const token = (index: number): Tensor => slice(outputs.masks, 1, index, index + 1);
  const estimate = (index: number): Tensor => reshape(slice(outputs.iou, 1, index, index + 1), [target.shape[0]]);
  const mask = token(0);
  const ofMask = Object.entries(maskLossParts(name, mask, target));
  const parts: Record<string, Tensor> = Object.fromEntries(ofMask.map(([part, values]) => [part, meanAll(values)]));
  if (iouWeight > 0) parts.iou = mul(iouLoss(estimate(0), reachedIou(mask, target)), iouWeight);
  if (multimask) {
    // At the logits' own size: three more masks at full size would cost more than the encoder of a small model.
    const small = areaAverage(target, mask.shape[2]);
    const candidates = Array.from({ length: maskTokens - 1 }, (_, index) => token(index + 1));
    const each = candidates.map((candidate) => maskLoss(name, candidate, small));
    parts.multimask = meanAll(each.reduce((best, other) => sub(best, relu(sub(best, other)))));
    parts.multimask_iou = sum(
      candidates.map((candidate, index) =>
        mul(iouLoss(estimate(index + 1), reachedIou(candidate, small)), iouWeight / candidates.length),
      ),
    );
  }
  return { loss: sum(Object.values(parts)), parts, mask, iou: slice(outputs.iou, 1, 0, 1) };
}

const sum = (terms: readonly Tensor[]): Tensor => terms.reduce((total, term) => add(total, term));

/** Means over equal tiles. [B, 1, S, S] → [B, 1, side, side] */
function areaAverage(x: Tensor, side: number): Tensor {
  const [batch, , height] = x.shape;
  const n = height / side;
  const tiles = reshape(x, [batch, side, n, side, n]);
  return reshape(div(reduceSum(tiles, [2, 4]), n * n), [batch, 1, side, side]);
}
