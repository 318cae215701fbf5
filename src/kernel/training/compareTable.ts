import { compareMetric, csvLine, metricNames, type ComparedMetric, type MetricName } from '../evaluation';
import type { RowResult } from './compareFolder';
import { rows, type RowName } from './compareRows';

/** Key of the figures over all classes; no class may be called so. */
export const overClasses = '(mean)';

export interface TableRow {
  readonly row: RowName;
  readonly title: string;
  readonly seeds: readonly number[];
  readonly parameters: { readonly trained: number; readonly all: number };
  /** Means over the seeds; null where nothing is trained. */
  readonly training: { readonly epochs: number; readonly minutes: number } | null;
  /** By prompt setting, then class (`overClasses` first), then metric. null where nothing could be measured. */
  readonly figures: Readonly<
    Record<string, Readonly<Record<string, Readonly<Record<MetricName, ComparedMetric | null>>>>>
  >;
}

export interface CompareTable {
  readonly settings: readonly string[];
  readonly classes: readonly string[];
  readonly distanceUnit: 'mm' | 'px' | null;
  /** Images or volumes, and groups (patients), that every row was measured on. */
  readonly cases: number;
  readonly groups: number;
  readonly rows: readonly TableRow[];
}

/**
 * The table of all finished rows, in the order given; the first is what the others are compared with.
 * @param results of each row, one for each finished seed; rows without any are left out
 */
export function compareTable(
  results: ReadonlyMap<RowName, readonly RowResult[]>,
  settings: readonly string[],
  bootstrapSeed: number,
): CompareTable {
  const finished = [...results].filter(([, seeds]) => seeds.length > 0);
  const scores = finished.flatMap(([, seeds]) => seeds.flatMap((result) => result.scores));
  const classes = [...new Set(scores.map(({ className }) => className))].sort();
  const units = [...new Set(scores.map(({ unit }) => unit))];
  const first = finished[0]?.[0];
  const figuresOf = (row: RowName) =>
    forEach(settings, (setting) =>
      forEach([overClasses, ...classes], (className) => {
        const seedsOf = (name: RowName) =>
          (results.get(name) ?? []).map((result) =>
            result.scores.filter(
              (score) => score.setting === setting && (className === overClasses || score.className === className),
            ),
          );
        const other = row === first || first === undefined ? null : seedsOf(first);
        return forEach(metricNames, (metric) => compareMetric(seedsOf(row), other, metric, bootstrapSeed));
      }),
    );
  return {
    settings,
    classes,
    distanceUnit: units.length === 1 ? units[0] : null,
    cases: new Set(scores.map((score) => score.case)).size,
    groups: new Set(scores.map((score) => score.group)).size,
    rows: finished.map(([row, seeds]) => ({
      row,
      title: rows[row].title,
      seeds: seeds.flatMap(({ seed }) => (seed === null ? [] : [seed])),
      parameters: seeds[0].parameters,
      training: trainingOf(seeds),
      figures: figuresOf(row),
    })),
  };
}

function forEach<Name extends string, T>(names: readonly Name[], make: (name: Name) => T): Record<Name, T> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, T>;
}

function trainingOf(seeds: readonly RowResult[]): TableRow['training'] {
  const trained = seeds.flatMap(({ training }) => (training === null ? [] : [training]));
  if (trained.length === 0) return null;
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    epochs: mean(trained.map(({ epochs }) => epochs)),
    minutes: mean(trained.map(({ seconds }) => seconds)) / 60,
  };
}

/** One line per row, prompt setting, class and metric. */
export const tableCsv = ({ rows: all }: CompareTable): string =>
  [
    csvLine([
      ...['row', 'seeds', 'setting', 'class', 'metric', 'n', 'mean', 'std', 'seed_std', 'low', 'high'],
      ...['difference', 'difference_low', 'difference_high'],
    ]),
    ...all.flatMap(({ row, seeds, figures }) =>
      Object.entries(figures).flatMap(([setting, classes]) =>
        Object.entries(classes).flatMap(([className, metrics]) =>
          metricNames.flatMap((name) => {
            const metric = metrics[name];
            if (metric === null) return [];
            const { n, mean, std, seedStd, interval, difference } = metric;
            return csvLine([
              ...[row, Math.max(1, seeds.length), setting, className, name, n, mean, std, seedStd],
              ...[interval?.[0] ?? null, interval?.[1] ?? null],
              ...[difference?.mean ?? null, difference?.interval?.[0] ?? null, difference?.interval?.[1] ?? null],
            ]);
          }),
        ),
      ),
    ),
  ].join('');
