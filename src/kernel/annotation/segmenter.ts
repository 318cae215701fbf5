import type { PromptSet } from '../datasets/types';
import type { LowResMask, Prediction } from '../inference/types';

/** What answers prompts on one image: a model with its adapters, bound to that image. */
export interface Segmenter {
  /** Changes when other weights answer, so that answers of different models are never mixed. */
  readonly key: string;
  /** For people, e.g. "phantom-sam + sunnybrook (cpu)". */
  readonly label: string;
  predict(slice: number, prompts: PromptSet, previous: LowResMask | undefined): Promise<Prediction>;
}
