import type { CurveName, CurveTable, RunEvent } from '../../protocol';

type Told = Extract<RunEvent, { type: 'step' | 'validation' }>;
type Figure = readonly [name: CurveName, value: number];

/**
 * The figures of events as tables for a page, in the order of the events: steps and validations in tables of their own, and a new
 * one where the steps begin again.
 */
export function curveTables(events: readonly RunEvent[]): CurveTable[] {
  const tables: CurveTable[] = [];
  const open: Partial<Record<Told['type'], TableBuilder>> = {};
  for (const event of events) {
    if (event.type !== 'step' && event.type !== 'validation') continue;
    let builder = open[event.type];
    if (builder === undefined || event.step <= builder.lastStep) {
      open[event.type] = builder = new TableBuilder();
      tables.push(builder.table);
    }
    builder.add(event.step, figuresOf(event));
  }
  return tables.map(shortened);
}

/** What an event tells of the curves. */
export function figuresOf(event: Told): Figure[] {
  if (event.type === 'validation') {
    return Object.entries(event.metrics).flatMap(([setting, { dice, iou, classes = {} }]) => [
      ...scores(setting, null, dice, iou),
      ...Object.entries(classes).flatMap(([name, of]) => scores(setting, name, of.dice, of.iou)),
    ]);
  }
  const figures: Figure[] = [[{ quantity: 'loss' }, event.loss]];
  for (const [part, value] of Object.entries(event.parts ?? {})) figures.push([{ quantity: 'loss', part }, value]);
  figures.push([{ quantity: 'learningRate' }, event.learningRate]);
  if (event.gradientNorm !== undefined) figures.push([{ quantity: 'gradientNorm' }, event.gradientNorm]);
  return figures;
}

const scores = (setting: string, name: string | null, dice: number, iou: number): Figure[] => [
  [{ quantity: 'dice', setting, class: name }, dice],
  [{ quantity: 'iou', setting, class: name }, iou],
];

/** A table as a page gets it: six digits are more than an eye sees, and half of what JSON would take. */
export const shortened = ({ steps, curves }: CurveTable): CurveTable => ({
  steps,
  curves: curves.map(({ name, values }) => ({
    name,
    values: values.map((value) => value && Number(value.toPrecision(6))),
  })),
});

/** Makes a table of rows that may tell different curves. */
export class TableBuilder {
  readonly table: CurveTable = { steps: [], curves: [] };
  private readonly columns = new Map<string, (number | null)[]>();

  get lastStep(): number {
    return this.table.steps.at(-1) ?? -Infinity;
  }

  /** `step` must be larger than the last one. */
  add(step: number, figures: readonly Figure[]): void {
    const { steps, curves } = this.table;
    steps.push(step);
    for (const [name, value] of figures) this.column(name)[steps.length - 1] = value;
    for (const { values } of curves) if (values.length < steps.length) values.push(null);
  }

  private column(name: CurveName): (number | null)[] {
    const key = JSON.stringify(name);
    let column = this.columns.get(key);
    if (column === undefined) {
      column = new Array<number | null>(this.table.steps.length - 1).fill(null);
      this.columns.set(key, column);
      this.table.curves.push({ name, values: column });
    }
    return column;
  }
}
