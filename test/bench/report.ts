import os from 'node:os';
import type { BenchRow } from './bench';

/** What `--json` prints. */
export interface BenchReport {
  readonly rows: readonly BenchRow[];
  readonly details?: readonly string[];
  readonly machine: string;
  /** ISO 8601 */
  readonly date: string;
}

/** Processor, memory and system: what a figure is worth nothing without. */
export function machine(): string {
  const memory = `${Math.round(os.totalmem() / 2 ** 30)} GB`;
  const processors = `${os.availableParallelism()} × ${os.cpus()[0]?.model.trim() ?? os.arch()}`;
  return `${processors}, ${memory}, ${os.type()} ${os.release()} ${os.arch()}, Node ${process.versions.node}`;
}

/** The report as an aligned table, details and notes below it. */
export function table({ rows, details = [], machine: where, date }: BenchReport): string {
  const header = ['', 'ours', 'reference', 'ratio', 'goal', ''];
  const lines = rows.map((row) => [
    row.name,
    `${figure(row.ours)} ${row.unit}`,
    row.reference === null ? '–' : `${figure(row.reference)} ${row.unit}`,
    row.ratio === null ? '–' : `${figure(row.ratio)}×`,
    goalText(row),
    [row.goal === null && row.holds ? '' : row.holds ? 'holds' : 'MISSED', row.note ?? ''].filter(Boolean).join(': '),
  ]);
  const cells = [header, ...lines];
  const widths = header.map((_, column) => Math.max(...cells.map((line) => line[column].length)));
  const aligned = cells.map((line) =>
    line
      .map((cell, column) => (leftBound.has(column) ? cell.padEnd : cell.padStart).call(cell, widths[column]))
      .join('  '),
  );
  const below = details.length > 0 ? ['', ...details] : [];
  return [...aligned.map((line) => line.trimEnd()), ...below, '', `${where}; ${date}`].join('\n');
}

/** Columns of words. */
const leftBound: ReadonlySet<number> = new Set([0, 5]);

function goalText({ goal, atLeast, ratio, unit }: BenchRow): string {
  if (goal === null) return '–';
  return `${atLeast ? '≥' : '≤'} ${figure(goal)}${ratio === null ? ` ${unit}` : '×'}`;
}

/** Three significant digits; whole numbers keep all of theirs. */
const figure = (value: number): string =>
  Number.isNaN(value) ? '–' : Math.abs(value) >= 100 ? value.toFixed(0) : String(+value.toPrecision(3));
