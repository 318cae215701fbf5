import type { BlockSummary, InspectorSummary } from '../../src/protocol/inspector';
import { element } from '../shared/dom';
import { barColours, kindOf, percent, shortPercent } from './format';

/** All blocks at a glance: a bar for each adapter's share, how much the output changes, dead units. Chooses a block. */
export class Overview {
  readonly root: HTMLElement;
  private readonly tabs: HTMLButtonElement[];
  private chosen = 0;

  constructor(
    private readonly summary: InspectorSummary,
    private readonly panelId: string,
    private readonly choose: (block: number) => void,
  ) {
    this.tabs = summary.blocks.map((_, index) => this.tab(index));
    const strip = element('div', { class: 'strip', role: 'tablist', 'aria-label': 'Encoder blocks' }, ...this.tabs);
    this.root = element('div', { class: 'overview' }, this.key(), strip);
    this.show(0);
  }

  /** Bars and figures of one slice. */
  show(slice: number): void {
    const highest = Math.max(
      ...this.summary.blocks.flatMap(({ attachments }) => attachments.map((a) => a.share[slice])),
    );
    this.tabs.forEach((tab, index) => {
      const block = this.summary.blocks[index];
      tab.replaceChildren(...this.content(block, index, slice, highest));
      tab.setAttribute('aria-label', describe(block, index, slice));
    });
  }

  select(block: number): void {
    this.chosen = block;
    this.tabs.forEach((tab, index) => {
      tab.setAttribute('aria-selected', String(index === block));
      tab.tabIndex = index === block ? 0 : -1;
    });
  }

  private tab(index: number): HTMLButtonElement {
    const tab = element('button', { type: 'button', role: 'tab', 'aria-controls': this.panelId, class: 'block' });
    tab.addEventListener('click', () => this.choose(index));
    tab.addEventListener('keydown', (event) => {
      const last = this.tabs.length - 1;
      const to = { ArrowLeft: this.chosen - 1, ArrowRight: this.chosen + 1, Home: 0, End: last }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      const next = Math.min(last, Math.max(0, to));
      this.choose(next);
      this.tabs[next].focus();
    });
    return tab;
  }

  private content({ attachments, change }: BlockSummary, index: number, slice: number, highest: number): HTMLElement[] {
    const bars = attachments.map(({ share }, order) => {
      const bar = element('span', { class: 'bar' });
      bar.style.height = `${highest > 0 ? Math.max(2, (100 * share[slice]) / highest) : 2}%`;
      bar.style.background = barColours[order % barColours.length];
      return bar;
    });
    const dead = attachments.reduce((sum, { activity }) => sum + (activity?.dead ?? 0), 0);
    return [
      element('span', { class: 'bars' }, ...bars),
      element('span', { class: 'number' }, String(index)),
      element('span', { class: 'change' }, shortPercent(change[slice])),
      element('span', { class: dead > 0 ? 'dead some' : 'dead' }, dead > 0 ? `${dead} dead` : ' '),
    ];
  }

  private key(): HTMLElement {
    const attachments = this.summary.blocks[0]?.attachments ?? [];
    const entries = attachments.map(({ name }, order) => {
      const swatch = element('span', { class: 'swatch' });
      swatch.style.background = barColours[order % barColours.length];
      return element('span', {}, swatch, kindOf(name));
    });
    const words = 'Bars: share of each adapter, relative to what it is added to. Below: change of the block’s output.';
    return element('div', { class: 'key' }, ...entries, element('span', { class: 'note' }, words));
  }
}

function describe({ attachments, change }: BlockSummary, index: number, slice: number): string {
  const parts = attachments.map(({ name, share, activity }) => {
    const dead = activity === null ? '' : `, ${activity.dead} of ${activity.units} units dead`;
    return `${kindOf(name)} ${percent(share[slice])}${dead}`;
  });
  return `Block ${index}: output changed by ${percent(change[slice])}; ${parts.join('; ')}`;
}
