import type { MapQuery } from '../../src/protocol/inspector';
import { element } from '../shared/dom';
import { Cursor } from './cursor';
import { MapFigure } from './mapFigure';
import { saveButton } from './saveButton';
import { aspectOf, backdropOf, type Shown } from './shown';

/** The depth branch's attention: which slice looks at which, by head; and where, for a pair that is chosen. */
export class SliceAttention {
  readonly root: HTMLElement;
  private readonly matrix: MapFigure;
  private readonly where: MapFigure;
  private readonly head = element('select', { 'aria-label': 'Head' });
  /** Counted among the inspected slices. */
  private pair: readonly [from: number, to: number];

  constructor(
    private readonly shown: Shown,
    private readonly attachment: string,
  ) {
    const { slices, heads } = shown.summary;
    this.pair = [shown.slice, Math.min(slices - 1, shown.slice + 1)];
    this.head.append(element('option', { value: 'mean' }, 'all heads'));
    for (let head = 0; head < heads; head++) this.head.append(element('option', { value: head }, `head ${head}`));
    this.head.addEventListener('change', () => void this.load(this.matrix, this.matrixQuery));
    const save = (title: string, query: () => MapQuery) => saveButton(title, () => shown.exportMap(query()));
    this.matrix = new MapFigure({
      cursor: new Cursor(),
      title: 'Slice looks at slice',
      aspect: 1,
      note: 'row looks at column; choose a cell to see where',
      actions: [save('Slice looks at slice', this.matrixQuery)],
      onChoose: ({ x, y }) => this.choose(Math.floor(y * slices), Math.floor(x * slices)),
    });
    this.matrix.root.append(element('div', { class: 'choice' }, this.head));
    this.where = new MapFigure({
      cursor: shown.cursor,
      title: 'Where',
      aspect: aspectOf(shown),
      actions: [save('Where', this.whereQuery)],
    });
    this.where.redraw(backdropOf(shown));
    this.root = element(
      'div',
      {},
      element('h4', {}, 'Attention along the slices'),
      element('div', { class: 'maps' }, this.matrix.root, this.where.root),
    );
    void this.load(this.matrix, this.matrixQuery);
    this.choose(...this.pair);
  }

  redraw(): void {
    this.where.redraw(backdropOf(this.shown));
  }

  dispose(): void {
    this.matrix.dispose();
    this.where.dispose();
  }

  private readonly matrixQuery = (): MapQuery => {
    const head = this.head.value === 'mean' ? null : Number(this.head.value);
    return { of: 'sliceMatrix', attachment: this.attachment, head };
  };

  private readonly whereQuery = (): MapQuery => {
    const [from, to] = this.pair;
    return { of: 'slices', attachment: this.attachment, from, to };
  };

  private choose(from: number, to: number): void {
    const { firstSlice } = this.shown.summary;
    this.pair = [from, to];
    this.where.note(`slice ${firstSlice + from} looks at slice ${firstSlice + to}; mean over heads`);
    void this.load(this.where, this.whereQuery);
  }

  /** Shows what is chosen when the answer comes, were it another thing than when it was asked. */
  private async load(figure: MapFigure, query: () => MapQuery): Promise<void> {
    const { requests, tell } = this.shown;
    const asked = query();
    try {
      const { maps } = await requests.ask({ type: 'inspector/maps', slice: 0, maps: [asked] });
      if (JSON.stringify(query()) !== JSON.stringify(asked)) return;
      if (figure === this.where) figure.show(maps[0], backdropOf(this.shown));
      else figure.show(maps[0]);
    } catch (problem) {
      tell(problem);
    }
  }
}
