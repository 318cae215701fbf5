import os from 'node:os';
import type { BenchRow } from './bench';

/** What `--json` prints. */
export interface BenchReport {
  readonly rows: readonly BenchRow[];
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

/** The report as an aligned table. */
export function table({ rows, machine: where, date }: BenchReport): string {
  const header = ['', 'ours', 'reference', 'ratio', 'goal', ''];
  const lines = rows.map((row) => [
    row.name,
    `${figure(row.ours)} ${row.unit}`,
    row.reference === null ? '–' : `${figure(row.reference)} ${row.unit}`,
    row.ratio === null ? '–' : `${figure(row.ratio)}×`,
    row.ratio === null ? `≤ ${figure(row.goal)} ${row.unit}` : `≤ ${figure(row.goal)}×`,
    row.holds ? 'holds' : 'MISSED',
  ]);
  const cells = [header, ...lines];
  const widths = header.map((_, column) => Math.max(...cells.map((line) => line[column].length)));
  const aligned = cells.map((line) =>
    line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('  '),
  );
  return [...aligned.map((line) => line.trimEnd()), '', `${where}; ${date}`].join('\n');
}

/** Three significant digits; whole numbers keep all of theirs. */
const figure = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : String(+value.toPrecision(3)));
