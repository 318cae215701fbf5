import path from 'node:path';
import type { RunEvent } from '../../protocol';
import { CancelledError, UserError } from '../errors';
import type { Score } from '../evaluation';
import { lockFile } from '../fileLock';
import { sizeOf } from '../graph';
import type { SamConfig } from '../sam/config';
import type { ShapeTable } from '../sam/shapes';
import type { CompareConfig, CompareFolder, RowResult } from './compareFolder';
import { rowOptions, rows, type RowName, type SharedOptions } from './compareRows';
import { compareTable, tableCsv, type CompareTable } from './compareTable';
import { tableMarkdown } from './compareMarkdown';
import { epochsWithin } from './compareTrial';
import { resumeRun, startRun, type RunContext } from './run';
import { RunDirectory } from './runDirectory';
import { readEvents } from './runEvents';
import { trainableShapes } from './trainable';
import type { TrainingOutcome } from './trainer';

/** One row under one seed; the model as it is has no seed. */
export interface Place {
  readonly row: RowName;
  readonly seed: number | null;
}

export type RowState = 'finished' | 'trains' | 'resumes' | 'measures';

export interface CompareRequest {
  readonly folder: CompareFolder;
  readonly rows: readonly RowName[];
  readonly seeds: readonly number[];
  readonly shared: SharedOptions;
  readonly budget: CompareConfig['budget'];
  readonly evaluation: CompareConfig['evaluation'];
  /** What stands below the table. */
  readonly notes: readonly string[];
  readonly model: SamConfig;
  /** Measures what a run made on the validation side; null: the model as it is. */
  readonly measure: (adapters: string | null) => Promise<readonly Score[]>;
  readonly context: RunContext & {
    /** Row by row: what begins, and what is there already; `position` as "3/9". */
    readonly onRow?: (place: Place, state: RowState, position: string) => void;
  };
}

export interface CompareOutcome {
  readonly table: CompareTable;
  /** Rows that could not be trained, and why. */
  readonly failures: readonly { readonly row: RowName; readonly seed: number; readonly message: string }[];
}

/**
 * Trains and measures what is missing of a comparison, seed by seed and row by row, and writes its tables anew after each
 * row. A row that diverges or does not fit into memory is told of, and the others go on.
 * @throws UserError for data or a model that are wrong, or when another process works on the folder; CancelledError: what
 * was finished stays, and the run in work can go on.
 */
export async function compare(request: CompareRequest): Promise<CompareOutcome> {
  const { folder, context } = request;
  const release = lockFile(folder.file('.lock'), `comparing in ${folder.folder}`);
  const failures: { row: RowName; seed: number; message: string }[] = [];
  try {
    let table = await writeTables(request, failures);
    const places = placesOf(request);
    for (const [index, place] of places.entries()) {
      if (context.signal.aborted) throw new CancelledError();
      const tell = (state: RowState): void => context.onRow?.(place, state, `${index + 1}/${places.length}`);
      if ((await folder.result(place.row, place.seed)) !== null) {
        tell('finished');
        continue;
      }
      try {
        await finish(place, request, tell);
      } catch (error) {
        if (!(error instanceof UserError) || place.seed === null) throw error;
        failures.push({ row: place.row, seed: place.seed, message: error.message });
      }
      table = await writeTables(request, failures);
    }
    return { table, failures };
  } finally {
    release();
  }
}

/** Seed by seed, so that a table with all rows stands early. */
const placesOf = ({ rows: names, seeds }: CompareRequest): Place[] =>
  seeds.flatMap((seed, index) =>
    names.flatMap((row): Place[] => {
      if (rows[row].tune !== null) return [{ row, seed }];
      return index === 0 ? [{ row, seed: null }] : [];
    }),
  );

