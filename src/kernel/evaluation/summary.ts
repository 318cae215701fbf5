/** What a list of figures comes to. `deviation` is the sample's own (n − 1), 0 for one value. */
export interface Summary {
  readonly count: number;
  readonly mean: number;
  readonly deviation: number;
  readonly median: number;
}

/** @throws RangeError for no values: a mean of nothing must not look like a result. */
export function summary(values: readonly number[]): Summary {
  const count = values.length;
  if (count === 0) throw new RangeError('a summary needs at least one value');
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (count - 1) / 2;
  return {
    count,
    mean,
    deviation: count === 1 ? 0 : Math.sqrt(squares / (count - 1)),
    median: (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2,
  };
}
