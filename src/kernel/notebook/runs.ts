import fs from 'node:fs';
import path from 'node:path';
import type { FineTuneParams, RunForecast } from '../../protocol';
import { CancelledError, UserError } from '../errors';
import { runHolder } from '../training/runLock';
import type { NotebookRunEntry } from './api';
import type { RunReport } from './calls';
import { runCommand } from './command';
import { isWorkedOn, type LaunchedRun, launchRun, stopRun } from './runProcess';
import { isOver } from './runSummary';
import { type ProcessEnd, RunTail } from './runTail';
import { trainArguments } from './trainArguments';

/** What a fine-tune or an evaluation takes where nothing else is asked for; null: the command's own. */
export interface CommandDefaults {
  readonly model: string | null;
  readonly device: string | null;
  readonly engine?: string | null;
  readonly precision?: string | null;
}

export interface RunsOptions {
  /** The built command line, `cli.js`. */
  readonly cli: () => string;
  /** Where runs are written; `runs` in the notebook's folder when null. */
  readonly runsFolder: string | null;
  readonly defaults: CommandDefaults;
  /** How long a run may take to stop by itself. */
  readonly graceMs?: number;
}

/** Runs that have ended, or that nobody follows, of which more is remembered than their folders tell. */
const remembered = 64;

/** The fine-tunes that this kernel started or watches. Each is a process of its own and goes on without the kernel. */
export class Runs {
  private readonly launched = new Map<string, LaunchedRun>();
  private readonly tails = new Map<string, RunTail>();

  constructor(private readonly options: RunsOptions) {}

  /**
   * Starts a fine-tune. @returns the absolute path of its folder, as soon as that is there.
   * @throws UserError in the words of `med-sa train` when it does not start.
   */
  async start(params: FineTuneParams): Promise<string> {
    const { folder } = params;
    const { command, run } = this.trainCommand(params);
    fs.mkdirSync(path.dirname(run), { recursive: true });
    const launched = await launchRun({ cli: this.options.cli(), arguments: command, run, folder });
    this.remember(run, launched);
    return run;
  }

  /** What the fine-tune that `start` would begin would take. @throws UserError as `start` would; CancelledError */
  async forecast(params: FineTuneParams, signal: AbortSignal): Promise<RunForecast> {
    const { command } = this.trainCommand(params);
    const given = [...command, '--dry-run', '--json'];
    const { folder } = params;
    const text = await runCommand({
      cli: this.options.cli(),
      arguments: given,
      folder,
      signal,
      progress: () => undefined,
    });
    return JSON.parse(text) as RunForecast;
  }

