import { UserError } from '../errors';
import { Random } from './random';
import type { Sample } from './types';

export interface Split {
  readonly train: readonly Sample[];
  readonly validation: readonly Sample[];
}

/**
 * Keeps `fraction` of the groups (rounded, at least one, never all) for validation, chosen by the seed. A group stands
 * on one side only; each side keeps the samples' order.
 * @throws UserError for a fraction outside of 0..1 or data of one group only.
 */
export function splitByGroup(samples: readonly Sample[], fraction: number, seed: number | Random): Split {
  if (!(fraction > 0 && fraction < 1)) {
    throw new UserError(`the validation fraction is ${fraction}: choose one between 0 and 1, such as 0.2`);
  }
  const groups = [...new Set(samples.map((sample) => sample.group))].sort();
  if (groups.length < 2) {
    throw new UserError(
      `the data hold ${groups.length} group (the "group" column): at least two are needed to train on one and ` +
        'validate on another; add subjects or name other data for validation',
    );
  }
  const random = typeof seed === 'number' ? new Random(seed).fork('split') : seed;
  const count = Math.min(groups.length - 1, Math.max(1, Math.round(fraction * groups.length)));
  const held = new Set(random.shuffle(groups).slice(0, count));
  return {
    train: samples.filter((sample) => !held.has(sample.group)),
    validation: samples.filter((sample) => held.has(sample.group)),
  };
}
