import type { InspectorEvent, QuantisedMap } from '../../src/protocol/inspector';
import { element } from '../shared/dom';
import { quantiseHere } from './quantiseHere';
import { Cursor } from './cursor';
import { MapFigure } from './mapFigure';
import { aspectOf, backdropOf, type Shown } from './shown';

type Weights = Extract<InspectorEvent, { type: 'inspector/sliceAttention' }>;

/** The depth branch's attention: which slice looks at which, by head; and where, for a pair that is chosen. */
export class SliceAttention {
  readonly root: HTMLElement;
  private readonly matrix: MapFigure;
  private readonly where: MapFigure;
  private readonly head = element('select', { 'aria-label': 'Head' });
  private weights: Weights | null = null;
  private pair: readonly [from: number, to: number];

  constructor(
    private readonly shown: Shown,
    private readonly attachment: string,
  ) {
    const { slices, heads } = shown.summary;
    this.head.append(element('option', { value: 'mean' }, 'all heads'));
    for (let head = 0; head < heads; head++) this.head.append(element('option', { value: head }, `head ${head}`));
    this.head.addEventListener('change', () => this.drawMatrix());
    this.matrix = new MapFigure({
      cursor: new Cursor(),
      title: 'Slice looks at slice',
      aspect: 1,
      note: 'row looks at column; choose a cell to see where',
      onChoose: ({ x, y }) => this.choose(Math.floor(y * slices), Math.floor(x * slices)),
    });
    this.matrix.root.append(element('div', { class: 'choice' }, this.head));
    this.where = new MapFigure({ cursor: shown.cursor, title: 'Where', aspect: aspectOf(shown) });
    this.where.redraw(backdropOf(shown));
    this.root = element(
      'div',
      {},
      element('h4', {}, 'Attention along the slices'),
      element('div', { class: 'maps' }, this.matrix.root, this.where.root),
    );
    this.pair = [shown.slice, Math.min(slices - 1, shown.slice + 1)];
    shown.requests.ask({ type: 'inspector/sliceAttention', attachment }).then((weights) => {
      this.weights = weights;
      this.drawMatrix();
    }, shown.tell);
    this.choose(...this.pair);
  }

  redraw(): void {
    this.where.redraw(backdropOf(this.shown));
  }

  dispose(): void {
    this.matrix.dispose();
    this.where.dispose();
  }

  private choose(from: number, to: number): void {
    this.pair = [from, to];
    const { requests, tell } = this.shown;
    const { attachment } = this;
    requests
      .ask({ type: 'inspector/maps', slice: 0, maps: [{ of: 'slices', attachment, from, to }] })
      .then(({ maps }) => {
        if (this.pair[0] !== from || this.pair[1] !== to) return;
        this.where.note(`slice ${from} looks at slice ${to}; mean over heads`);
        this.where.show(maps[0], backdropOf(this.shown));
      }, tell);
  }

  private drawMatrix(): void {
    if (this.weights === null) return;
    const { heads, slices, weights } = this.weights;
    const cells = slices * slices;
    const chosen = this.head.value === 'mean' ? [...Array(heads).keys()] : [Number(this.head.value)];
    const mean = Array.from({ length: cells }, (_, cell) => {
      return chosen.reduce((sum, head) => sum + weights[head * cells + cell], 0) / chosen.length;
    });
    const map: QuantisedMap = quantiseHere(mean, slices, slices);
    this.matrix.show(map);
  }
}
