import type { Region, Spacing } from './region';

/**
 * The square of every voxel's Euclidean distance to the nearest voxel of `seeds`, in the unit of the spacing; exact.
 * Infinity where there is no seed. Only voxels of `asked` get a true distance: along the last axis, lines without one are
 * skipped. Felzenszwalb & Huttenlocher, "Distance Transforms of Sampled Functions" (2012): linear in the voxels.
 */
export function squaredDistances(seeds: Region, asked: Region, spacing: Spacing): Float64Array {
  const [width, height, slices] = seeds.size;
  const field = alongRows(seeds, spacing[0]);
  const envelope = new LowerEnvelope(Math.max(height, slices));
  const plane = width * height;
  const lastOfTwo = slices === 1;
  for (let z = 0; z < slices; z++) {
    for (let x = 0; x < width; x++) {
      const line = { start: z * plane + x, stride: width, length: height };
      if (!lastOfTwo || meets(asked.data, line)) envelope.transform(field, line, spacing[1]);
    }
  }
  if (lastOfTwo) return field;
  for (let start = 0; start < plane; start++) {
    const line = { start, stride: plane, length: slices };
    if (meets(asked.data, line)) envelope.transform(field, line, spacing[2]);
  }
  return field;
}

/** Voxels in a row along one axis: their places in the array. */
interface Line {
  readonly start: number;
  readonly stride: number;
  readonly length: number;
}

function meets(data: Uint8Array, { start, stride, length }: Line): boolean {
  for (let at = start, end = start + stride * length; at < end; at += stride) if (data[at] === 1) return true;
  return false;
}

/** Squared distance to the nearest seed of the own row. */
function alongRows({ size: [width], data }: Region, step: number): Float64Array {
  const squared = new Float64Array(data.length);
  for (let start = 0; start < data.length; start += width) {
    for (let at = start, run = Infinity; at < start + width; at++) {
      run = data[at] === 1 ? 0 : run + 1;
      squared[at] = run;
    }
    for (let at = start + width - 1, run = Infinity; at >= start; at--) {
      run = data[at] === 1 ? 0 : run + 1;
      squared[at] = (Math.min(run, squared[at]) * step) ** 2;
    }
  }
  return squared;
}

/** The lowest of the parabolas that stand on a line's values, one on each finite one. */
class LowerEnvelope {
  private readonly values: Float64Array;
  /** Parabola k stands on sample `apex[k]` and is the lowest from `from[k]` on, in samples. */
  private readonly apex: Int32Array;
  private readonly from: Float64Array;

  constructor(longest: number) {
    this.values = new Float64Array(longest);
    this.apex = new Int32Array(longest);
    this.from = new Float64Array(longest);
  }

  /** Replaces each value f(i) of the line by the least of f(j) + (step · (i − j))². */
  transform(field: Float64Array, { start, stride, length }: Line, step: number): void {
    const { values, apex, from } = this;
    const weight = step * step;
    let last = -1;
    for (let i = 0, at = start; i < length; i++, at += stride) {
      const value = (values[i] = field[at]);
      if (value === Infinity) continue;
      let meet = -Infinity;
      while (last >= 0) {
        const j = apex[last];
        // Where the parabolas of j and i cross; right of it i's is the lower one.
        meet = ((value - values[j]) / (weight * (i - j)) + i + j) / 2;
        if (meet > from[last]) break;
        last--;
      }
      apex[++last] = i;
      from[last] = last === 0 ? -Infinity : meet;
    }
    if (last < 0) return;
    for (let i = 0, at = start, k = 0; i < length; i++, at += stride) {
      while (k < last && from[k + 1] <= i) k++;
      const j = apex[k];
      field[at] = values[j] + weight * (i - j) * (i - j);
    }
  }
}
