/** Units of a bottleneck by how often they are above 0, over all tokens of the image. */
export interface UnitActivity {
  readonly units: number;
  /** Never above 0. */
  readonly dead: number;
  /** Above 0 at some tokens, but at fewer than `nearDeadShare` of them. */
  readonly nearDead: number;
  /** Units by the part of tokens at which they are above 0: ten equal bins from 0 to 1, dead ones among the first. */
  readonly histogram: readonly number[];
}

/** One token in a hundred. */
export const nearDeadShare = 0.01;

const bins = 10;

/** @param active part of all tokens at which each unit is above 0 */
export function unitActivity(active: ArrayLike<number>, nearDeadBelow = nearDeadShare): UnitActivity {
  const histogram = new Array<number>(bins).fill(0);
  let [dead, nearDead] = [0, 0];
  for (const part of Array.from(active)) {
    if (part === 0) dead++;
    else if (part < nearDeadBelow) nearDead++;
    histogram[Math.min(bins - 1, Math.floor(part * bins))]++;
  }
  return { units: active.length, dead, nearDead, histogram };
}
