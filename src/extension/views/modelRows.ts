import type { Translate } from '../l10n';
import type { ListedModel } from '../modelList';
import { sizeText } from './figures';
import type { Row } from './row';

/** `active`: the model that new images are opened with. */
export function modelRow(model: ListedModel, active: boolean, t: Translate): Row {
  const { name, title, state, size, sizeIsExact, licence, file, page } = model;
  const amount = size === null ? [] : [`${sizeIsExact ? '' : '≈ '}${sizeText(size)}`];
  return {
    id: name,
    label: name,
    description: [...(active ? [t('active')] : []), title, ...amount].join(' · '),
    ...iconOf(state, active),
    context: ['model', state, ...(active ? ['active'] : [])].join('.'),
    lines: [
      stateText(state, t),
      ...(licence === null ? [] : [t('licence {0}', licence)]),
      ...[file, page].filter((line) => line !== null),
    ],
  };
}

function iconOf(state: ListedModel['state'], active: boolean): Pick<Row, 'icon' | 'colour'> {
  if (active) return { icon: 'pass-filled', colour: 'testing.iconPassed' };
  switch (state) {
    case 'absent':
      return { icon: 'cloud' };
    case 'lost':
      return { icon: 'warning' };
    default:
      return { icon: 'symbol-misc' };
  }
}

function stateText(state: ListedModel['state'], t: Translate): string {
  switch (state) {
    case 'embedded':
      return t('comes with Med-SA');
    case 'here':
      return t('on this machine');
    case 'absent':
      return t('not on this machine: it can be fetched');
    case 'lost':
      return t('a link to a file that is gone');
  }
}

/** Those that are here first, each in the order of the list. */
export const sortModels = (models: readonly ListedModel[]): ListedModel[] => [
  ...models.filter(({ state }) => state !== 'absent'),
  ...models.filter(({ state }) => state === 'absent'),
];
