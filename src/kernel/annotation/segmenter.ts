import type { LowResMask, ObjectPrompts, Prediction } from '../inference/types';

/** What answers prompts on one image: a model with its adapters, bound to that image. */
export interface Segmenter {
  /** Changes when other weights answer, so that answers of different models are never mixed. */
  readonly key: string;
  /** For people, e.g. "phantom-sam + sunnybrook (cpu)". */
  readonly label: string;
  /** Side of the logits that the model takes as a mask prompt. */
  readonly maskSide: number;
  /**
   * Answers for several objects of one slice, in their order, at once where the model can. `multimask`: SAM's three
   * masks for each, best first by the model's estimate; `all`: the one it gives when the prompts leave no doubt before
   * those three; else that one alone.
   */
  predict(slice: number, objects: readonly ObjectPrompts[], options: PredictSettings): Promise<Prediction[][]>;
}

export interface PredictSettings {
  readonly multimask: boolean | 'all';
  readonly signal?: AbortSignal;
}

export type { LowResMask, ObjectPrompts, Prediction };
