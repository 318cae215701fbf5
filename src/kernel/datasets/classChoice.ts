import { UserError } from '../errors';
import type { Case, ClassValues, Dataset, LabelSource } from './types';

/** Which classes are wanted: names that the data have, or new ones made of label values. */
export type ClassChoice =
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'values'; readonly classes: readonly ClassValues[] };

/**
 * Reads `liver` or `liver=1`, `whole=1+2+4`; all of one kind.
 * @throws UserError for anything else, or a name that comes twice.
 */
export function parseClassChoice(entries: readonly string[]): ClassChoice {
  const parts = entries.map((entry) => {
    const [name, values, ...more] = entry.split('=').map((part) => part.trim());
    const numbers = values?.split('+').map((part) => part.trim());
    if (name === '' || more.length > 0 || numbers?.some((part) => !/^-?\d+$/.test(part))) {
      throw new UserError(`the class "${entry}" is neither a name nor like liver=1 or whole=1+2: correct it`);
    }
    return { name, values: numbers?.map(Number) ?? null };
  });
  const names = parts.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new UserError(`the class ${twice} is named twice: name it once`);
  const withValues = parts.flatMap(({ name, values }) => (values === null ? [] : [{ name, values }]));
  if (names.length === 0) throw new UserError('no class is named: name one, or leave the classes out');
  if (withValues.length === 0) return { kind: 'names', names };
  if (withValues.length < parts.length) {
    throw new UserError(`classes are named with values or without: give each a value, as in liver=1,tumour=2`);
  }
  return { kind: 'values', classes: withValues };
}

type Read = Pick<Dataset, 'classes' | 'cases' | 'notes'>;

/** Keeps what is wanted; cases left without labels go. @throws UserError when the data do not have it. */
export function chooseClasses({ classes, cases, notes }: Read, choice: ClassChoice, folder: string): Read {
  if (choice.kind === 'values') {
    const relabel = (source: LabelSource): LabelSource => relabelled(source, choice.classes, folder);
    return {
      notes,
      classes: choice.classes.map(({ name }) => name),
      cases: cases.map((item) => ({ ...item, labels: item.labels.map(relabel) })),
    };
  }
  const unknown = choice.names.find((name) => !classes.includes(name));
  if (unknown !== undefined) {
    throw new UserError(`${folder} has no class ${unknown}: it has ${classes.join(', ')}`, { file: folder });
  }
  const kept = cases.flatMap((item): Case[] => {
    const labels = item.labels.flatMap((source) => narrowed(source, choice.names));
    return labels.length === 0 ? [] : [{ ...item, labels }];
  });
  return { classes: classes.filter((name) => choice.names.includes(name)), cases: kept, notes };
}

function relabelled(source: LabelSource, classes: readonly ClassValues[], folder: string): LabelSource {
  if (source.kind === 'map') return { ...source, classes };
  if (source.kind === 'consensus') {
    return { ...source, raters: source.raters.map((rater) => relabelled(rater, classes, folder)) };
  }
  throw new UserError(`the classes of ${folder} have names, not values: choose some by name`, { file: folder });
}

function narrowed(source: LabelSource, names: readonly string[]): LabelSource[] {
  switch (source.kind) {
    case 'mask':
    case 'polygons':
      return names.includes(source.className) ? [source] : [];
    case 'map': {
      const classes = source.classes.filter(({ name }) => names.includes(name));
      return classes.length === 0 ? [] : [{ ...source, classes }];
    }
    case 'disc-cup':
    case 'dicom': {
      const classes = source.classes.filter((name) => names.includes(name));
      return classes.length === 0 ? [] : [{ ...source, classes }];
    }
    case 'consensus': {
      const raters = source.raters.flatMap((rater) => narrowed(rater, names));
      return raters.length === 0 ? [] : [{ ...source, raters }];
    }
  }
}