/** Trains a row as far as it is not trained, measures it and writes the result. */
async function finish({ row, seed }: Place, request: CompareRequest, tell: (state: RowState) => void): Promise<void> {
  const { folder, context, measure, evaluation } = request;
  const run = seed === null ? null : await train(row, seed, request, tell);
  tell('measures');
  const scores = await measure(
    run === null ? null : path.join(run, 'checkpoints', `${evaluation.checkpoint}.safetensors`),
  );
  await folder.writeResult({
    row,
    seed,
    device: context.executor.device,
    parameters: parametersOf(row, request),
    training: run === null ? null : durationOf(readEvents(run)),
    scores: [...scores],
  });
}

/** @returns the run's folder, trained to its end. */
async function train(
  row: RowName,
  seed: number,
  request: CompareRequest,
  tell: (state: RowState) => void,
): Promise<string> {
  const { folder, context, shared } = request;
  const run = folder.run(row, seed);
  if (!RunDirectory.exists(run)) {
    const options = rowOptions(row, shared, await epochsOf(row, request), seed);
    tell('trains');
    requireDone(await startRun(options, run, context));
  } else if (!isDone(readEvents(run))) {
    tell('resumes');
    requireDone(await resumeRun(run, context));
  }
  return run;
}

function parametersOf(row: RowName, { shared, model }: CompareRequest): RowResult['parameters'] {
  const count = (shapes: ShapeTable): number => [...shapes.values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
  const all = count(trainableShapes('full', model));
  if (rows[row].tune === null) return { trained: 0, all };
  const options = rowOptions(row, shared, 1, 0);
  return { trained: count(trainableShapes(options.tune, model, options)), all };
}

function requireDone(outcome: TrainingOutcome): void {
  if (outcome === 'stopped') throw new CancelledError();
}

const isDone = (events: readonly RunEvent[]): boolean => {
  const last = events.at(-1);
  return last?.type === 'end' && last.status === 'done';
};

/** As many as were asked for, or as fit into the time: the same for all seeds of a row. */
async function epochsOf(row: RowName, { budget, folder, seeds, shared, context }: CompareRequest): Promise<number> {
  if ('epochs' in budget) return budget.epochs;
  const planned = await folder.plannedEpochs(row);
  if (planned !== null) return planned;
  context.onProgress?.(`trying how many epochs of ${row} fit into ${budget.minutes} minutes`);
  const options = rowOptions(row, shared, 1, seeds[0]);
  const { onEvent: _, ...quiet } = context;
  const epochs = await epochsWithin(budget.minutes, options, folder.file(row, 'trial'), quiet);
  await folder.planEpochs(row, epochs);
  return epochs;
}

/** Epochs, and the seconds from each start to the last sign of life after it. */
export function durationOf(events: readonly RunEvent[]): { readonly epochs: number; readonly seconds: number } {
  let [epochs, milliseconds, before] = [0, 0, 0];
  for (const event of events) {
    if (event.type !== 'start') milliseconds += event.time - before;
    if (event.type === 'checkpoint') epochs = Math.max(epochs, event.epoch);
    before = event.time;
  }
  return { epochs, seconds: milliseconds / 1000 };
}

async function currentTable({ folder, rows: names, seeds, evaluation }: CompareRequest): Promise<CompareTable> {
  const results = new Map<RowName, RowResult[]>();
  for (const row of names) {
    const places = rows[row].tune === null ? [null] : seeds;
    const found = await Promise.all(places.map((seed) => folder.result(row, seed)));
    results.set(
      row,
      found.filter((result) => result !== null),
    );
  }
  return compareTable(results, evaluation.settings, evaluation.seed);
}

/** `table.md`, `table.csv` and `table.json`, with what is there. */
async function writeTables(request: CompareRequest, failures: CompareOutcome['failures']): Promise<CompareTable> {
  const { folder, notes } = request;
  const table = await currentTable(request);
  const told = failures.map(({ row, seed, message }) => `${row}, seed ${seed}, failed: ${message}`);
  await folder.write('table.md', `${tableMarkdown(table, [...notes, ...told])}\n`);
  await folder.write('table.csv', tableCsv(table));
  await folder.write('table.json', JSON.stringify({ ...table, notes, failures }, null, 2) + '\n');
  return table;
}
