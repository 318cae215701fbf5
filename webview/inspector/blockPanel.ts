import type { AttachmentSummary, MapQuery } from '../../src/protocol/inspector';
import { element } from '../shared/dom';
import { kindOf, percent } from './format';
import { unitHistogram } from './histogram';
import { MapFigure } from './mapFigure';
import { aspectOf, backdropOf, type Shown } from './shown';
import { SliceAttention } from './sliceAttention';

/** What of an attachment is drawn: the norm over channels, or one of them. */
type Choice = { readonly part: 'addition' | 'hidden'; readonly channel: number | null };

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
    const part = element('select', { 'aria-label': `${title}: what is drawn` });
    for (const [value, text] of [
      ['addition', 'addition, norm'],
      ['hidden', 'bottleneck, norm'],
      ['addition:channel', 'addition, channel'],
      ['hidden:channel', 'bottleneck, unit'],
    ]) {
      part.append(element('option', { value }, text));
    }
    const channel = element('input', {
      type: 'number',
      min: 0,
      value: 0,
      hidden: true,
      'aria-label': `${title}: channel`,
    });
    const place = this.figures.length;
    const choose = (): void => {
      const [which, single] = part.value.split(':') as ['addition' | 'hidden', string | undefined];
      channel.hidden = single === undefined;
      const most = channels[which] - 1;
      channel.max = String(most);
      channel.value = String(Math.min(most, Math.max(0, Math.round(Number(channel.value) || 0))));
      const query = queryOf(name, { part: which, channel: single === undefined ? null : Number(channel.value) });
      this.figures[place].query = query;
      void this.loadOne(place);
    };
    part.addEventListener('change', choose);
    channel.addEventListener('change', choose);
    const below: Node[] = [element('div', { class: 'choice' }, part, channel)];
    if (activity !== null) below.push(unitHistogram(activity));
    const note = `share ${percent(share[this.shown.slice])}`;
    return this.add(title, { of: 'norm', attachment: name, part: 'addition' }, note, ...below);
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

export function saveButton(title: string, save: () => void): HTMLButtonElement {
  const button = element(
    'button',
    { type: 'button', class: 'save', 'aria-label': `Save ${title} as PNG`, title: 'Save as PNG' },
    'PNG',
  );
  button.addEventListener('click', save);
  return button;
}
