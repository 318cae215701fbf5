import { firstPrompt, nextClick, promptsFor, type PromptSetting, type Random } from '../datasets';
import { CancelledError } from '../errors';
import type { Mask } from '../imaging';
import type { SamPredictor } from './predictor';
import type { SlicedCase } from './slicedCase';
import { SliceImages } from './sliceImages';
import type { EncodedImage, Prediction } from './types';

export interface CaseAnswerOptions {
  readonly settings: readonly PromptSetting[];
  /** Only these classes; by default all that the case shows. */
  readonly classes?: readonly string[];
  readonly signal?: AbortSignal;
}

/** The model's answer on one slice. */
export interface CaseAnswer {
  readonly className: string;
  readonly setting: PromptSetting;
  readonly slice: number;
  readonly mask: Mask;
  readonly target: Mask;
}

/**
 * Asks a case under each prompt setting, slice by slice in their order, class by class: every slice that shows a class is
 * prompted for it (the paper's protocol). The slices without it are asked nothing, and nothing is their answer: a volume's
 * mask is empty there. A prompt depends on `random`, slice, class and setting only, so that two models are asked the same
 * questions. Masks are of the case's own size.
 * @throws CancelledError
 */
export async function* answerCase(
  predictor: SamPredictor,
  item: SlicedCase,
  random: Random,
  { settings, classes = item.classes, signal }: CaseAnswerOptions,
): AsyncGenerator<CaseAnswer> {
  const shown = new Map(classes.map((className) => [className, new Set(item.visible(className))]));
  const images = new SliceImages(predictor, item.slices, item.picture);
  try {
    for (let slice = 0; slice < item.slices; slice++) {
      for (const className of classes) {
        if (!shown.get(className)!.has(slice)) continue;
        if (signal?.aborted) throw new CancelledError();
        const views = await images.at(slice, signal);
        const target = item.mask(className, slice);
        for (const setting of settings) {
          const own = random.fork(slice).fork(className).fork(setting);
          const { mask } = await answerSetting(predictor, views, target, setting, own);
          yield { className, setting, slice, mask, target };
        }
        // A run of the executor blocks this thread: let signals and timers through between slices.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  } finally {
    await images.free();
  }
}

/** One prompt setting on an encoded slice: the first prompt, then corrective clicks with the last logits fed back. */
async function answerSetting(
  predictor: SamPredictor,
  views: readonly EncodedImage[],
  target: Mask,
  setting: PromptSetting,
  random: Random,
): Promise<Prediction> {
  let prompts = firstPrompt(target, setting, random);
  let answer = await predictor.predictTogether(views, prompts);
  for (let click = 0; click < promptsFor(setting).clicks; click++) {
    const next = nextClick(target, answer.mask, random);
    if (next === null) break;
    prompts = { ...prompts, points: [...prompts.points, next] };
    answer = await predictor.predictTogether(views, prompts, { previous: answer.lowRes });
  }
  return answer;
}
