import type { RunEvent, RunPace } from '../../protocol';

type Step = Extract<RunEvent, { type: 'step' }>;

/** Single steps jump with the machine's other work: so many are averaged. */
const recentSteps = 20;

/** How far a run is and how fast it goes, by its events. */
export class Pace {
  private step = 0;
  private device: string | null = null;
  private worked = 0;
  private previous: number | null = null;
  private recent: number[] = [];
  /** The first step of the present sitting, and the last: how far the run was, and when. */
  private first: { readonly time: number; readonly done: number } | null = null;
  private last: { readonly time: number; readonly done: number } | null = null;

  /** `done`: the share of the run that is behind it after this event, 0..1. */
  apply(event: RunEvent, done: number): void {
    if (this.previous !== null && event.type !== 'start') this.worked += Math.max(0, event.time - this.previous);
    this.previous = event.time;
    if (event.type === 'start') {
      this.device = event.device;
      this.step = event.resumedFrom ?? 0;
      this.recent = [];
      this.first = this.last = null;
    }
    if (event.type === 'step') this.addStep(event, done);
  }

  private addStep({ step, time, imagesPerSecond }: Step, done: number): void {
    this.step = step;
    this.recent = [...this.recent, imagesPerSecond].slice(-recentSteps);
    this.last = { time, done };
    this.first ??= this.last;
  }

  /** `underWay`: whether anything is still to come. */
  report(underWay: boolean): RunPace {
    const { step, device, recent } = this;
    return {
      step,
      device,
      imagesPerSecond: recent.length === 0 ? null : recent.reduce((sum, value) => sum + value, 0) / recent.length,
      secondsLeft: underWay ? this.secondsLeft() : null,
      secondsWorked: this.worked / 1000,
    };
  }

  private secondsLeft(): number | null {
    if (this.first === null || this.last === null || this.last.done <= this.first.done) return null;
    const perShare = (this.last.time - this.first.time) / (this.last.done - this.first.done);
    return (perShare * (1 - this.last.done)) / 1000;
  }
}
