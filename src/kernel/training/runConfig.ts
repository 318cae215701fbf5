import path from 'node:path';
import { z } from 'zod';
import type { SplitChoice } from '../datasets';
import { UserError } from '../errors';
import { trainOptionsSchema, type TrainOptions } from './options';

/** `config.json` of a run: its options and what they stood for when it began. */
const runConfigSchema = trainOptionsSchema.extend({
  modelHash: z.string(),
  /** Groups on either side. */
  split: z.object({ train: z.array(z.string()), validation: z.array(z.string()) }),
});
export type RunConfig = z.infer<typeof runConfigSchema>;

/** @param folder of the run, whose `config.json` holds `config` @throws UserError naming the entry that is wrong */
export function parseRunConfig(folder: string, config: unknown): RunConfig {
  const parsed = runConfigSchema.safeParse(config);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UserError(`${path.join(folder, 'config.json')}: ${issue.path.join('.')}: ${issue.message}`, {
    file: folder,
  });
}

/** How a run's options divide the groups of its data. */
export const splitChoiceOf = ({
  valFraction,
  fold,
  splitSeed,
  seed,
}: Pick<TrainOptions, 'valFraction' | 'fold' | 'splitSeed' | 'seed'>): SplitChoice => ({
  ...(fold ?? { fraction: valFraction }),
  seed: splitSeed ?? seed,
});
