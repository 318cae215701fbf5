import { Random, type PromptSetting } from '../datasets';
import { tensorData } from '../graph';
import { answerCase } from '../inference/caseAnswers';
import { SamPredictor } from '../inference/predictor';
import type { SlicedCase } from '../inference/slicedCase';
import { isLora } from '../medsa/options';
import type { Executor } from '../runtime/types';
import type { SamConfig } from '../sam/config';
import { OverlapTally, type SettingMetrics } from './overlapTally';
import type { TrainingState } from './state';
import { stepInputs, trainingModel } from './trainStep';
import type { Trainable } from './trainable';

/** Mean scores over the held-out cases, per prompt setting. */
export type Metrics = Record<string, SettingMetrics>;

export interface ValidatorOptions {
  readonly executor: Executor;
  readonly config: SamConfig;
  readonly trainable: Trainable;
  readonly cases: { readonly length: number; get(index: number): Promise<SlicedCase> };
  readonly settings: readonly PromptSetting[];
  readonly seed: number;
}

/**
 * Scores parameters in training on held-out cases: Dice and IoU of each class over all slices of a case together. The
 * parameters are inputs of the predictor's graphs, so that nothing is compiled again when they change; the questions are
 * the same every time.
 */
export class Validator {
  private readonly predictor: SamPredictor;
  private parameters: Float32Array = new Float32Array(0);

  constructor(private readonly options: ValidatorOptions) {
    const { executor, config, trainable } = options;
    const { adapters, layout, frozen } = trainable;
    const { tensors } = layout.read(stepInputs.parameters);
    const depth = adapters === null || isLora(adapters) ? null : adapters.slices;
    const modelFor = (slices: number) => {
      const attached = depth === null ? adapters : { ...adapters!, slices };
      return trainingModel({ config, adapters: attached, frozen }, tensors);
    };
    this.predictor = new SamPredictor({
      model: modelFor(1),
      depth: depth === null ? undefined : { slices: depth, modelFor },
      executor,
      modelName: 'training',
      adaptersName: null,
      feeds: () => ({ [stepInputs.parameters]: tensorData([this.parameters.length], this.parameters) }),
    });
  }

  /** @throws CancelledError when the signal is raised. */
  async score(
    { parameters }: TrainingState,
    signal?: AbortSignal,
    onProgress?: (done: number, total: number) => void,
  ): Promise<Metrics> {
    const { cases, settings, seed } = this.options;
    this.parameters = parameters;
    const random = new Random(seed).fork('validation');
    const tally = new OverlapTally(settings);
    for (let index = 0; index < cases.length; index++) {
      const item = await cases.get(index);
      const answers = answerCase(this.predictor, item, random.fork(index), { settings, signal });
      for await (const { className, setting, mask, target } of answers) tally.add(className, setting, mask, target);
      tally.endCase();
      onProgress?.(index + 1, cases.length);
    }
    return tally.metrics();
  }

  dispose(): Promise<void> {
    return this.predictor.dispose();
  }
}
