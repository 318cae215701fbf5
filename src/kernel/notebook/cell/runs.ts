import { trainingMime, type CellOutput, type OutputItem } from '../../../protocol';
import { CancelledError, UserError } from '../../errors';
import type { FineTuneOptions, NotebookRun } from '../api';
import type { RunReport } from '../calls';
import type { KernelCalls } from './kernelCalls';
import { displayed, jsonItem, LiveDisplay, pngItem, textItem } from './outputs';

/** The saved output is replaced this often; the live curves come to the viewer by a shorter way. */
const replaceEveryMs = 1000;

/** Starts a fine-tune and follows it; an interrupt stops the run resumably. */
export async function fineTune(
  kernel: KernelCalls,
  options: FineTuneOptions,
  emit: (output: CellOutput) => void,
): Promise<NotebookRun> {
  if (typeof options?.data !== 'string') {
    throw new UserError('finetune needs a data folder, e.g. await finetune({ data: "hearts", epochs: 5 })');
  }
  const run = await kernel.call('training/start', options);
  try {
    return await watchRun(kernel, run, emit);
  } catch (error) {
    if (error instanceof CancelledError) await kernel.call('training/stop', { run });
    throw error;
  }
}

/** Shows a run until it has ended. @throws UserError when the run failed. */
export async function watchRun(
  kernel: KernelCalls,
  run: string,
  emit: (output: CellOutput) => void,
): Promise<NotebookRun> {
  const display = new LiveDisplay(emit);
  let shownAt = 0;
  const show = (report: RunReport, picture: OutputItem[] = []) => {
    shownAt = Date.now();
    display.show([jsonItem(trainingMime, report.summary), ...picture, textItem(lineOf(report))]);
  };
  const report = await kernel.call('training/watch', { run }, (value) => {
    const { summary } = value as RunReport;
    const going = summary.status === 'starting' || summary.status === 'running';
    if (going && Date.now() - shownAt >= replaceEveryMs) show(value as RunReport);
  });
  show(report, [pngItem(await pictureOf(report))]);
  const { status, message } = report.summary;
  if (status === 'failed' || status === 'stale') throw new UserError(message ?? `the run ${run} failed`);
  return new FollowedRun(report);
}

class FollowedRun implements NotebookRun {
  readonly folder: string;
  readonly best: string | null;
  readonly dice: NotebookRun['dice'];
  readonly #report: RunReport;

  constructor(report: RunReport) {
    this.#report = report;
    this.folder = report.summary.run;
    this.best = report.best;
    this.dice = { before: report.before, best: report.summary.bestDice };
  }

  get summary(): NotebookRun['summary'] {
    return this.#report.summary;
  }

  /** The curves stand in the output already; as a value, the run is a line. */
  [displayed](): OutputItem[] {
    return [textItem(lineOf(this.#report))];
  }
}

/** The curves for viewers that do not know the live output; drawn once, when the run has ended. */
async function pictureOf({ summary }: RunReport): Promise<string> {
  const { curvePng } = await import('../curvePicture');
  return (await curvePng(summary)).toString('base64');
}

const barLength = 24;

/** E.g. `hearts: [######------] 3 of 6 epochs, loss 0.412, Dice 0.61 → 0.83, running` */
export function lineOf({ summary, done, before }: RunReport): string {
  const marks = Math.floor(barLength * done);
  const bar = `[${'#'.repeat(marks)}${'-'.repeat(barLength - marks)}]`;
  const parts = [summary.epochs === 0 ? bar : `${bar} ${summary.epoch} of ${summary.epochs} epochs`];
  const last = summary.loss[summary.loss.length - 1];
  if (last !== undefined) parts.push(`loss ${last[1].toFixed(3)}`);
  const dice = [before, summary.bestDice].filter((value) => value !== null).map((value) => value.toFixed(3));
  if (dice.length > 0) parts.push(`Dice ${dice.join(' → ')}`);
  parts.push(summary.message === null ? summary.status : `${summary.status}: ${summary.message}`);
  return `${summary.name}: ${parts.join(', ')}`;
}