  /** Goes on with a run that is not at work. @throws UserError in the words of `med-sa resume` when it cannot be */
  async resume(run: string): Promise<void> {
    const folder = path.resolve(run);
    const command = ['resume', folder];
    const launched = await launchRun({ cli: this.options.cli(), arguments: command, run: folder, folder });
    this.remember(folder, launched);
    // Its folder was there before: it goes on when its process holds the lock.
    while (runHolder(folder)?.pid !== launched.pid) {
      const end = launched.ended();
      if (end?.lastWords === '') return; // there was little left to do
      if (end) throw new UserError(`${run} was not resumed: ${end.lastWords}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  private trainCommand({ notebook: _, folder, data, ...choices }: FineTuneParams): { command: string[]; run: string } {
    const { model, device, engine, precision } = this.options.defaults;
    const asked = trainArguments({ ...choices, model: choices.model ?? model, device: choices.device ?? device });
    const machine = Object.entries({ engine, precision }).flatMap(([name, value]) =>
      value ? [`--${name}`, value] : [],
    );
    const source = path.resolve(folder, data);
    const run = freeFolder(this.options.runsFolder ?? path.join(folder, 'runs'), path.basename(source));
    return { command: ['train', '--data', source, ...asked, ...machine, '--out', run], run };
  }

  /** Reports how far a run is, at once and at every change. @throws UserError when there is no such run. */
  async watch(run: string, listener: (report: RunReport) => void): Promise<() => void> {
    const folder = path.resolve(run);
    if (!fs.existsSync(path.join(folder, 'config.json')) && !this.launched.has(folder)) {
      throw new UserError(`${run} is no run: name the folder that a fine-tune wrote`, { file: run });
    }
    let tail = this.tails.get(folder);
    if (tail === undefined) this.tails.set(folder, (tail = new RunTail(folder, () => this.processEnd(folder))));
    const unlisten = await tail.listen(listener);
    return () => {
      unlisten();
      forgetOldest(this.tails, (one) => !one.isFollowed);
    };
  }

  private remember(run: string, launched: LaunchedRun): void {
    this.launched.delete(run);
    this.launched.set(run, launched);
    forgetOldest(this.launched, (one) => one.ended() !== null);
  }

  /** Follows a run to its end. @throws CancelledError when the signal says so; the run goes on. */
  async follow(run: string, progress: (report: RunReport) => void, signal: AbortSignal): Promise<RunReport> {
    let receive = (report: RunReport) => progress(report);
    const ended = new Promise<RunReport>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new CancelledError()), { once: true });
      receive = (report) => {
        progress(report);
        if (isOver(report.summary.status)) resolve(report);
      };
    });
    // It may be rejected before anybody waits for it.
    ended.catch(() => undefined);
    const unlisten = await this.watch(run, (report) => receive(report));
    try {
      return await ended;
    } finally {
      unlisten();
    }
  }

  /** The runs in a folder, by default the one that runs are written to; the newest first. */
  async list(parent: string | null, notebookFolder: string): Promise<NotebookRunEntry[]> {
    const folder = parent ?? this.options.runsFolder ?? path.join(notebookFolder, 'runs');
    if (!fs.existsSync(folder)) return [];
    const runs = fs.readdirSync(folder).map((name) => path.join(folder, name));
    const begun = (run: string) => fs.statSync(path.join(run, 'config.json'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const newest = runs.filter((run) => begun(run) > 0).sort((a, b) => begun(b) - begun(a));
    return Promise.all(newest.map(async (run) => entryOf(await this.report(run))));
  }

  private async report(run: string): Promise<RunReport> {
    const reports: RunReport[] = [];
    const unlisten = await this.watch(run, (report) => reports.push(report));
    unlisten();
    return reports[0];
  }

  /** Asks a run to stop resumably. @returns whether it was running. */
  stop(run: string): boolean {
    const folder = path.resolve(run);
    // A child of this kernel is known before it has said that it works on the run.
    return stopRun(folder, this.options.graceMs ?? 60_000) || (this.launched.get(folder)?.interrupt() ?? false);
  }

  /** Null while the run's process is alive; else what to tell when the run did not say how it ended. */
  private processEnd(folder: string): ReturnType<ProcessEnd> {
    const resume = `continue it with: med-sa resume ${JSON.stringify(folder)}`;
    const launched = this.launched.get(folder);
    const holder = runHolder(folder);
    // Somebody else may have resumed what this kernel launched.
    if (launched !== undefined && (holder === null || holder.pid === launched.pid)) {
      const end = launched.ended();
      if (end === null) return null;
      const message = `the run's process ended: ${end.lastWords || 'without a word'}; ${resume}`;
      return { status: end.killed ? 'stale' : 'failed', message };
    }
    if (isWorkedOn(folder)) return null;
    const message = `the run's process is gone (killed, or the machine was restarted); ${resume}`;
    return { status: 'stale', message };
  }
}

/** Leaves the newest entries of those that may go, beside all others. */
function forgetOldest<T>(entries: Map<string, T>, mayGo: (value: T) => boolean): void {
  const idle = [...entries].filter(([, value]) => mayGo(value));
  for (const [key] of idle.slice(0, -remembered)) entries.delete(key);
}

function entryOf({ summary, best }: RunReport): NotebookRunEntry {
  const { run: folder, name, status, epoch, epochs, bestDice: dice } = summary;
  return { folder, name, status, epoch, epochs, dice, best };
}

function freeFolder(parent: string, dataName: string): string {
  const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  const base = path.join(path.resolve(parent), `${dataName.replace(/[^\w.-]+/g, '-')}-${stamp}`);
  for (let number = 1; ; number++) {
    const folder = number === 1 ? base : `${base}-${number}`;
    if (!fs.existsSync(folder)) return folder;
  }
}
