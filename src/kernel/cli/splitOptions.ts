import { UsageError } from '../errors';
import { OptionError, text, whole } from './options';

const numbers = text('K/N', 'Hold out fold K of N, counted from 0: every group (patient) is in one of them');

/** "0/5" */
export const fold = {
  ...numbers,
  parse: (given: string): { readonly fold: number; readonly folds: number } => {
    const [, fold, folds] = (/^(\d+)\/(\d+)$/.exec(given) ?? []).map(Number);
    if (folds >= 2 && fold < folds) return { fold, folds };
    throw new OptionError(`is "${given}": give K/N with N from 2 and K from 0 to N−1, such as 0/5`);
  },
};

export const splitSeed = whole(0, 'Which groups are held out (default: as --seed says)');

/** @throws UsageError when more than one of the options is given: they exclude each other. */
export function requireAtMostOne(values: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  const given = names.filter((name) => values[name] !== undefined);
  if (given.length < 2) return;
  throw new UsageError(`--${given[0]} and --${given[1]} exclude each other: give one of them`);
}
