import { meanOverClasses, type Observation } from './bootstrap';
import { estimate, type Estimate, type Score } from './scores';
import { summary } from './summary';

export const metricNames = ['dice', 'iou', 'hd95'] as const;
export type MetricName = (typeof metricNames)[number];

/** One metric of one method, for one prompt setting and class (or over the classes). */
export interface ComparedMetric extends Estimate {
  /** Deviation of the seeds' own means; null for a single seed. */
  readonly seedStd: number | null;
  /** Mean of what this method is better by on the same image than the first one, null for the first itself. */
  readonly difference: Pick<Estimate, 'mean' | 'interval' | 'n'> | null;
}

/** What several seeds of one method answered: one list of scores for each. */
export type SeedScores = readonly (readonly Score[])[];

/**
 * A method's metric: of every answer the mean over the seeds, then mean and bootstrap interval over the answers, and the
 * same for its paired difference to `first`. null where nothing was measured, or partly in mm and partly in pixels.
 * @param first the method it is compared with; null for that method itself
 */
export function compareMetric(
  seeds: SeedScores,
  first: SeedScores | null,
  metric: MetricName,
  bootstrapSeed: number,
): ComparedMetric | null {
  const own = overSeeds(seeds, metric);
  const units = new Set(seeds.flat().map(({ unit }) => unit));
  if (own.size === 0 || (metric === 'hd95' && units.size > 1)) return null;
  const means = seeds.flatMap((scores) => {
    const observations = [...overSeeds([scores], metric).values()];
    return observations.length === 0 ? [] : [meanOverClasses(observations)];
  });
  return {
    ...estimate([...own.values()], bootstrapSeed),
    seedStd: means.length < 2 ? null : summary(means).deviation,
    difference: first === null ? null : pairedDifference(own, overSeeds(first, metric), bootstrapSeed),
  };
}

/** Over the answers that both have. */
function pairedDifference(
  own: ReadonlyMap<string, Observation>,
  other: ReadonlyMap<string, Observation>,
  bootstrapSeed: number,
): ComparedMetric['difference'] {
  const differences = [...own].flatMap(([key, observation]) => {
    const counterpart = other.get(key);
    return counterpart === undefined ? [] : [{ ...observation, value: observation.value - counterpart.value }];
  });
  if (differences.length === 0) return null;
  const { mean, interval, n } = estimate(differences, bootstrapSeed);
  return { mean, interval, n };
}

/** Each answer's mean over the seeds that have the metric, by case, class and setting. */
function overSeeds(seeds: SeedScores, metric: MetricName): Map<string, Observation> {
  const values = new Map<string, { score: Score; values: number[] }>();
  for (const score of seeds.flat()) {
    const value = score[metric];
    if (value === null) continue;
    const key = JSON.stringify([score.case, score.className, score.setting]);
    const known = values.get(key);
    if (known === undefined) values.set(key, { score, values: [value] });
    else known.values.push(value);
  }
  return new Map(
    [...values].map(([key, { score, values: all }]) => [
      key,
      { group: score.group, className: score.className, value: all.reduce((sum, v) => sum + v, 0) / all.length },
    ]),
  );
}
