import type { DecoderAttachment, GeneratedChange, NamedMap, PromptAnswer } from '../../src/protocol/inspector';
import { element } from '../shared/dom';
import type { Cursor } from './cursor';
import { figure, kindOf, layerOf, percent } from './format';
import { MapFigure } from './mapFigure';

const tokenNames = ['IoU', 'mask 0', 'mask 1', 'mask 2', 'mask 3'];

/** Every attachment of the decoder: its share, its units, and its addition to each token. */
export function decoderTable({ attachments }: PromptAnswer): HTMLElement {
  if (attachments.length === 0) return element('p', { class: 'note' }, 'Nothing is attached to the decoder.');
  const tokens = Math.max(0, ...attachments.map(({ tokens }) => tokens?.length ?? 0));
  const tokenHeads = Array.from(
    { length: tokens },
    (_, token) => tokenNames[token] ?? `prompt ${token - tokenNames.length}`,
  );
  const heads = ['Layer', 'Adapter', 'Share', 'Dead units', ...tokenHeads];
  const row = ({ name, share, activity, tokens: norms }: DecoderAttachment): HTMLElement =>
    element(
      'tr',
      {},
      element('td', {}, String(layerOf(name) ?? '')),
      element('th', { scope: 'row' }, kindOf(name)),
      element('td', {}, percent(share)),
      element('td', {}, activity === null ? '–' : `${activity.dead} of ${activity.units}`),
      ...tokenHeads.map((_, token) => element('td', {}, norms === null ? '' : figure(norms[token]))),
    );
  return element(
    'div',
    { class: 'scroll' },
    element(
      'table',
      {},
      element('caption', {}, 'Norm of each adapter’s addition to the decoder’s tokens'),
      element('thead', {}, element('tr', {}, ...heads.map((head) => element('th', { scope: 'col' }, head)))),
      element('tbody', {}, ...attachments.map(row)),
    ),
  );
}

/** HyP-Adpt's W_i under prompt A, under B, and B − A. */
export function generatedTable(
  [a, b]: readonly [readonly NamedMap[], readonly NamedMap[]],
  changes: readonly GeneratedChange[],
  cursor: Cursor,
  own: (figure: MapFigure) => HTMLElement,
): HTMLElement {
  const names = (a.length > 0 ? a : b).map(({ name }) => name);
  const rows = names.map((name) => {
    const label = `W${name.split('.').at(-1)}, layer ${layerOf(name)}`;
    const maps: [string, NamedMap | undefined, string][] = [
      [`${label} · A`, a.find((map) => map.name === name), ''],
      [`${label} · B`, b.find((map) => map.name === name), ''],
    ];
    const change = changes.find((map) => map.name === name);
    maps.push([`${label} · B − A`, change, change === undefined ? '' : `changed by ${percent(change.change)}`]);
    const figures = maps.flatMap(([title, map, note]) => {
      if (map === undefined) return [];
      const drawn = new MapFigure({ cursor, title, aspect: 1, note });
      drawn.show(map.map);
      return [own(drawn)];
    });
    return element('div', { class: 'maps' }, ...figures);
  });
  if (rows.length === 0) return element('div');
  const title = 'Weights that the prompt generates (HyP-Adpt)';
  const hint = names.length > 0 && changes.length === 0 ? 'Give prompt A and prompt B to see how they differ.' : '';
  return element('div', {}, element('h4', {}, title), element('div', { class: 'note' }, hint), ...rows);
}
