import path from 'node:path';
import type { CurveTable, RunEvent, RunStatus, RunSummary } from '../../protocol';
import { leadsElsewhere } from '../training/runLinks';
import type { RunReport } from './calls';
import { figuresOf, shortened } from './runCurves';
import { Pace } from './runPace';
import { ThinnedRows } from './thinnedRows';

/** Nothing more happens unless somebody resumes the run. */
export const isOver = (status: RunStatus): status is Exclude<RunStatus, 'starting' | 'running'> =>
  status !== 'starting' && status !== 'running';

/** Folds the events of a run into what is shown of it. */
export class RunProgress {
  private readonly pace = new Pace();
  private readonly steps = new ThinnedRows();
  private readonly validations = new ThinnedRows();
  private summary: Omit<RunSummary, 'loss' | 'dice'>;
  private best: string | null = null;
  private before: number | null = null;
  private done = 0;
  private allSteps = 0;

  /** `run`: absolute path of the run's folder. */
  constructor(private readonly run: string) {
    this.summary = {
      run,
      name: path.basename(run),
      status: 'starting',
      message: null,
      epochs: 0,
      epoch: 0,
      bestDice: null,
    };
  }

  apply(event: RunEvent): void {
    this.take(event);
    this.pace.apply(event, this.done);
  }

  private take(event: RunEvent): void {
    const { summary } = this;
    switch (event.type) {
      case 'start':
        this.summary = { ...summary, status: 'running', message: null, epochs: event.epochs };
        this.allSteps = event.epochs * event.stepsPerEpoch;
        if (event.resumedFrom === null) return;
        // A resumed run repeats the steps after its checkpoint.
        this.steps.forgetAfter(event.resumedFrom);
        this.validations.forgetAfter(event.resumedFrom);
        return;
      case 'step':
        summary.epoch = Math.max(summary.epoch, event.epoch - 1);
        // Logs of version 0.1 tell no progress: their steps are counted, though a batch may take several.
        this.done = event.progress ?? (this.allSteps === 0 ? 0 : Math.min(1, event.step / this.allSteps));
        this.steps.add(event.step, figuresOf(event));
        return;
      case 'validation':
        this.addValidation(event);
        return;
      case 'checkpoint':
        if (event.best) this.best = this.ownFile(event.file) ?? this.best;
        return;
      case 'end':
        this.end(event.status, event.message);
    }
  }

  /** A run's checkpoints lie in it: a log that somebody else wrote may name any file. */
  private ownFile(name: string): string | null {
    const file = path.resolve(this.run, name);
    return file.startsWith(this.run + path.sep) ? file : null;
  }

  end(status: 'done' | 'stopped' | 'failed' | 'stale', message: string | null): void {
    this.summary = { ...this.summary, status, message };
  }

  /** A copy: what was reported does not change afterwards. */
  report(): RunReport {
    const { before, status } = this;
    const best = this.best !== null && isOwn(this.run, this.best) ? this.best : null;
    const [steps, validations] = [this.steps.table(), this.validations.table()];
    const [loss, dice] = [lossOf(steps), diceOf(validations)];
    const curves = [steps, validations].map(shortened);
    const pace = this.pace.report(!isOver(status));
    const done = status === 'done' ? 1 : this.done;
    return { summary: { ...this.summary, loss, dice, pace, curves }, done, best, before };
  }

  get status(): RunStatus {
    return this.summary.status;
  }

  private addValidation(event: Extract<RunEvent, { type: 'validation' }>): void {
    const { summary } = this;
    this.validations.add(event.step, figuresOf(event));
    summary.epoch = Math.max(summary.epoch, event.epoch);
    const values = Object.values(event.metrics).map(({ dice }) => dice);
    if (values.length === 0) return;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    if (event.epoch === 0) this.before = mean;
    else summary.bestDice = Math.max(summary.bestDice ?? 0, mean);
  }
}

/** Whether no link leads out of the run; a name that no system can look at belongs to nobody. */
function isOwn(run: string, file: string): boolean {
  try {
    return leadsElsewhere(run, path.relative(run, file)) === null;
  } catch {
    return false;
  }
}

function lossOf({ steps, curves }: CurveTable): RunSummary['loss'] {
  const total = curves.find(({ name }) => name.quantity === 'loss' && name.part === undefined);
  return total === undefined ? [] : points(steps, total.values);
}

function diceOf({ steps, curves }: CurveTable): RunSummary['dice'] {
  const means = curves.flatMap(({ name, values }) =>
    name.quantity === 'dice' && name.class === null ? [[name.setting, points(steps, values)] as const] : [],
  );
  return Object.fromEntries(means);
}

const points = (steps: readonly number[], values: readonly (number | null)[]): [number, number][] =>
  steps.flatMap((step, index) => {
    const value = values[index];
    return value === null ? [] : [[step, value] satisfies [number, number]];
  });
