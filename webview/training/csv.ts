import type { CurveName } from '../../src/protocol';
import { type ShownRun, textOf } from './figures';

const order: readonly CurveName['quantity'][] = ['loss', 'learningRate', 'gradientNorm', 'dice', 'iou'];

/** Every point that the page holds, a row for each run and step; a spreadsheet and pandas read it. RFC 4180. */
export function csvOf(runs: readonly ShownRun[]): string {
  const columns = new Map<string, CurveName>();
  for (const { curves } of runs) for (const { name } of curves.list()) columns.set(JSON.stringify(name), name);
  // Not as they came: a run that began with a validation would have other columns than the next.
  const ordered = [...columns].sort(([, a], [, b]) => order.indexOf(a.quantity) - order.indexOf(b.quantity));
  const keys = ordered.map(([key]) => key);
  const lines = [['run', 'step', ...ordered.map(([, name]) => columnName(name))].map(quoted).join(',')];
  for (const { name, curves } of runs) {
    const rows = new Map<number, Map<string, number>>();
    for (const curve of curves.list()) {
      const key = JSON.stringify(curve.name);
      for (let index = 0; index < curve.points.length; index++) {
        const step = curve.points.step(index);
        let row = rows.get(step);
        if (row === undefined) rows.set(step, (row = new Map()));
        row.set(key, curve.points.value(index));
      }
    }
    for (const step of [...rows.keys()].sort((a, b) => a - b)) {
      lines.push([quoted(name), step, ...keys.map((key) => rows.get(step)?.get(key) ?? '')].join(','));
    }
  }
  return lines.join('\r\n') + '\r\n';
}

function columnName(name: CurveName): string {
  if (name.quantity === 'loss') return name.part === undefined ? 'loss' : `loss ${name.part}`;
  if (name.quantity === 'dice' || name.quantity === 'iou') return `${name.quantity} ${textOf(name)}`;
  return textOf(name);
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
