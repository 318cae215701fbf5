import type { ComparedMetric } from '../evaluation';
import { overClasses, type CompareTable, type TableRow } from './compareTable';

/** The table as the paper prints it: methods against classes, one table for each kind of prompts. */
export function tableMarkdown(table: CompareTable, notes: readonly string[]): string {
  const lines = [
    `${table.cases} ${table.cases === 1 ? 'case' : 'cases'} of ${table.groups} ${table.groups === 1 ? 'group' : 'groups'}.`,
    'In brackets: 95 % bootstrap interval over groups. ± : deviation between seeds, where there are several.',
    `Δ: paired difference to ${table.rows[0]?.title ?? 'the first row'}.`,
  ];
  return [
    lines.join('\n'),
    ...table.settings.flatMap((setting) => [
      `### ${setting}`,
      methodsTable(table, setting),
      ...(table.classes.length > 1 ? ['Dice per class:', classesTable(table, setting)] : []),
    ]),
    ...(notes.length > 0 ? [notes.map((note) => `- ${note}`).join('\n')] : []),
  ].join('\n\n');
}

function methodsTable({ rows, distanceUnit }: CompareTable, setting: string): string {
  const heading = [
    '',
    'trained',
    'epochs',
    'min',
    'Dice',
    'Δ Dice',
    'IoU',
    `HD95${distanceUnit === null ? '' : ` (${distanceUnit})`}`,
  ];
  return markdownTable(
    heading,
    rows.map((row) => {
      const { dice, iou, hd95 } = row.figures[setting][overClasses];
      return [
        row.title,
        trained(row),
        ...duration(row),
        figure(dice, 3),
        difference(dice),
        figure(iou, 3),
        figure(hd95, 1),
      ];
    }),
  );
}

const classesTable = ({ rows, classes }: CompareTable, setting: string): string =>
  markdownTable(
    ['', ...classes, 'mean'],
    rows.map(({ title, figures }) => [
      title,
      ...[...classes, overClasses].map((name) => figure(figures[setting][name].dice, 3)),
    ]),
  );

/** Aligned, so that it reads as a table on a terminal too. */
function markdownTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heading, ...rows].map((cells) => cells.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = heading.map((_, column) => Math.max(3, ...all.map((cells) => cells[column].length)));
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  const [head, ...body] = all.map((cells) =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))),
  );
  return [head, rule, ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function figure(metric: ComparedMetric | null, digits: number): string {
  if (metric === null) return '–';
  const { mean, seedStd, interval } = metric;
  const spread = seedStd === null ? '' : ` ± ${seedStd.toFixed(digits)}`;
  return `${mean.toFixed(digits)}${spread}${interval === null ? '' : ` [${interval.map((end) => end.toFixed(digits)).join(', ')}]`}`;
}

function difference(metric: ComparedMetric | null): string {
  if (metric === null || metric.difference === null) return '';
  const { mean, interval } = metric.difference;
  const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
  return `${signed(mean)}${interval === null ? '' : ` [${interval.map(signed).join(', ')}]`}`;
}

/** "0.51 M (3.2 %)" */
function trained({ parameters }: TableRow): string {
  if (parameters.trained === 0) return '0';
  const share = (100 * parameters.trained) / parameters.all;
  return `${(parameters.trained / 1e6).toPrecision(3)} M (${share < 10 ? share.toPrecision(2) : share.toFixed(0)} %)`;
}

const duration = ({ training }: TableRow): [string, string] =>
  training === null ? ['', ''] : [String(Math.round(training.epochs)), training.minutes.toFixed(1)];
