import type { FrozenAnswer } from '../../src/protocol/inspector';
import { bytesOf } from '../shared/base64';
import { element } from '../shared/dom';
import { figure, percent } from './format';
import { MapFigure } from './mapFigure';
import { aspectOf, backdropOf, type Shown } from './shown';

/** Both, adapted only, frozen only: apart for the colour-blind, too. */
const colours = ['#ffffff', '#e69f00', '#56b4e9'] as const;

/** The frozen SAM beside the adapted one: embeddings, logits, masks. */
export function frozenFigures(
  answer: FrozenAnswer,
  shown: Shown,
  own: (figure: MapFigure) => HTMLElement,
): HTMLElement {
  const options = { cursor: shown.cursor, aspect: aspectOf(shown) };
  const embedding = new MapFigure({
    ...options,
    title: 'Difference of embeddings',
    note: `${percent(answer.embeddingChange)} of the frozen one`,
  });
  embedding.show(answer.embedding, backdropOf(shown));
  const logits = new MapFigure({ ...options, title: 'Mask logits, adapted − frozen' });
  // Four logits a side of a cell: they cover the picture as the cells do.
  const { columns, rows } = shown.summary.cells;
  logits.show(answer.logits, { ...backdropOf(shown), cells: { columns: 4 * columns, rows: 4 * rows } });
  const { adapted, frozen } = answer.iou;
  const masks = new MapFigure({ ...options, title: 'Masks', note: `Dice of the two ${figure(answer.dice)}` });
  masks.redraw({ ...backdropOf(shown), picture: maskPicture(answer, shown.picture) });
  const key = ['both', 'adapted only', 'frozen only'].map((text, at) => {
    const swatch = element('span', { class: 'swatch' });
    swatch.style.background = colours[at];
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
    const colour = colours[kind - 1];
    const rgb = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
    pixels.data.set([...rgb, 150], 4 * pixel);
  });
  const over = element('canvas', { width, height });
  over.getContext('2d')!.putImageData(pixels, 0, 0);
  if (picture !== null) context.drawImage(picture, 0, 0, width, height);
  context.drawImage(over, 0, 0);
  return canvas;
}
