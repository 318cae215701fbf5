import {
  openDataset,
  Random,
  splitCases,
  type Case,
  type PromptSetting,
  type Split,
  type SplitChoice,
} from '../datasets';
import type { LayoutName } from '../datasets/types';
import { UserError } from '../errors';
import { fileHash, readModel, type ModelFile } from '../inference/modelFile';
import type { SamConfig } from '../sam/config';
import type { TrainOptions } from './options';
import { splitChoiceOf } from './runConfig';
import type { StepSetup } from './stepper';
import { trainableOf, type Trainable } from './trainable';

/** What a run's options name, found and opened; of the images none is read. */
export interface Material {
  readonly base: ModelFile;
  readonly baseHash: string;
  /** The base's sizes at the side that images enter with. */
  readonly config: SamConfig;
  readonly trainable: Trainable;
  /** What the folder turned out to be. */
  readonly dataset: { readonly layout: LayoutName; readonly classes: readonly string[] };
  readonly cases: Split<Case>;
  /** Groups on either side: what a resumed run must find again. */
  readonly split: { readonly train: readonly string[]; readonly validation: readonly string[] };
  /** How the split was chosen (null: the data name it) and the number of cases on either side. */
  readonly splitFigures: {
    readonly choice: SplitChoice | null;
    readonly cases: { readonly train: number; readonly validation: number };
  };
}

/** @throws UserError when data, model or options are wrong or do not fit each other; CancelledError */
export async function openMaterial(
  options: TrainOptions,
  { onProgress, signal }: { readonly onProgress?: (message: string) => void; readonly signal: AbortSignal },
): Promise<Material> {
  onProgress?.(`opening ${options.data}`);
  const how = { layout: options.layout, classes: options.classes ?? undefined, signal };
  const { cases, layout, classes } = await openDataset(options.data, how);
  const choice = splitChoiceOf(options);
  const split =
    options.valData === null
      ? splitCases(cases, choice)
      : { train: cases, validation: (await openDataset(options.valData, how)).cases };
  onProgress?.(`reading the model ${options.model}`);
  const base = await readModel(options.model);
  const config = { ...base.config, imageSize: options.imageSize ?? base.config.imageSize };
  if (config.imageSize % config.patchSize !== 0) {
    throw new UserError(
      `image size ${config.imageSize} is no multiple of the model's patch of ${config.patchSize} pixels`,
    );
  }
  const random = new Random(options.seed).fork('initial parameters');
  return {
    base,
    baseHash: await fileHash(base.file),
    config,
    trainable: trainableOf(options.tune, base.config, base.tensors, random, options),
    dataset: { layout, classes },
    cases: split,
    split: { train: groupsOf(split.train), validation: groupsOf(split.validation) },
    splitFigures: {
      choice: options.valData === null ? choice : null,
      cases: { train: split.train.length, validation: split.validation.length },
    },
  };
}

/** What of a run's options shapes its steps. */
export const stepSetup = (
  options: TrainOptions,
  { config, trainable }: Pick<Material, 'config' | 'trainable'>,
): StepSetup => ({
  config,
  trainable,
  promptsPerImage: 1,
  prompts: options.prompts,
  promptSetting: options.promptSetting,
  recompute: options.recompute,
  accumulate: options.accumulate,
  loss: options.loss,
  weightDecay: options.weightDecay,
  clipNorm: options.clip === 0 ? null : options.clip,
  multimask: false,
  targetSide: config.imageSize,
  from: options.tune === 'decoder' ? 'embedding' : 'image',
});

/** What a run validates with: the prompts that it trains on, of a mixture the first click. */
export const validationSettings = ({ promptSetting }: TrainOptions): PromptSetting[] => [promptSetting ?? '1-point'];

const groupsOf = (cases: readonly Case[]): string[] => [...new Set(cases.map(({ group }) => group))];
