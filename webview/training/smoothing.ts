import { Points } from './points';

/** The exponential moving average of a curve, corrected for its start as Adam's is; follows the curve as it grows. */
export class Average {
  private points = new Points();
  private seen = 0;
  private generation = 0;
  private sum = 0;
  private weight = 0;

  /** `memory`, 0..1: the weight of what came before; about the last 1 / (1 − memory) points count. */
  constructor(
    private readonly source: Points,
    readonly memory: number,
  ) {}

  /** The average so far; one point for each of the curve's. */
  follow(): Points {
    if (this.generation !== this.source.generation) {
      this.points = new Points();
      this.seen = this.sum = this.weight = 0;
      this.generation = this.source.generation;
    }
    for (; this.seen < this.source.length; this.seen++) {
      this.sum = this.memory * this.sum + (1 - this.memory) * this.source.value(this.seen);
      this.weight = this.memory * this.weight + (1 - this.memory);
      this.points.append(this.source.step(this.seen), this.sum / this.weight);
    }
    return this.points;
  }
}
