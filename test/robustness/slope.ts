/** How fast a figure grows, and how sure that is. */
export interface Slope {
  /** Per minute. */
  readonly perMinute: number;
  /** Half of the 95 % interval. */
  readonly within: number;
  readonly mean: number;
  readonly first: number;
  readonly last: number;
  readonly samples: number;
}

/** Two-sided 95 % points of Student's t, by degrees of freedom. */
const student: readonly (readonly [number, number])[] = [
  [1, 12.71],
  [2, 4.3],
  [3, 3.18],
  [4, 2.78],
  [6, 2.45],
  [8, 2.31],
  [10, 2.23],
  [14, 2.14],
  [18, 2.1],
  [30, 2.04],
  [Infinity, 1.96],
];

/** Neighbouring samples tell much the same (a heap grows until it is collected): so many blocks count as one each. */
const maxBlocks = 20;

/**
 * The straight line through a figure over time, after the warm-up.
 * @param samples [minutes, value], in order of time
 * @param warmUp share of the time that does not count, 0..1
 */
export function slopeOf(samples: readonly (readonly [number, number])[], warmUp = 0.25): Slope {
  const begin = samples[0][0];
  const end = samples[samples.length - 1][0];
  const counted = samples.filter(([at]) => at >= begin + warmUp * (end - begin));
  const blocks = blockMeans(counted, Math.min(maxBlocks, Math.floor(counted.length / 3)));
  if (blocks.length < 3) throw new Error(`${samples.length} samples are too few for a slope`);
  const [at, value] = [0, 1].map((index) => mean(blocks.map((block) => block[index])));
  const spread = sum(blocks.map(([x]) => (x - at) ** 2));
  const perMinute = sum(blocks.map(([x, y]) => (x - at) * (y - value))) / spread;
  const residual = sum(blocks.map(([x, y]) => (y - value - perMinute * (x - at)) ** 2));
  const freedom = blocks.length - 2;
  const t = (student.findLast(([degrees]) => degrees <= freedom) ?? student[0])[1];
  return {
    perMinute,
    within: t * Math.sqrt(residual / freedom / spread),
    mean: value,
    first: counted[0][1],
    last: counted[counted.length - 1][1],
    samples: counted.length,
  };
}

function blockMeans(samples: readonly (readonly [number, number])[], count: number): [number, number][] {
  return Array.from({ length: count }, (_, index) => {
    const at = (edge: number): number => Math.round((edge / count) * samples.length);
    const block = samples.slice(at(index), at(index + 1));
    return [mean(block.map(([x]) => x)), mean(block.map(([, y]) => y))];
  });
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;

/** As the documentation states it. */
export const slopeText = ({ perMinute, within, mean: value }: Slope, unit = 'MiB'): string =>
  `${perMinute.toFixed(3)} ± ${within.toFixed(3)} ${unit}/min (mean ${value.toFixed(1)} ${unit})`;
