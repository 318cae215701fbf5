import {
  add,
  div,
  meanAll,
  mul,
  neg,
  reduceSum,
  reshape,
  sigmoid,
  softplus,
  square,
  step,
  sub,
  type Tensor,
} from '../graph';
import { resizeBilinear } from '../sam/layers';

export const lossNames = ['focal-dice', 'bce', 'dice-ce'] as const;
export type LossName = (typeof lossNames)[number];

/** Sum over everything but the batch. [B, ...] → [B] */
const perSample = (x: Tensor): Tensor => reshape(reduceSum(x, [...x.shape.keys()].slice(1)), [x.shape[0]]);

const meanPerSample = (x: Tensor): Tensor => mul(perSample(x), x.shape[0] / x.shape.reduce((a, b) => a * b, 1));

/** −log p of the target, from logits, without overflow. [B, ...] → [B, ...] */
const crossEntropy = (logits: Tensor, target: Tensor): Tensor => sub(softplus(logits), mul(target, logits));

/** The same, positives counted `weight` times. */
const weightedCrossEntropy = (logits: Tensor, target: Tensor, weight: number): Tensor =>
  add(mul(mul(target, softplus(neg(logits))), weight), mul(sub(1, target), softplus(logits)));

/** 1 − Dice of probabilities, per sample; `squared` predictions and targets in the denominator. [B, ...] → [B] */
function diceLoss(probabilities: Tensor, target: Tensor, smooth: number, squared: boolean): Tensor {
  const overlap = perSample(mul(probabilities, target));
  const power = squared ? square : (x: Tensor): Tensor => x;
  const total = add(perSample(power(probabilities)), perSample(power(target)));
  return sub(1, div(add(mul(overlap, 2), smooth), add(total, smooth)));
}

/** Focal loss with α 0.25, γ 2, mean over the pixels of a sample. [B, ...] → [B] */
function focalLoss(logits: Tensor, target: Tensor): Tensor {
  const p = sigmoid(logits);
  const wrong = add(mul(p, sub(1, target)), mul(sub(1, p), target));
  const alpha = add(mul(target, 0.25), mul(sub(1, target), 0.75));
  return meanPerSample(mul(alpha, mul(square(wrong), crossEntropy(logits, target))));
}

/** What a loss adds up, per sample and weighted. logits, target: [B, C, H, W] → [B] each */
type LossParts = Readonly<Record<string, Tensor>>;

/** The losses of med-sa.md, section 6. */
const losses: { readonly [Name in LossName]: (logits: Tensor, target: Tensor) => LossParts } = {
  // 20·focal + dice (SAM)
  'focal-dice': (logits, target) => ({
    focal: mul(focalLoss(logits, target), 20),
    dice: diceLoss(sigmoid(logits), target, 1, false),
  }),
  // binary cross-entropy, positives weighted twice (released 2D)
  bce: (logits, target) => ({ bce: meanPerSample(weightedCrossEntropy(logits, target, 2)) }),
  // dice with squared predictions + cross-entropy (released 3D)
  'dice-ce': (logits, target) => ({
    dice: diceLoss(sigmoid(logits), target, 1e-5, true),
    bce: meanPerSample(crossEntropy(logits, target)),
  }),
};

/** The parts of a loss, the logits first upsampled to the target. logits: [B, 1, h, w]; target: [B, 1, H, W] → [B] each */
export function maskLossParts(name: LossName, logits: Tensor, target: Tensor): LossParts {
  const [height, width] = target.shape.slice(-2);
  return losses[name](resizeBilinear(logits, height, width), target);
}

/** Their sum: the loss per sample. → [B] */
export const maskLoss = (name: LossName, logits: Tensor, target: Tensor): Tensor =>
  Object.values(maskLossParts(name, logits, target)).reduce((sum, part) => add(sum, part));

/** IoU of the thresholded logits with the target, per sample; it has no gradient. → [B] */
export function reachedIou(logits: Tensor, target: Tensor): Tensor {
  const [height, width] = target.shape.slice(-2);
  const mask = step(resizeBilinear(logits, height, width));
  const overlap = perSample(mul(mask, target));
  return div(overlap, add(sub(add(perSample(mask), perSample(target)), overlap), 1e-6));
}

/** Mean squared error of the IoU head. estimate, reached: [B] → scalar */
export const iouLoss = (estimate: Tensor, reached: Tensor): Tensor => meanAll(square(sub(estimate, reached)));
