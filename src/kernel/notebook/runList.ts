import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { ListedStatus, RunChoice, RunEvent, RunStatus } from '../../protocol';
import { readEvents } from '../training/runEvents';
import { runHolder } from '../training/runLock';
import { isWorkedOn } from './runProcess';
import { isOver, RunProgress } from './runSummary';

/** A run as a list tells of it. */
export interface ListedRun {
  /** Absolute path. */
  readonly run: string;
  readonly name: string;
  readonly status: ListedStatus;
  /** How it ended, or what to do about it. */
  readonly message: string | null;
  /** Asked for, and done. */
  readonly epochs: number;
  readonly epoch: number;
  /** Best mean validation Dice over the prompt settings. */
  readonly bestDice: number | null;
  /** Absolute path of the best adapters. */
  readonly best: string | null;
  /** When it began, milliseconds since the epoch. */
  readonly started: number | null;
  /** Time that processes worked on it, without the breaks between them. */
  readonly seconds: number;
  readonly device: string | null;
  readonly lastEvent: { readonly type: RunEvent['type']; readonly time: number } | null;
  /** The process that works on it, and its machine. */
  readonly process: { readonly pid: number; readonly host: string } | null;
}

/** How deep below a folder runs are looked for: `runs/` of a workspace, and groups of runs in it. */
const depth = 3;
const configSchema = z.object({ version: z.number(), epochs: z.number().optional() });

/** The runs in a folder and the folders in it, the last one begun first; the folder may be a run itself. */
export function listRuns(folder: string): ListedRun[] {
  const found = foldersOfRuns(path.resolve(folder), depth).map(({ run, epochs }) => describeRun(run, epochs));
  return found.sort((a, b) => (b.started ?? 0) - (a.started ?? 0) || a.run.localeCompare(b.run));
}

/** The runs beside one, itself among them; the last one begun first. No log is read. */
export function runsBeside(run: string): RunChoice[] {
  const begun = (folder: string) => fs.statSync(path.join(folder, 'config.json')).mtimeMs;
  return foldersOfRuns(path.dirname(path.resolve(run)), 1)
    .map((found) => ({ run: found.run, name: path.basename(found.run), begun: begun(found.run) }))
    .sort((a, b) => b.begun - a.begun)
    .map(({ run: folder, name }) => ({ run: folder, name }));
}

/** A folder without a readable config of a run is none. `epochs`: asked for, where no event tells. */
function foldersOfRuns(folder: string, levels: number): { readonly run: string; readonly epochs: number }[] {
  const config = configOf(folder);
  if (config !== null) return [{ run: folder, epochs: config.epochs ?? 0 }];
  if (levels === 0) return [];
  return foldersIn(folder).flatMap((inner) => foldersOfRuns(inner, levels - 1));
}

function configOf(folder: string): z.infer<typeof configSchema> | null {
  if (!fs.existsSync(path.join(folder, 'checkpoints'))) return null;
  try {
    const file = path.join(folder, 'config.json');
    // A device or a pipe, by a link say, would never end.
    if (!fs.statSync(file).isFile()) return null;
    return configSchema.safeParse(JSON.parse(fs.readFileSync(file, 'utf8'))).data ?? null;
  } catch {
    return null;
  }
}

function foldersIn(folder: string): string[] {
  try {
    return fs
      .readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
      .map((entry) => path.join(folder, entry.name));
  } catch {
    // May not be read: its runs are not this user's.
    return [];
  }
}

function describeRun(run: string, epochs: number): ListedRun {
  // Asked before the events are read: what the process wrote last is then among them.
  const working = isWorkedOn(run);
  const holder = runHolder(run);
  const events = readEvents(run);
  const progress = new RunProgress(run);
  for (const event of events) progress.apply(event);
  const { summary, best } = progress.report();
  const starts = events.filter((event) => event.type === 'start');
  const last = events.at(-1);
  const status = statusOf(summary.status, holder?.atWork ?? false, working);
  return {
    run,
    name: summary.name,
    status,
    message:
      status === 'stale' ? `its process is gone; go on with: med-sa resume ${JSON.stringify(run)}` : summary.message,
    epochs: summary.epochs || epochs,
    epoch: summary.epoch,
    bestDice: summary.bestDice,
    best,
    started: events[0]?.time ?? null,
    seconds: secondsWorked(events),
    device: starts.at(-1)?.device ?? null,
    lastEvent: last === undefined ? null : { type: last.type, time: last.time },
    process: holder?.atWork ? { pid: holder.pid, host: holder.host } : null,
  };
}

/** A run that was over may have been taken up again and be reading its data. */
function statusOf(said: RunStatus, held: boolean, working: boolean): ListedStatus {
  if (isOver(said)) return held ? 'running' : said;
  return working ? 'running' : 'stale';
}

/** From each start to the last event before the next one. */
function secondsWorked(events: readonly RunEvent[]): number {
  let total = 0;
  let previous: number | null = null;
  for (const { type, time } of events) {
    if (previous !== null && type !== 'start') total += Math.max(0, time - previous);
    previous = time;
  }
  return total / 1000;
}
