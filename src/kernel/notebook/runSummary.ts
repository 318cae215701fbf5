import path from 'node:path';
import type { RunEvent, RunStatus, RunSummary } from '../../protocol';
import type { RunReport } from './calls';

/** Points of a curve that a notebook keeps; a longer curve is thinned out evenly. */
const maxPoints = 600;

/** Nothing more happens unless somebody resumes the run. */
export const isOver = (status: RunStatus): status is 'done' | 'stopped' | 'failed' =>
  status === 'done' || status === 'stopped' || status === 'failed';

/** Folds the events of a run into what is shown of it. */
export class RunProgress {
  private summary: RunSummary;
  private best: string | null = null;
  private before: number | null = null;
  private done = 0;
  private steps = 0;
  /** Of the loss curve's points, one in so many is kept. */
  private lossStride = 1;
  private lossSeen = 0;

  /** `run`: absolute path of the run's folder. */
  constructor(private readonly run: string) {
    this.summary = {
      run,
      name: path.basename(run),
      status: 'starting',
      message: null,
      epochs: 0,
      epoch: 0,
      loss: [],
      dice: {},
      bestDice: null,
    };
  }

  apply(event: RunEvent): void {
    const { summary } = this;
    switch (event.type) {
      case 'start':
        this.summary = { ...summary, status: 'running', message: null, epochs: event.epochs };
        this.steps = event.epochs * event.stepsPerEpoch;
        if (event.resumedFrom !== null) this.forgetAfter(event.resumedFrom);
        return;
      case 'step':
        summary.epoch = Math.max(summary.epoch, event.epoch - 1);
        // Logs of version 0.1 tell no progress: their steps are counted, though a batch may take several.
        this.done = event.progress ?? (this.steps === 0 ? 0 : Math.min(1, event.step / this.steps));
        this.addLoss(event.step, event.loss);
        return;
      case 'validation':
        this.addValidation(event);
        return;
      case 'checkpoint':
        if (event.best) this.best = path.resolve(this.run, event.file);
        return;
      case 'end':
        this.end(event.status, event.message);
    }
  }

  end(status: 'done' | 'stopped' | 'failed', message: string | null): void {
    this.summary = { ...this.summary, status, message };
  }

  /** A copy: what was reported does not change afterwards. */
  report(): RunReport {
    const { best, before } = this;
    const done = this.status === 'done' ? 1 : this.done;
    return { summary: structuredClone(this.summary), done, best, before };
  }

  get status(): RunStatus {
    return this.summary.status;
  }

  /** A resumed run repeats the steps after its checkpoint. */
  private forgetAfter(step: number): void {
    const { loss, dice } = this.summary;
    this.summary.loss = loss.filter(([at]) => at <= step);
    for (const [setting, curve] of Object.entries(dice)) dice[setting] = curve.filter(([at]) => at <= step);
  }

  private addLoss(step: number, loss: number): void {
    if (this.lossSeen++ % this.lossStride !== 0) return;
    this.summary.loss.push([step, loss]);
    if (this.summary.loss.length <= maxPoints) return;
    this.summary.loss = everySecond(this.summary.loss);
    this.lossStride *= 2;
  }

  private addValidation({ step, epoch, metrics }: Extract<RunEvent, { type: 'validation' }>): void {
    const { summary } = this;
    const values = Object.values(metrics).map(({ dice }) => dice);
    for (const [setting, { dice }] of Object.entries(metrics)) {
      const curve = (summary.dice[setting] ??= []);
      curve.push([step, dice]);
      if (curve.length > maxPoints) summary.dice[setting] = everySecond(curve);
    }
    summary.epoch = Math.max(summary.epoch, epoch);
    if (values.length === 0) return;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    if (epoch === 0) this.before = mean;
    else summary.bestDice = Math.max(summary.bestDice ?? 0, mean);
  }
}

/** The newest point always stays. */
const everySecond = <T>(points: readonly T[]): T[] =>
  points.filter((_, index) => (points.length - 1 - index) % 2 === 0);
