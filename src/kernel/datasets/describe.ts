import { CancelledError, UserError } from '../errors';
import { classSlices, isPicture } from './cases';
import { classNamesOf } from './labels';
import type { Case, Dataset, LayoutName, Part } from './types';

/** What a data set holds, as plain JSON. */
export interface DatasetDescription {
  readonly folder: string;
  readonly layout: LayoutName;
  readonly cases: number;
  /** Cases that are pictures for sure; the others are volumes, or may be. */
  readonly pictures: number;
  /** Patients or subjects. */
  readonly groups: number;
  /** Files of a case: 1, or the number of its modalities. */
  readonly modalities: number;
  readonly classes: readonly ClassDescription[];
  /** Cases per folder called train, val or test; null where there are none. */
  readonly parts: Readonly<Partial<Record<Part, number>>> | null;
  /** What was left out and why. */
  readonly notes: readonly string[];
  /** What would spoil training or its evaluation. */
  readonly warnings: readonly string[];
}

export interface ClassDescription {
  readonly name: string;
  /** Cases that show it; where masks were not read, those that may. */
  readonly cases: number;
  /** Slices that show it; null where masks were not read. */
  readonly slices: number | null;
}

/** Shown of a list that may be long. */
const most = 3;

/** Describes a data set from what opening it has told: no mask is read. */
export function describeDataset(dataset: Dataset): DatasetDescription {
  const may = dataset.cases.map((item) => new Set(item.labels.flatMap(classNamesOf)));
  const classes = dataset.classes.map((name) => ({
    name,
    cases: may.filter((names) => names.has(name)).length,
    slices: null,
  }));
  return description(dataset, classes, []);
}

/**
 * Describes a data set after reading all of its masks: counts are exact, and masks that are empty or cannot be read are
 * warned of. @throws CancelledError.
 */
export async function inspectDataset(
  dataset: Dataset,
  { onProgress, signal }: { onProgress?: (done: number, total: number) => void; signal?: AbortSignal } = {},
): Promise<DatasetDescription> {
  const counts = new Map(dataset.classes.map((name) => [name, { cases: 0, slices: 0 }]));
  const [empty, wrong]: [string[], string[]] = [[], []];
  for (const [index, item] of dataset.cases.entries()) {
    if (signal?.aborted) throw new CancelledError();
    const slices = await slicesOf(item, wrong);
    const seen = [...slices].filter(([, all]) => all.length > 0);
    for (const [name, all] of seen) {
      const count = counts.get(name);
      if (!count) continue;
      count.cases++;
      count.slices += all.length;
    }
    if (seen.length === 0 && slices.size > 0) empty.push(item.id);
    onProgress?.(index + 1, dataset.cases.length);
  }
  const classes = [...counts].map(([name, count]) => ({ name, ...count }));
  const absent = classes.filter(({ cases }) => cases === 0).map(({ name }) => name);
  return description(dataset, classes, [
    ...wrong.slice(0, most),
    ...(wrong.length > most ? [`${wrong.length - most} more cases cannot be read`] : []),
    ...(empty.length > 0 ? [`${several(empty.length, 'case has', 'cases have')} an empty mask: ${listed(empty)}`] : []),
    ...(absent.length > 0 ? [`no case shows ${listed(absent)}`] : []),
  ]);
}

async function slicesOf(item: Case, wrong: string[]): Promise<ReadonlyMap<string, readonly number[]>> {
  try {
    return await classSlices(item, { look: true });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    wrong.push(error.message);
    return new Map();
  }
}

function description(
  dataset: Dataset,
  classes: readonly ClassDescription[],
  found: readonly string[],
): DatasetDescription {
  const { folder, layout, cases, notes } = dataset;
  const groups = new Set(cases.map(({ group }) => group));
  const parts = partsOf(cases);
  return {
    folder,
    layout,
    cases: cases.length,
    pictures: cases.filter(isPicture).length,
    groups: groups.size,
    modalities: Math.max(...cases.map(({ images }) => images.length)),
    classes,
    parts,
    notes,
    warnings: [...groupWarnings(cases, groups.size), ...found],
  };
}

function partsOf(cases: readonly Case[]): DatasetDescription['parts'] {
  const parts: Partial<Record<Part, number>> = {};
  for (const { part } of cases) if (part) parts[part] = (parts[part] ?? 0) + 1;
  return Object.keys(parts).length === 0 ? null : parts;
}

function groupWarnings(cases: readonly Case[], groups: number): string[] {
  const warnings: string[] = [];
  if (groups === 1) {
    warnings.push('all cases are of one group (patient): nothing can be held out for validation from this folder');
  }
  const partsOfGroup = new Map<string, Set<Part>>();
  for (const { group, part } of cases) {
    if (part) partsOfGroup.set(group, (partsOfGroup.get(group) ?? new Set()).add(part));
  }
  const shared = [...partsOfGroup].filter(([, parts]) => parts.size > 1).map(([group]) => group);
  if (shared.length > 0) {
    warnings.push(
      `${several(shared.length, 'group stands', 'groups stand')} in more than one of the folders for training, ` +
        `validation and test: ${listed(shared)}`,
    );
  }
  return warnings;
}

const several = (count: number, one: string, more: string): string => `${count} ${count === 1 ? one : more}`;

const listed = (names: readonly string[]): string =>
  names.slice(0, most).join(', ') + (names.length > most ? ', …' : '');
