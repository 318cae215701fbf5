/** One class of a case, slice by slice: all slices of all classes at once could be more than the memory holds. */
export interface ClassVoxels {
  readonly name: string;
  /** Slices on which the class can be seen, ascending. */
  slices(): readonly number[];
  /** 0 or 1 per pixel of slice `k`. */
  slice(k: number): Uint8Array;
}

/** Looks for its slices when they are asked for, unless they are known. */
export function lazyClass(
  name: string,
  slices: number,
  slice: (k: number) => Uint8Array,
  known: readonly number[] | null = null,
): ClassVoxels {
  let present = known;
  const look = () => Array.from({ length: slices }, (_, k) => k).filter((k) => slice(k).includes(1));
  return { name, slice, slices: () => (present ??= look()) };
}
