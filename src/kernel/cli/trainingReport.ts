import type { RunEvent } from '../../protocol';
import type { TrainingOutcome } from '../training/trainer';
import { exitCodes } from './command';
import type { Interrupts } from './interrupts';
import type { Output } from './output';
import { readRun } from './runLog';

const past: Readonly<Record<string, string>> = { reading: 'read', computing: 'computed', validating: 'validated' };

/** Tells what happens in a run, and at its end what came of it. */
export class TrainingReport {
  private readonly started = performance.now();
  private epochs = 0;
  private batches = 0;
  private device: string | null = null;

  /** `run`: absolute path of the run's folder. */
  constructor(
    private readonly run: string,
    private readonly output: Output,
  ) {}

  /** What is being waited for, as "reading images 3/24", "computing embeddings 3/24" or "validating images 3/24". */
  readonly waiting = (message: string): void => {
    const counted = /^(reading|computing|validating) (.*) (\d+)\/(\d+)$/.exec(message);
    if (counted === null) return this.output.note(message);
    const [, work, what, done, total] = counted;
    this.output.progress(`${what} ${past[work]}`, Number(done), Number(total));
  };

  readonly event = (event: RunEvent): void => {
    switch (event.type) {
      case 'start': {
        this.epochs = event.epochs;
        this.batches = event.epochs * event.stepsPerEpoch;
        this.device = event.device;
        const { train, validation } = event.samples;
        const from = event.resumedFrom === null ? '' : `, resumed from step ${event.resumedFrom}`;
        this.output.line(
          `training on ${train} images, validating on ${validation}, ${event.epochs} epochs on ${event.device}${from}`,
        );
        return;
      }
      case 'step': {
        // A batch may take several steps (corrective clicks): only batches can be counted ahead.
        const { epoch, loss, imagesPerSecond, progress = 0 } = event;
        const figures = `epoch ${epoch}/${this.epochs}, loss ${loss.toFixed(4)}`;
        const label = `batches, ${figures}, ${imagesPerSecond.toFixed(1)} images/s`;
        this.output.progress(label, Math.round(progress * this.batches), this.batches);
        return;
      }
      case 'validation': {
        const when = event.epoch === 0 ? 'before training' : `epoch ${event.epoch}/${this.epochs}`;
        const scores = Object.entries(event.metrics).map(
          ([setting, { dice, iou }]) => `${setting} Dice ${dice.toFixed(4)} IoU ${iou.toFixed(4)}`,
        );
        this.output.line([`${when}:`, ...scores].join('  '));
        return;
      }
      case 'checkpoint':
        return;
      case 'end':
        if (event.early && event.message !== null) this.output.line(event.message);
        return;
    }
  };

  /** Prints the result. @returns the exit code: that of the interrupt for a stopped run. */
  finish(outcome: TrainingOutcome, interrupts: Interrupts): number {
    const { summary, before, best } = readRun(this.run);
    const curves = Object.values(summary.dice).map((points) => points.at(-1)?.[1] ?? 0);
    const after = curves.length === 0 ? null : curves.reduce((sum, value) => sum + value, 0) / curves.length;
    const seconds = (performance.now() - this.started) / 1000;
    const figures = { epochs: summary.epoch, bestDice: summary.bestDice, dice: { before, after } };
    const result = { run: this.run, status: outcome, ...figures, adapters: best, device: this.device, seconds };
    const dice = (value: number | null): string => (value === null ? 'unknown' : value.toFixed(4));
    this.output.result(result, [
      ...(summary.bestDice === null
        ? []
        : [`validation Dice ${dice(before)} before, ${dice(summary.bestDice)} at best, ${dice(after)} now`]),
      ...(best === null ? [] : [`adapters: ${best}`]),
      outcome === 'done'
        ? `done in ${seconds.toFixed(0)} s: ${this.run}`
        : `stopped after ${summary.epoch} of ${summary.epochs} epochs; go on with: med-sa resume ${quoted(this.run)}`,
    ]);
    return outcome === 'done' ? exitCodes.success : interrupts.exitCode;
  }
}

const quoted = (file: string): string => (/^[\w./~:\\-]+$/.test(file) ? file : JSON.stringify(file));
