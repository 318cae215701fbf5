/**
 * The value below which a part of the sorted values lies, linear between the two nearest ranks (NumPy's `linear`).
 * @param part 0..1
 * @throws RangeError for no values.
 */
export function percentile(sorted: ArrayLike<number>, part: number): number {
  if (sorted.length === 0) throw new RangeError('a percentile needs at least one value');
  const rank = part * (sorted.length - 1);
  const below = Math.floor(rank);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (rank - below) * (sorted[above] - sorted[below]);
}
