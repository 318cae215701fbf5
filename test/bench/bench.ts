/** One measured quantity. Smaller is better: the goal bounds the ratio where there is a reference, else `ours`. */
export interface BenchRow {
  readonly name: string;
  readonly ours: number;
  readonly reference: number | null;
  /** ours / reference */
  readonly ratio: number | null;
  readonly goal: number;
  /** Of `ours` and `reference`. */
  readonly unit: string;
  readonly holds: boolean;
}

export interface Bench {
  /** What it measures, in one line. */
  readonly description: string;
  /** Its progress goes to standard error: some take minutes. */
  run(): Promise<BenchRow[]>;
}

export function benchRow(
  measured: Pick<BenchRow, 'name' | 'ours' | 'goal' | 'unit'> & { readonly reference?: number },
): BenchRow {
  const { name, ours, goal, unit, reference = null } = measured;
  const ratio = reference === null ? null : ours / reference;
  return { name, ours, reference, ratio, goal, unit, holds: (ratio ?? ours) <= goal };
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
