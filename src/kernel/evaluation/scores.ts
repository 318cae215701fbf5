import { Random } from '../datasets';
import { bootstrapInterval, meanOverClasses, type Observation } from './bootstrap';
import { dice, iou } from './overlap';
import type { Region, Spacing } from './region';
import { summary } from './summary';
import { hd95 } from './surfaceDistance';

/** What HD95 counts in: mm where the file tells its spacing, else pixels. */
export type DistanceUnit = 'mm' | 'px';

export interface RegionScore {
  readonly dice: number;
  readonly iou: number;
  /** null where nothing was found: no distance leads there. */
  readonly hd95: number | null;
  readonly unit: DistanceUnit;
}

/** One answer measured: a class of a picture or volume, found with one kind of prompts. */
export interface Score extends RegionScore {
  readonly case: string;
  readonly group: string;
  readonly className: string;
  readonly setting: string;
}

/** @throws RangeError for regions of two sizes. */
export const scoreRegion = (found: Region, target: Region, spacing: Spacing | null): RegionScore => ({
  dice: dice(found, target),
  iou: iou(found, target),
  hd95: hd95(found, target, spacing),
  unit: spacing === null ? 'px' : 'mm',
});

/** A mean with what is known of its certainty. */
export interface Estimate {
  /** Over the classes' means, where there are several. */
  readonly mean: number;
  /** Sample deviation of the single values; 0 for one. */
  readonly std: number;
  readonly median: number;
  /** 95 % bootstrap interval of the mean, by group; null for a single group. */
  readonly interval: readonly [number, number] | null;
  readonly n: number;
}

export interface ScoreSummary {
  readonly n: number;
  readonly groups: number;
  readonly dice: Estimate;
  readonly iou: Estimate;
  /** Of the answers that found something; null where none did, or where some count in mm and others in pixels. */
  readonly hd95: (Estimate & { readonly unit: DistanceUnit }) | null;
  /** Answers that found nothing: they have Dice 0 and no HD95. */
  readonly empty: number;
}

export interface SettingSummary {
  readonly classes: Readonly<Record<string, ScoreSummary>>;
  /** Over the classes, each of the same weight. */
  readonly mean: ScoreSummary;
}

/** Means and intervals per prompt setting and class. The same scores and seed give the same figures, to the last bit. */
export function summarise(scores: readonly Score[], seed: number): Record<string, SettingSummary> {
  return Object.fromEntries(
    [...groupBy(scores, ({ setting }) => setting)].map(([setting, rows]) => {
      const classes = [...groupBy(rows, ({ className }) => className)].sort(([a], [b]) => (a < b ? -1 : 1));
      const summaries = classes.map(([name, own]) => [name, summariseScores(own, seed)] as const);
      return [setting, { classes: Object.fromEntries(summaries), mean: summariseScores(rows, seed) }];
    }),
  );
}

function summariseScores(scores: readonly Score[], seed: number): ScoreSummary {
  const measured = scores.flatMap((score) => (score.hd95 === null ? [] : [{ ...score, value: score.hd95 }]));
  const units = new Set(scores.map(({ unit }) => unit));
  const [unit] = units;
  return {
    n: scores.length,
    groups: new Set(scores.map(({ group }) => group)).size,
    dice: estimate(
      scores.map((score) => ({ ...score, value: score.dice })),
      seed,
    ),
    iou: estimate(
      scores.map((score) => ({ ...score, value: score.iou })),
      seed,
    ),
    hd95: units.size === 1 && measured.length > 0 ? { ...estimate(measured, seed), unit } : null,
    empty: scores.length - measured.length,
  };
}

/** @throws RangeError for no observations. */
export function estimate(observations: readonly Observation[], seed: number): Estimate {
  const { deviation, median, count } = summary(observations.map(({ value }) => value));
  const interval = bootstrapInterval(observations, new Random(seed).fork('bootstrap'));
  return { mean: meanOverClasses(observations), std: deviation, median, interval, n: count };
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
