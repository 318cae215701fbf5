import type { Random } from '../datasets';
import { percentile } from './percentile';

/** One value of a statistic: of a class, in a picture or volume of a group (patient). */
export interface Observation {
  readonly group: string;
  readonly className: string;
  readonly value: number;
}

export const defaultResamples = 10_000;

/** The mean of the classes' means: every class counts the same. @throws RangeError for no observations. */
export function meanOverClasses(observations: readonly Observation[]): number {
  const table = tabulate(observations);
  return table.mean(table.groups.map((_, index) => index));
}

/**
 * 95 % interval of `meanOverClasses` by the percentile bootstrap: as many groups as there are, drawn with replacement, each
 * with all that was measured in it, `resamples` times; the 2.5th and 97.5th percentile of their means. Images of one
 * patient resemble each other: drawing them one by one would make the interval too narrow. A class that none of the drawn
 * groups has does not count in that draw. null for a single group: nothing tells how much another would differ.
 * @throws RangeError for no observations.
 */
export function bootstrapInterval(
  observations: readonly Observation[],
  random: Random,
  resamples = defaultResamples,
): readonly [number, number] | null {
  const table = tabulate(observations);
  const count = table.groups.length;
  if (count < 2) return null;
  const means = new Float64Array(resamples);
  const drawn = new Int32Array(count);
  for (let resample = 0; resample < resamples; resample++) {
    for (let i = 0; i < count; i++) drawn[i] = random.integer(count);
    means[resample] = table.mean(drawn);
  }
  means.sort();
  return [percentile(means, 0.025), percentile(means, 0.975)];
}

/** Sums and counts per group and class: all that a mean over drawn groups needs. */
function tabulate(observations: readonly Observation[]) {
  if (observations.length === 0) throw new RangeError('a mean needs at least one observation');
  // Sorted: the draws do not depend on the order in which images were measured.
  const groups = [...new Set(observations.map(({ group }) => group))].sort();
  const classes = [...new Set(observations.map(({ className }) => className))].sort();
  const [row, column] = [ranks(groups), ranks(classes)];
  const width = classes.length;
  const sums = new Float64Array(groups.length * width);
  const counts = new Float64Array(groups.length * width);
  for (const { group, className, value } of observations) {
    const at = row.get(group)! * width + column.get(className)!;
    sums[at] += value;
    counts[at]++;
  }
  const mean = (drawn: ArrayLike<number>): number => {
    let [total, present] = [0, 0];
    for (let c = 0; c < width; c++) {
      let [sum, count] = [0, 0];
      for (let i = 0; i < drawn.length; i++) {
        sum += sums[drawn[i] * width + c];
        count += counts[drawn[i] * width + c];
      }
      if (count === 0) continue;
      total += sum / count;
      present++;
    }
    return total / present;
  };
  return { groups, mean };
}

const ranks = (names: readonly string[]): Map<string, number> => new Map(names.map((name, index) => [name, index]));
