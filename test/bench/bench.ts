import type { DeviceName } from '../../src/kernel/runtime/types';

/**
 * One measured quantity. Smaller is better, unless `atLeast` says otherwise: the goal bounds the ratio where there is a
 * reference, else `ours`.
 */
export interface BenchRow {
  readonly name: string;
  /** NaN where it could not be measured; `note` then says why. */
  readonly ours: number;
  readonly reference: number | null;
  /** ours / reference */
  readonly ratio: number | null;
  /** null: shown for information. */
  readonly goal: number | null;
  /** Larger is better. */
  readonly atLeast?: boolean;
  /** Of `ours` and `reference`. */
  readonly unit: string;
  readonly holds: boolean;
  /** What a reader must know to believe the row. */
  readonly note?: string;
}

export interface BenchOptions {
  /** null: the benchmark's own choice. */
  readonly device: DeviceName | null;
  readonly model: string | null;
}

export interface BenchResult {
  readonly rows: readonly BenchRow[];
  /** Lines to print below the table. */
  readonly details?: readonly string[];
}

export interface Bench {
  /** What it measures, in one line. */
  readonly description: string;
  /** The options it takes, each with what it means. */
  readonly takes?: Partial<Record<keyof BenchOptions, string>>;
  /** Its progress goes to standard error: some take minutes. */
  run(options: BenchOptions): Promise<BenchResult>;
}

type Measured = Pick<BenchRow, 'name' | 'ours' | 'goal' | 'atLeast' | 'unit' | 'note'> & {
  readonly reference?: number | null;
};

export function benchRow({ name, ours, goal, atLeast = false, unit, note, reference = null }: Measured): BenchRow {
  const ratio = reference === null ? null : ours / reference;
  const judged = ratio ?? ours;
  const holds = goal === null ? !Number.isNaN(ours) : atLeast ? judged >= goal : judged <= goal;
  const marks = { ...(atLeast ? { atLeast } : {}), ...(note === undefined ? {} : { note }) };
  return { name, ours, reference, ratio, goal, unit, holds, ...marks };
}

/** The value below which that share of the values lies, 0..1; NaN where one of them is. */
export function percentile(values: readonly number[], share: number): number {
  if (values.some(Number.isNaN)) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median duration in milliseconds of `runs` calls, after two that warm caches and arenas up. */
export async function medianMilliseconds(runs: number, work: () => Promise<unknown>): Promise<number> {
  for (let warmUp = 0; warmUp < 2; warmUp++) await work();
  const durations: number[] = [];
  for (let run = 0; run < runs; run++) {
    const begin = performance.now();
    await work();
    durations.push(performance.now() - begin);
  }
  return median(durations);
}
