/** Of what happened before, nothing says how fast the wheel turns now, ms. */
const recentMs = 400;
/** How much of the newest answer's time counts in the time that an answer takes. */
const newest = 0.3;

/** How fast slices go by, and how long one takes to come: which will be looked at when it is here. Times in ms. */
export class WheelPace {
  private shows: { readonly at: number; readonly index: number }[] = [];
  private answerMs = 0;

  shown(index: number, at: number): void {
    this.shows = [...this.shows.filter((show) => at - show.at <= recentMs), { at, index }];
  }

  answered(tookMs: number): void {
    this.answerMs = this.answerMs === 0 ? tookMs : (1 - newest) * this.answerMs + newest * tookMs;
  }

  /** How many slices go by while one comes; negative where the index falls. */
  passing(now: number): number {
    const recent = this.shows.filter((show) => now - show.at <= recentMs);
    if (recent.length < 3) return 0;
    const [first, last] = [recent[0], recent[recent.length - 1]];
    if (last.at <= first.at) return 0;
    return (this.answerMs * (last.index - first.index)) / (last.at - first.at);
  }
}
