import { originalMask } from './postprocess';
import type { Geometry } from './preprocess';
import type { LowResMask, Prediction } from './types';

/** One of the decoder's masks: its logits, and the model's own estimate of their IoU, as the head gives it. */
export interface MaskAnswer {
  readonly lowRes: LowResMask;
  readonly iou: number;
}

/**
 * What several views of one slice say together, mask by mask: the mean of their logits and of their estimates (SD-Trans;
 * med-sa.md, section 3). Of one view: what it says.
 */
export function meanAnswers(views: readonly (readonly MaskAnswer[])[]): readonly MaskAnswer[] {
  if (views.length === 1) return views[0];
  return views[0].map(({ lowRes: { side } }, index) => {
    const data = new Float32Array(side * side);
    for (const { lowRes } of views.map((answers) => answers[index])) {
      for (let at = 0; at < data.length; at++) data[at] += lowRes.data[at] / views.length;
    }
    const iou = views.reduce((sum, answers) => sum + clamp(answers[index].iou) / views.length, 0);
    return { lowRes: { data, side }, iou };
  });
}

/** The masks at the image's own size: the single answer, where it is among them, then best first by the model's estimate. */
export function predictionsOf(
  answers: readonly MaskAnswer[],
  { side: square, resized, original }: Geometry,
): Prediction[] {
  const single = answers.length === 3 ? [] : answers.slice(0, 1);
  return [...single, ...answers.slice(single.length).toSorted((a, b) => b.iou - a.iou)].map(({ lowRes, iou }) => {
    const { data, side } = lowRes;
    const mask = originalMask({ data, width: side, height: side }, square, resized, original);
    return { mask, iou: clamp(iou), lowRes };
  });
}

/** An estimated IoU is a regression's output: it may stray a little out of its range. */
const clamp = (value: number): number => Math.min(1, Math.max(0, value));
