import path from 'node:path';
import { z } from 'zod';
import { UsageError } from '../errors';
import { tuneNames } from '../inference';
import { lossNames } from './losses';
import { recomputeNames } from './trainStep';

const count = z.number().int().positive();

/** What a run is asked to do: the content of its `config.json`. Paths are absolute. */
export const trainOptionsSchema = z.object({
  data: z.string(),
  layout: z.enum(['auto', 'pairs']),
  /** Own folder for validation; null: a share of the groups of `data`. */
  valData: z.string().nullable(),
  valFraction: z.number().gt(0).lt(1),
  /** Name or file of the base model. */
  model: z.string(),
  tune: z.enum(tuneNames),
  loss: z.enum(lossNames),
  epochs: count,
  batch: count,
  /** What the backward pass computes again instead of keeping it. */
  recompute: z.enum(recomputeNames).default('none'),
  /** Parts of a batch that pass one after another; their gradients add up. */
  accumulate: count.default(1),
  /** Side at which images enter the model; null: the model's own. */
  imageSize: count.nullable(),
  /** Peak learning rate. */
  lr: z.number().positive(),
  weightDecay: z.number().nonnegative(),
  /** Most prompts per sample: the first one and the corrective clicks after it. */
  prompts: count,
  seed: z.number().int().nonnegative(),
  device: z.enum(['auto', 'cpu', 'cuda', 'webgpu', 'dml', 'coreml']),
  threads: count.nullable(),
});
export type TrainOptions = z.infer<typeof trainOptionsSchema>;

/** The paper's schedule and loss (med-sa.md, section 6), at the learning rate that the embedded model takes. */
export const trainDefaults = {
  layout: 'auto',
  valData: null,
  valFraction: 0.2,
  model: 'phantom-sam',
  tune: 'adapters',
  loss: 'dice-ce',
  epochs: 40,
  batch: 4,
  recompute: 'none',
  accumulate: 1,
  imageSize: null,
  lr: 1e-3,
  weightDecay: 0.01,
  prompts: 3,
  seed: 0,
  device: 'auto',
  threads: null,
} satisfies Omit<TrainOptions, 'data'>;

/** Fills in what is not given. @throws UsageError naming the option that is wrong. */
export function trainOptions(given: Partial<TrainOptions> & Pick<TrainOptions, 'data'>): TrainOptions {
  const stated = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const parsed = trainOptionsSchema.safeParse({ ...trainDefaults, ...stated });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsageError(`option ${issue.path.join('.')}: ${issue.message}`);
  }
  const { data, valData } = parsed.data;
  return { ...parsed.data, data: path.resolve(data), valData: valData === null ? null : path.resolve(valData) };
}
