import { UserError } from '../errors';
import { Random } from './random';
import type { Case } from './types';

/** Either a share of the groups, or one of several folds that together hold every group once. `fold` counts from 0. */
export type SplitChoice =
  | { readonly fraction: number; readonly seed: number }
  | { readonly fold: number; readonly folds: number; readonly seed: number };

export interface Split<Item = Case> {
  readonly train: readonly Item[];
  readonly validation: readonly Item[];
}

/**
 * Holds groups out for validation, chosen by the seed: `fraction` of them (rounded, at least one, never all), or those
 * of a fold. A group stands on one side only; each side keeps the cases' order.
 * @throws UserError for a fraction outside of 0..1, a fold that is not there, or fewer groups than are needed.
 */
export function splitCases<Item extends { readonly group: string }>(
  cases: readonly Item[],
  choice: SplitChoice,
): Split<Item> {
  const groups = [...new Set(cases.map(({ group }) => group))].sort();
  const needed = 'folds' in choice ? choice.folds : 2;
  checkChoice(choice);
  if (groups.length < needed) {
    throw new UserError(
      `the data hold ${groups.length} group${groups.length === 1 ? '' : 's'} (patients): at least ${needed === 2 ? 'two' : needed} are ` +
        ('folds' in choice
          ? `needed for ${needed} folds; choose fewer folds`
          : 'needed to train on one and validate on another; add subjects or name other data for validation'),
    );
  }
  const shuffled = new Random(choice.seed).fork('split').shuffle(groups);
  const held = new Set(heldGroups(shuffled, choice));
  return {
    train: cases.filter(({ group }) => !held.has(group)),
    validation: cases.filter(({ group }) => held.has(group)),
  };
}

function heldGroups(shuffled: readonly string[], choice: SplitChoice): readonly string[] {
  if ('folds' in choice) return shuffled.filter((_, index) => index % choice.folds === choice.fold);
  const count = Math.min(shuffled.length - 1, Math.max(1, Math.round(choice.fraction * shuffled.length)));
  return shuffled.slice(0, count);
}

function checkChoice(choice: SplitChoice): void {
  if ('folds' in choice) {
    const { fold, folds } = choice;
    if (!(Number.isInteger(folds) && folds >= 2)) {
      throw new UserError(`the number of folds is ${folds}: choose a whole number from 2, such as 5`);
    }
    if (!(Number.isInteger(fold) && fold >= 0 && fold < folds)) {
      throw new UserError(`the fold is ${fold}: of ${folds} folds, choose one from 0 to ${folds - 1}`);
    }
  } else if (!(choice.fraction > 0 && choice.fraction < 1)) {
    throw new UserError(`the validation fraction is ${choice.fraction}: choose one between 0 and 1, such as 0.2`);
  }
}

/** A split as plain JSON: how it was chosen and what stands on either side. */
export interface SplitDescription {
  /** Null where the data name the validation cases themselves. */
  readonly choice: SplitChoice | null;
  readonly train: SideDescription;
  readonly validation: SideDescription;
}

export interface SideDescription {
  readonly cases: number;
  /** In alphabetical order. */
  readonly groups: readonly string[];
}

export function describeSplit({ train, validation }: Split, choice: SplitChoice | null): SplitDescription {
  return { choice, train: describeSide(train), validation: describeSide(validation) };
}

const describeSide = (cases: readonly Case[]): SideDescription => ({
  cases: cases.length,
  groups: [...new Set(cases.map(({ group }) => group))].sort(),
});
