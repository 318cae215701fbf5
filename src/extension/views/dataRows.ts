import path from 'node:path';
import type { DataSet } from '../dataSets';
import type { Translate } from '../l10n';
import type { Row } from './row';

/** A folder of the list with what it turned out to be. */
export interface ListedData {
  readonly folder: string;
  readonly added: boolean;
  /** Null while nobody has looked. */
  readonly found: DataSet | { readonly problem: string } | null;
}

/** "pairs, 12 pictures of 4 patients" */
export function dataSummary({ layout, cases, pictures, groups }: DataSet, t: Translate): string {
  const what =
    pictures === cases ? picturesText(cases, t) : pictures === 0 ? volumesText(cases, t) : casesText(cases, t);
  const whose = groups === 1 ? t('of 1 patient') : t('of {0} patients', groups);
  return `${layout}, ${what} ${whose}`;
}

const picturesText = (count: number, t: Translate): string => (count === 1 ? t('1 picture') : t('{0} pictures', count));
const volumesText = (count: number, t: Translate): string => (count === 1 ? t('1 volume') : t('{0} volumes', count));
const casesText = (count: number, t: Translate): string => (count === 1 ? t('1 case') : t('{0} cases', count));

/** `shown`: the folder as the workspace names it. */
export function dataRow({ folder, added, found }: ListedData, shown: string, t: Translate): Row {
  const base = { id: folder, label: path.basename(folder), lines: [folder] };
  if (found === null) return { ...base, description: shown, icon: 'loading~spin', context: 'data.unread' };
  if ('problem' in found) {
    return {
      ...base,
      description: t('cannot be used'),
      icon: 'error',
      context: 'data.bad',
      lines: [folder, found.problem],
    };
  }
  const { classes, notes, warnings } = found;
  return {
    ...base,
    description: dataSummary(found, t),
    icon: warnings.length > 0 ? 'warning' : added ? 'folder' : 'folder-library',
    context: 'data.good',
    lines: [folder, dataSummary(found, t), ...warnings, ...notes],
    children: [
      ...classes.map(({ name, cases }) => ({
        id: `${folder}\0class ${name}`,
        label: name,
        description: t('class, {0}', casesText(cases, t)),
        icon: 'symbol-color',
        context: 'detail',
        lines: [],
      })),
      ...warnings.map((text, index) => ({
        id: `${folder}\0warning ${index}`,
        label: text,
        description: '',
        icon: 'warning',
        context: 'detail',
        lines: [text],
      })),
    ],
  };
}
