import path from 'node:path';
import type { ListedRun } from '../notebook/runList';
import { durationText } from './duration';
import { tableLines } from './table';

/** The list for people. `folder`: where was looked. */
export function runsLines(runs: readonly ListedRun[], folder: string, now = Date.now()): string[] {
  if (runs.length === 0) return [`no runs in ${folder}`];
  const rows = runs.map((run) => [
    path.relative(folder, run.run) || run.name,
    run.status,
    `${run.epoch}/${run.epochs}`,
    run.bestDice === null ? '' : run.bestDice.toFixed(4),
    durationText(run.seconds),
    run.device ?? '',
    run.lastEvent === null ? '' : `${run.lastEvent.type}, ${durationText((now - run.lastEvent.time) / 1000)} ago`,
  ]);
  const table = tableLines(
    [['run', 'status', 'epochs', 'best Dice', 'worked', 'device', 'last event'], ...rows],
    [0, 1, 5, 6],
  );
  const remarks = runs
    .filter(({ status, message }) => message !== null && (status === 'failed' || status === 'stale'))
    .map(({ run, message }) => `${path.relative(folder, run) || run}: ${message}`);
  return [...table, ...remarks];
}
