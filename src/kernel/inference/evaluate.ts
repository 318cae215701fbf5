import { CancelledError } from '../errors';
import { firstPrompt, nextClick, promptsFor, type LoadedSample, type PromptSetting, type Random } from '../datasets';
import { dice, iou } from '../evaluation';
import type { EncodedImage, Prediction, Predictor } from './types';

export interface SampleScore {
  readonly dice: number;
  readonly iou: number;
}

/** Answers one prompt setting on an encoded image: the first prompt, then corrective clicks with the last logits. */
export async function answerSetting(
  predictor: Predictor,
  image: EncodedImage,
  target: LoadedSample['mask'],
  setting: PromptSetting,
  random: Random,
): Promise<Prediction> {
  let prompts = firstPrompt(target, setting, random);
  let [answer] = await predictor.predict(image, prompts);
  for (let click = 0; click < promptsFor(setting).clicks; click++) {
    const next = nextClick(target, answer.mask, random);
    if (next === null) break;
    prompts = { ...prompts, points: [...prompts.points, next] };
    [answer] = await predictor.predict(image, prompts, { previous: answer.lowRes });
  }
  return answer;
}

export interface EvaluateOptions {
  readonly settings: readonly PromptSetting[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Scores of every sample under each prompt setting, at the image's own size. A sample's prompts depend on `random` and
 * its index only, so that two models are asked the same questions.
 */
export async function evaluateSamples(
  predictor: Predictor,
  samples: { readonly length: number; get(index: number): Promise<LoadedSample> },
  random: Random,
  { settings, signal, onProgress }: EvaluateOptions,
): Promise<Record<string, SampleScore[]>> {
  const scores: Record<string, SampleScore[]> = Object.fromEntries(settings.map((setting) => [setting, []]));
  for (let index = 0; index < samples.length; index++) {
    if (signal?.aborted) throw new CancelledError();
    const { image, mask } = await samples.get(index);
    const encoded = await predictor.encode(image);
    try {
      for (const setting of settings) {
        const answer = await answerSetting(predictor, encoded, mask, setting, random.fork(index).fork(setting));
        scores[setting].push({ dice: dice(answer.mask, mask), iou: iou(answer.mask, mask) });
      }
    } finally {
      await encoded.free();
    }
    onProgress?.(index + 1, samples.length);
    // A run of the executor blocks this thread: let signals and timers through between samples.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return scores;
}
