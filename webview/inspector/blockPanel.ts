import type { AttachmentSummary, MapQuery } from '../../src/protocol/inspector';
import { element } from '../shared/dom';
import { channelChoice, wholeAddition, type Choice } from './channelChoice';
import { kindOf, percent } from './format';
import { unitHistogram } from './histogram';
import { MapFigure } from './mapFigure';
import { saveButton } from './saveButton';
import { aspectOf, backdropOf, type Shown } from './shown';
import { SliceAttention } from './sliceAttention';

/** One block: how its output changes, and each of its adapters. */
export class BlockPanel {
  readonly root: HTMLElement;
  private readonly figures: { readonly figure: MapFigure; query: MapQuery }[] = [];
  private readonly along: SliceAttention[] = [];

  constructor(
    private readonly shown: Shown,
    index: number,
  ) {
    const block = shown.summary.blocks[index];
    const change = block.change[shown.slice];
    const grid = element(
      'div',
      { class: 'maps' },
      this.add('Change of output', { of: 'difference', block: block.name }, `${percent(change)} of the frozen output`),
    );
    for (const attachment of block.attachments) grid.append(this.attachment(attachment));
    this.root = element('div', { class: 'panel' }, element('h3', {}, `Block ${index}`), grid);
    for (const { name, alongSlices } of block.attachments) {
      if (!alongSlices) continue;
      const along = new SliceAttention(shown, name);
      this.along.push(along);
      this.root.append(along.root);
    }
    this.load();
  }

  /** Draws anew what lies below the maps. */
  redraw(): void {
    for (const { figure } of this.figures) figure.redraw(backdropOf(this.shown));
    for (const along of this.along) along.redraw();
  }

  dispose(): void {
    for (const { figure } of this.figures) figure.dispose();
    for (const along of this.along) along.dispose();
    this.root.remove();
  }

  private add(title: string, query: MapQuery, note: string, ...below: Node[]): HTMLElement {
    const entry: { figure: MapFigure; query: MapQuery } = {
      query,
      figure: new MapFigure({
        cursor: this.shown.cursor,
        title,
        aspect: aspectOf(this.shown),
        note,
        actions: [saveButton(title, () => this.shown.exportMap(entry.query))],
      }),
    };
    entry.figure.redraw(backdropOf(this.shown));
    this.figures.push(entry);
    entry.figure.root.append(...below);
    return entry.figure.root;
  }

  private attachment({ name, share, activity, channels }: AttachmentSummary): HTMLElement {
    const title = kindOf(name);
    const place = this.figures.length;
    const choice = channelChoice(title, channels, wholeAddition, (chosen) => {
      this.figures[place].query = queryOf(name, chosen);
      void this.loadOne(place);
    });
    const below: Node[] = [choice];
    if (activity !== null) below.push(unitHistogram(activity));
    const note = `share ${percent(share[this.shown.slice])}`;
    return this.add(title, queryOf(name, wholeAddition), note, ...below);
  }

  private load(): void {
    const { requests, slice, tell } = this.shown;
    const maps = this.figures.map(({ query }) => query);
    requests.ask({ type: 'inspector/maps', slice, maps }).then((answer) => {
      answer.maps.forEach((map, at) => {
        if (this.figures[at].query === maps[at]) this.figures[at].figure.show(map, backdropOf(this.shown));
      });
    }, tell);
  }

  private async loadOne(place: number): Promise<void> {
    const { requests, slice, tell } = this.shown;
    const { query, figure } = this.figures[place];
    try {
      const { maps } = await requests.ask({ type: 'inspector/maps', slice, maps: [query] });
      if (this.figures[place].query !== query) return;
      figure.show(maps[0], backdropOf(this.shown));
      tell(null);
    } catch (problem) {
      tell(problem);
    }
  }
}

const queryOf = (attachment: string, { part, channel }: Choice): MapQuery =>
  channel === null ? { of: 'norm', attachment, part } : { of: 'channel', attachment, part, channel };
