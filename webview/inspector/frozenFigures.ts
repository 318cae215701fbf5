import { maskColours } from '../../src/protocol/colourMaps';
import type { FrozenAnswer, PictureQuery } from '../../src/protocol/inspector';
import { bytesOf } from '../shared/base64';
import { element } from '../shared/dom';
import { figure, percent } from './format';
import { MapFigure } from './mapFigure';
import { saveButton } from './saveButton';
import { aspectOf, backdropOf, type Shown } from './shown';

const colours = [maskColours.both, maskColours.adapted, maskColours.frozen];

/** The frozen SAM beside the adapted one: embeddings, logits, masks. */
export function frozenFigures(
  answer: FrozenAnswer,
  shown: Shown,
  own: (figure: MapFigure) => HTMLElement,
): HTMLElement {
  const made = (title: string, query: PictureQuery, note?: string): MapFigure => {
    const actions = [saveButton(title, () => shown.exportMap(query))];
    return new MapFigure({ cursor: shown.cursor, aspect: aspectOf(shown), title, note, actions });
  };
  const { slot } = answer;
  const embedding = made(
    'Embeddings',
    { of: 'frozen', slot, what: 'embedding' },
    `‖adapted − frozen‖, in all ${percent(answer.embeddingChange)} of the frozen one`,
  );
  embedding.show(answer.embedding, backdropOf(shown));
  const logits = made('Mask logits', { of: 'frozen', slot, what: 'logits' }, 'adapted − frozen');
  // Four logits a side of a cell: they cover the picture as the cells do.
  const { columns, rows } = shown.summary.cells;
  logits.show(answer.logits, { ...backdropOf(shown), cells: { columns: 4 * columns, rows: 4 * rows } });
  const { adapted, frozen } = answer.iou;
  const masks = made('Masks', { of: 'masks', slot }, `Dice of the two ${figure(answer.dice)}`);
  masks.redraw({ ...backdropOf(shown), picture: maskPicture(answer, shown.picture) });
  const key = ['both', 'adapted only', 'frozen only'].map((text, at) => {
    const swatch = element('span', { class: 'swatch' });
    swatch.style.background = `rgb(${colours[at].join(' ')})`;
    return element('span', {}, swatch, text);
  });
  const figures = own(masks);
  figures.append(
    element('div', { class: 'key' }, ...key),
    element('div', { class: 'note' }, `estimated IoU: adapted ${figure(adapted)}, frozen ${figure(frozen)}`),
  );
  return element(
    'div',
    {},
    element('h4', {}, 'Beside the frozen SAM'),
    element('div', { class: 'maps' }, own(embedding), own(logits), figures),
  );
}

function maskPicture(
  { masks: { width, height, data } }: FrozenAnswer,
  picture: CanvasImageSource | null,
): HTMLCanvasElement {
  const canvas = element('canvas', { width, height });
  const context = canvas.getContext('2d')!;
  const pixels = context.createImageData(width, height);
  bytesOf(data).forEach((kind, pixel) => {
    if (kind === 0) return;
    pixels.data.set([...colours[kind - 1], 150], 4 * pixel);
  });
  const over = element('canvas', { width, height });
  over.getContext('2d')!.putImageData(pixels, 0, 0);
  if (picture !== null) context.drawImage(picture, 0, 0, width, height);
  context.drawImage(over, 0, 0);
  return canvas;
}
