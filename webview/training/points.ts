/** Points of a curve that a page keeps: 16 bytes each. */
const maxPoints = 200_000;

/** One curve: steps, which rise, and their values. Grows by doubling; past its limit it keeps highs and lows only. */
export class Points {
  private x = new Float64Array(256);
  private y = new Float64Array(256);
  private count = 0;
  private cuts = 0;

  constructor(private readonly limit = maxPoints) {}

  get length(): number {
    return this.count;
  }

  /** Rises whenever points that were there are not any more; appending alone leaves it. */
  get generation(): number {
    return this.cuts;
  }

  step(index: number): number {
    return this.x[index];
  }

  value(index: number): number {
    return this.y[index];
  }

  append(step: number, value: number): void {
    if (this.count === this.limit) this.thin();
    if (this.count === this.x.length) {
      this.x = doubled(this.x);
      this.y = doubled(this.y);
    }
    this.x[this.count] = step;
    this.y[this.count++] = value;
  }

  /** Forgets the points at this step and after it. */
  dropFrom(step: number): void {
    const kept = this.indexAfter(step - 0.5);
    if (kept === this.count) return;
    this.count = kept;
    this.cuts++;
  }

  /** Index of the first point whose step is larger. */
  indexAfter(step: number): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.x[middle] > step) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Value of the last point up to this step; null before the first one. */
  valueAt(step: number): number | null {
    const index = this.indexAfter(step) - 1;
    return index < 0 ? null : this.y[index];
  }

  /** Indices of the lowest and the highest of the points start..end − 1, the earlier one first. */
  extremes(start: number, end: number): [number, number] {
    let [low, high] = [start, start];
    for (let index = start + 1; index < end; index++) {
      if (this.y[index] < this.y[low]) low = index;
      if (this.y[index] > this.y[high]) high = index;
    }
    return low < high ? [low, high] : [high, low];
  }

  /** Of every four points, the lowest and the highest stay. */
  private thin(): void {
    let kept = 0;
    for (let start = 0; start < this.count; start += 4) {
      const [first, second] = this.extremes(start, Math.min(start + 4, this.count));
      for (const index of first === second ? [first] : [first, second]) {
        this.x[kept] = this.x[index];
        this.y[kept++] = this.y[index];
      }
    }
    this.count = kept;
    this.cuts++;
  }
}

function doubled(array: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * array.length);
  larger.set(array);
  return larger;
}
