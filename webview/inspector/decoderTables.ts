import type {
  DecoderAttachment,
  GeneratedChange,
  MapQuery,
  NamedMap,
  PromptAnswer,
} from '../../src/protocol/inspector';
import { element } from '../shared/dom';
import type { Cursor } from './cursor';
import { figure, kindOf, layerOf, percent } from './format';
import { MapFigure } from './mapFigure';
import { saveButton } from './saveButton';

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

/** Longest side of a matrix, pixels: three stand beside each other. */
const matrixSide = 132;

/** HyP-Adpt's W_i under prompt A, under B, and B − A: a row each, layer beside layer. */
export function generatedTable(
  [a, b]: readonly [readonly NamedMap[], readonly NamedMap[]],
  changes: readonly GeneratedChange[],
  cursor: Cursor,
  save: (query: MapQuery) => void,
  own: (figure: MapFigure) => HTMLElement,
): HTMLElement {
  const names = (a.length > 0 ? a : b).map(({ name }) => name);
  if (names.length === 0) return element('div');
  const drawn = (title: string, { map }: NamedMap, query: MapQuery, note?: string): HTMLElement => {
    const actions = [saveButton(title, () => save(query))];
    const made = new MapFigure({ cursor, title, aspect: 1, note, side: matrixSide, actions });
    made.show(map);
    return own(made);
  };
  const row = (
    maps: readonly NamedMap[],
    layer: number | null,
    what: string,
    query: (name: string) => MapQuery,
  ): HTMLElement => {
    const figures = maps
      .filter(({ name }) => layerOf(name) === layer)
      .map((map) => {
        const note = 'change' in map ? `changed by ${percent((map as GeneratedChange).change)}` : undefined;
        return drawn(`W${map.name.split('.').at(-1)} · ${what}`, map, query(map.name), note);
      });
    return element('div', { class: 'maps' }, ...figures);
  };
  const layers = [...new Set(names.map(layerOf))].map((layer) =>
    element(
      'div',
      { class: 'layer' },
      element('div', {}, `Layer ${layer}`),
      ...[
        row(a, layer, 'A', (name) => ({ of: 'generated', slot: 0, name })),
        row(b, layer, 'B', (name) => ({ of: 'generated', slot: 1, name })),
        row(changes, layer, 'B − A', (name) => ({ of: 'generatedChange', name })),
      ].filter((made) => made.hasChildNodes()),
    ),
  );
  const hint = changes.length === 0 ? 'Give prompt A and prompt B to see how they differ.' : '';
  return element(
    'div',
    {},
    element('h4', {}, 'Weights that the prompt generates (HyP-Adpt)'),
    element('div', { class: 'note' }, hint),
    element('div', { class: 'maps' }, ...layers),
  );
}
