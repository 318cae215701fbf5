import path from 'node:path';
import { z } from 'zod';
import { layoutNames, promptSettings } from '../datasets/types';
import { UsageError } from '../errors';
import { tuneNames } from '../inference';
import { engineNames } from '../runtime/types';
import { precisions } from '../runtime/precision';
import { attachmentChoices, attachmentDefaults, checkAttachment } from './attachment';
import { lossNames } from './losses';
import { scheduleDefaults, scheduleNames } from './schedule';
import { recomputeNames } from './trainStep';

const count = z.number().int().positive();

/** What a run is asked to do: the content of its `config.json`. Paths are absolute. */
export const trainOptionsSchema = z.object({
  data: z.string(),
  layout: z.enum(['auto', ...layoutNames]),
  /** Classes as `openDataset` takes them; null: all. */
  classes: z.array(z.string()).nullable().default(null),
  /** Own folder for validation; null: a share of the groups of `data`. */
  valData: z.string().nullable(),
  valFraction: z.number().gt(0).lt(1),
  /** Hold out this of several folds instead of a share; counted from 0. */
  fold: z
    .object({ fold: z.number().int().nonnegative(), folds: z.number().int().min(2) })
    .nullable()
    .default(null),
  /** Which groups are held out; null: as `seed` says. Runs that differ in `seed` alone may share a split. */
  splitSeed: z.number().int().nonnegative().nullable().default(null),
  /** Name or file of the base model. */
  model: z.string(),
  tune: z.enum(tuneNames),
  ...attachmentChoices,
  loss: z.enum(lossNames),
  epochs: count,
  /** Images per batch; with depth `sd-trans` chunks of `slices`. */
  batch: count,
  /** What the backward pass computes again instead of keeping it. */
  recompute: z.enum(recomputeNames).default('none'),
  /** Parts of a batch that pass one after another; their gradients add up. */
  accumulate: count.default(1),
  /** Side at which images enter the model; null: the model's own. */
  imageSize: count.nullable(),
  /** Peak learning rate. */
  lr: z.number().positive(),
  /** How the learning rate moves; the share of the run in which it rises to its peak. */
  schedule: z.enum(scheduleNames).default(scheduleDefaults.schedule),
  warmup: z.number().min(0).lt(1).default(scheduleDefaults.warmup),
  /** Largest gradient norm; 0: gradients stay as they are. */
  clip: z.number().nonnegative().default(1),
  /** Epochs without a better validation Dice after which a run ends; null: it goes on. */
  patience: count.nullable().default(null),
  /** Validate before training, after every so many epochs, and after the last; 0: never, and the last epoch is the best. */
  validateEvery: z.number().int().nonnegative().default(1),
  weightDecay: z.number().nonnegative(),
  /** Most prompts per sample: the first one and the corrective clicks after it. */
  prompts: count,
  /** Train on this setting's prompts alone; null: a mixture of clicks and boxes. */
  promptSetting: z.enum(promptSettings).nullable().default(null),
  /** Vary images in training. Runs from before there was a choice did not. */
  augment: z.boolean().default(false),
  /** Of it: mirror images; off for anatomy whose sides mean something. */
  flip: z.boolean().default(true),
  /** Longest time between two checkpoints; there is one after every epoch anyway. */
  checkpointSeconds: z.number().nonnegative().default(60),
  seed: z.number().int().nonnegative(),
  /** Runs from before there was a choice were ONNX Runtime's. */
  engine: z.enum(engineNames).default('onnx'),
  device: z.enum(['auto', 'cpu', 'cuda', 'webgpu', 'dml', 'coreml']),
  threads: count.nullable(),
  /** How CUDA multiplies; a resumed run goes on in the same. Runs of before it was recorded were not exact. */
  precision: z.enum(precisions).default('fast'),
});
export type TrainOptions = z.infer<typeof trainOptionsSchema>;

/** The paper's schedule and loss (med-sa.md, section 6), at the learning rate that the embedded model takes. */
export const trainDefaults = {
  layout: 'auto',
  classes: null,
  valData: null,
  valFraction: 0.2,
  fold: null,
  splitSeed: null,
  model: 'phantom-sam',
  tune: 'adapters',
  ...attachmentDefaults,
  loss: 'dice-ce',
  epochs: 40,
  batch: 4,
  recompute: 'none',
  accumulate: 1,
  imageSize: null,
  lr: 1e-3,
  ...scheduleDefaults,
  clip: 1,
  patience: null,
  validateEvery: 1,
  checkpointSeconds: 60,
  weightDecay: 0.01,
  prompts: 3,
  promptSetting: null,
  augment: true,
  flip: true,
  seed: 0,
  engine: 'onnx',
  device: 'auto',
  threads: null,
  precision: 'fast',
} satisfies Omit<TrainOptions, 'data'>;

/** `none` is SAM as it is: it can be asked for, and the answer says where it is measured. */
export const tuneChoices = [...tuneNames, 'none'] as const;

type GivenOptions = Partial<Omit<TrainOptions, 'tune'>> & {
  readonly data: string;
  readonly tune?: (typeof tuneChoices)[number];
};

/** Fills in what is not given. @throws UsageError naming the option that is wrong. */
export function trainOptions(given: GivenOptions): TrainOptions {
  if (given.tune === 'none') {
    throw new UsageError('option tune: none trains nothing; to measure the model as it is: med-sa evaluate --data DIR');
  }
  const stated = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const parsed = trainOptionsSchema.safeParse({ ...trainDefaults, ...stated });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsageError(`option ${issue.path.join('.')}: ${issue.message}`);
  }
  const { data, valData, tune, patience, validateEvery } = parsed.data;
  if (patience !== null && validateEvery === 0) {
    throw new UsageError('option patience: it waits for a better validation, and validateEvery 0 asks for none');
  }
  checkAttachment(tune, parsed.data);
  return { ...parsed.data, data: path.resolve(data), valData: valData === null ? null : path.resolve(valData) };
}
