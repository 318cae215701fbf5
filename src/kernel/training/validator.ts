import { Random, type LoadedSample, type PromptSetting } from '../datasets';
import { summary } from '../evaluation';
import { tensorData } from '../graph';
import { evaluateSamples } from '../inference/evaluate';
import { SamPredictor } from '../inference/predictor';
import type { Executor } from '../runtime/types';
import type { SamConfig } from '../sam/config';
import type { TrainingState } from './state';
import { stepInputs, trainingModel } from './trainStep';
import type { Trainable } from './trainable';

/** Mean scores over the samples, per prompt setting. */
export type Metrics = Record<string, { dice: number; iou: number }>;

export interface ValidatorOptions {
  readonly executor: Executor;
  readonly config: SamConfig;
  readonly trainable: Trainable;
  readonly samples: { readonly length: number; get(index: number): Promise<LoadedSample> };
  readonly settings: readonly PromptSetting[];
  readonly seed: number;
}

/**
 * Scores parameters in training on held-out samples. They are inputs of the predictor's graphs, so that nothing is
 * compiled again when they change; the questions are the same every time.
 */
export class Validator {
  private readonly predictor: SamPredictor;
  private parameters: Float32Array = new Float32Array(0);

  constructor(private readonly options: ValidatorOptions) {
    const { executor, config, trainable } = options;
    const parameters = trainable.layout.read(stepInputs.parameters);
    this.predictor = new SamPredictor({
      model: trainingModel({ config, ...trainable }, parameters.tensors),
      executor,
      modelName: 'training',
      adaptersName: null,
      feeds: () => ({ [stepInputs.parameters]: tensorData([this.parameters.length], this.parameters) }),
    });
  }

  /** @throws CancelledError when the signal is raised. */
  async score({ parameters }: TrainingState, signal?: AbortSignal): Promise<Metrics> {
    const { samples, settings, seed } = this.options;
    this.parameters = parameters;
    const random = new Random(seed).fork('validation');
    const scores = await evaluateSamples(this.predictor, samples, random, { settings, signal });
    return Object.fromEntries(
      Object.entries(scores).map(([setting, rows]) => [
        setting,
        { dice: summary(rows.map((row) => row.dice)).mean, iou: summary(rows.map((row) => row.iou)).mean },
      ]),
    );
  }

  dispose(): Promise<void> {
    return this.predictor.dispose();
  }
}
