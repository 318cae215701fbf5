import { loadCase, type Case, type LoadedCase, type PromptSetting, type Random } from '../datasets';
import { CancelledError, UserError } from '../errors';
import { scoreRegion, type Region, type Score } from '../evaluation';
import { decodeMaskPatch, encodeMaskPatch, type Mask } from '../imaging';
import { answerCase } from './caseAnswers';
import type { SamPredictor } from './predictor';
import { slicedCase } from './slicedCase';

export interface EvaluationProgress {
  /** Cases that are measured, of all. */
  readonly done: number;
  readonly total: number;
  /** Of the case in work: how far down its slices the answers are; a picture has one. */
  readonly slice: number;
  readonly slices: number;
}

export interface EvaluateOptions {
  readonly settings: readonly PromptSetting[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: EvaluationProgress) => void;
}

/**
 * Measures every case under each prompt setting, class by class, at its own size: pictures in the plane, volumes in space,
 * from the answers of all slices that show the class (`answerCase`). A class that a case does not show is not measured in
 * it. Prompts follow from `random`, the case's id, slice, class and setting only: two models are asked the same questions,
 * and so is a case whatever else is measured with it.
 * @returns one score per case, class and setting, in this order
 * @throws UserError when a file is wrong, or no case shows a class; CancelledError
 */
export async function evaluateCases(
  predictor: SamPredictor,
  cases: readonly Case[],
  random: Random,
  options: EvaluateOptions,
): Promise<Score[]> {
  const { signal, onProgress } = options;
  const scores: Score[] = [];
  for (const [done, item] of cases.entries()) {
    if (signal?.aborted) throw new CancelledError();
    const total = cases.length;
    let slices = 1;
    const answered = (slice: number, of: number): void => {
      slices = of;
      onProgress?.({ done, total, slice, slices });
    };
    scores.push(...(await evaluateCase(predictor, item, random.fork(item.id), options, answered)));
    onProgress?.({ done: done + 1, total, slice: slices, slices });
  }
  if (scores.length > 0) return scores;
  throw new UserError(`none of the ${cases.length} images shows a class: there is nothing to measure`);
}

/** What is kept of a slice's answer: run lengths in its box; null where nothing was found. */
type Patch = ReturnType<typeof encodeMaskPatch>;

async function evaluateCase(
  predictor: SamPredictor,
  item: Case,
  random: Random,
  { settings, signal }: EvaluateOptions,
  onSlice: (done: number, slices: number) => void,
): Promise<Score[]> {
  const loaded = await loadCase(item);
  const { size, spacing } = loaded.image;
  // By class, setting and slice: all of a volume's answers at once, as voxels, may be more than memory holds.
  const found = new Map<string, Map<PromptSetting, Map<number, Patch>>>();
  for await (const answer of answerCase(predictor, slicedCase(item.id, loaded), random, { settings, signal })) {
    const ofClass = found.get(answer.className) ?? new Map<PromptSetting, Map<number, Patch>>();
    const slices = ofClass.get(answer.setting) ?? new Map<number, Patch>();
    found.set(answer.className, ofClass.set(answer.setting, slices.set(answer.slice, encodeMaskPatch(answer.mask))));
    onSlice(answer.slice + 1, size[2]);
  }
  return [...found].flatMap(([className, ofClass]) =>
    [...ofClass].map(([setting, slices]) => ({
      case: item.id,
      group: item.group,
      className,
      setting,
      ...scoreRegion(assembled(slices, size), targetOf(loaded, className), spacing),
    })),
  );
}

/** The slices' answers as one region; slices that were asked nothing are empty. */
function assembled(slices: ReadonlyMap<number, Patch>, size: Region['size']): Region {
  const [width, height] = size;
  const data = new Uint8Array(width * height * size[2]);
  for (const [slice, patch] of slices) {
    if (patch === null) continue;
    const { data: pixels }: Mask = decodeMaskPatch(patch, width, height);
    data.set(pixels, slice * width * height);
  }
  return { size, data };
}

const targetOf = ({ image, masks }: LoadedCase, className: string): Region => ({
  size: image.size,
  data: masks.get(className)!,
});
