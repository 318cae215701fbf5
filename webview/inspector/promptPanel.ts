import type {
  FrozenAnswer,
  GeneratedChange,
  InspectorBegin,
  InspectorPrompts,
  PromptAnswer,
  PromptSlot,
} from '../../src/protocol/inspector';
import { element } from '../shared/dom';
import type { Choice } from './channelChoice';
import { Cursor, type Place } from './cursor';
import { DecoderMaps } from './decoderMaps';
import { decoderTable, generatedTable } from './decoderTables';
import { figure } from './format';
import { frozenFigures } from './frozenFigures';
import { MapFigure } from './mapFigure';
import { promptPicture } from './promptPicture';
import { aspectOf, backdropOf, type Shown } from './shown';

const slots: readonly PromptSlot[] = [0, 1];
const letters = ['A', 'B'] as const;
const none: InspectorPrompts = { points: [], box: null };
const isEmpty = ({ points, box }: InspectorPrompts): boolean => points.length === 0 && box === null;

/** Prompts on the image, two at a time; what the decoder's adapters do with them; the frozen SAM beside. */
export class PromptPanel {
  readonly root: HTMLElement;
  private slot: PromptSlot = 0;
  private readonly prompts: [InspectorPrompts, InspectorPrompts] = [none, none];
  private readonly answers: [PromptAnswer | null, PromptAnswer | null] = [null, null];
  private changes: readonly GeneratedChange[] = [];
  private frozen: FrozenAnswer | null = null;
  private readonly image: MapFigure;
  private readonly results = element('div', { class: 'results' });
  private readonly chosen: HTMLInputElement[];
  private readonly compare = element('button', { type: 'button', disabled: true }, 'Compare with frozen SAM');
  private readonly state = element('span', { class: 'note', role: 'status' });
  private readonly matrices = new Cursor();
  /** What is drawn of each attachment of the decoder. */
  private readonly choices = new Map<string, Choice>();
  private disposables: (() => void)[] = [];

  constructor(private readonly shown: Shown) {
    const group = `slot-${Math.random().toString(36).slice(2)}`;
    this.chosen = slots.map((slot) => {
      const radio = element('input', { type: 'radio', name: group, value: slot, checked: slot === 0 });
      radio.addEventListener('change', () => {
        this.slot = slot;
        this.frozen = null;
        this.draw();
      });
      return radio;
    });
    const clear = element('button', { type: 'button' }, 'Clear');
    clear.addEventListener('click', () => {
      this.prompts[this.slot] = none;
      this.answers[this.slot] = null;
      this.changes = [];
      this.frozen = null;
      shown.changed();
      this.draw();
    });
    this.compare.addEventListener('click', () => void this.askFrozen());
    this.image = new MapFigure({
      cursor: shown.cursor,
      title: 'Prompts',
      aspect: aspectOf(shown),
      side: 320,
      note: 'click: in the object; Shift-click: not in it; drag: a box (keys: Enter, Shift+Enter, B at both corners)',
      onChoose: (place, event) => this.addPoint(place, event.shiftKey),
      onBox: (from, to) => this.setBox(from, to),
    });
    const radios = slots.map((slot) => element('label', {}, this.chosen[slot], ` Prompt ${letters[slot]}`));
    this.root = element(
      'section',
      { 'aria-label': 'Prompts and the decoder' },
      element('h3', {}, 'Prompts and the decoder'),
      element('div', { class: 'line' }, ...radios, clear, this.compare, this.state),
      element('div', { class: 'beside' }, this.image.root, this.results),
    );
    this.draw();
  }

  /** The prompts of both slots; null where there is none. */
  get given(): InspectorBegin['prompts'] {
    const [a, b] = this.prompts.map((each) => (isEmpty(each) ? null : each));
    return [a, b];
  }

  /** Asks what a cell, the annotation that a panel was opened from, or this page before it was loaded again has given. */
  async begin(prompts: InspectorBegin['prompts']): Promise<void> {
    // Both at once: what is kept while the first is asked holds the second, too.
    for (const slot of slots) this.prompts[slot] = prompts[slot] ?? none;
    for (const slot of slots) {
      const given = prompts[slot];
      // Somebody may have given another one meanwhile.
      if (given !== null && this.prompts[slot] === given) await this.ask(slot, given);
    }
  }

  /** Another slice, picture or theme: old answers are of another image. */
  redraw(otherSlice: boolean): void {
    if (otherSlice) {
      for (const slot of slots) [this.prompts[slot], this.answers[slot]] = [none, null];
      [this.changes, this.frozen] = [[], null];
      this.shown.changed();
    }
    this.draw();
  }

  dispose(): void {
    this.image.dispose();
    for (const dispose of this.disposables) dispose();
  }

  private addPoint({ x, y }: NonNullable<Place>, negative: boolean): void {
    const { width, height } = this.shown.summary;
    const point = { x: Math.floor(x * width), y: Math.floor(y * height), label: negative ? 0 : 1 } as const;
    const before = this.prompts[this.slot];
    void this.ask(this.slot, { ...before, points: [...before.points, point] });
  }

  /** From pixel edge to pixel edge, at least one pixel wide. */
  private setBox(from: NonNullable<Place>, to: NonNullable<Place>): void {
    const { width, height } = this.shown.summary;
    const span = (a: number, b: number, extent: number): [number, number] => {
      const first = Math.floor(Math.min(a, b) * extent);
      return [first, Math.min(extent, Math.max(first + 1, Math.ceil(Math.max(a, b) * extent)))];
    };
    const [[x0, x1], [y0, y1]] = [span(from.x, to.x, width), span(from.y, to.y, height)];
    void this.ask(this.slot, { ...this.prompts[this.slot], box: [x0, y0, x1, y1] });
  }

  private async ask(slot: PromptSlot, prompts: InspectorPrompts): Promise<void> {
    const { requests, slice, tell } = this.shown;
    const before = this.prompts[slot];
    this.prompts[slot] = prompts;
    this.shown.changed();
    this.frozen = null;
    this.state.textContent = 'asking…';
    this.draw();
    try {
      const { answer, changes } = await requests.ask({ type: 'inspector/prompt', slot, slice, prompts });
      if (this.prompts[slot] !== prompts) return;
      this.answers[slot] = answer;
      this.changes = changes;
      tell(null);
    } catch (problem) {
      if (this.prompts[slot] === prompts) this.prompts[slot] = before;
      this.shown.changed();
      tell(problem);
    }
    this.state.textContent = '';
    this.draw();
  }

  private async askFrozen(): Promise<void> {
    const { requests, tell } = this.shown;
    const { slot } = this;
    this.compare.disabled = true;
    this.state.textContent = 'encoding with the frozen SAM…';
    try {
      const { answer } = await requests.ask({ type: 'inspector/frozen', slot });
      if (slot === this.slot && this.answers[slot] !== null) this.frozen = answer;
      tell(null);
    } catch (problem) {
      tell(problem);
    }
    this.state.textContent = '';
    this.draw();
  }

  private draw(): void {
    for (const dispose of this.disposables) dispose();
    this.disposables = [];
    const { shown, slot } = this;
    const answer = this.answers[slot];
    const picture = promptPicture(shown.picture, shown.summary, this.prompts[slot]);
    this.image.redraw({ ...backdropOf(shown), picture });
    this.compare.disabled = answer === null;
    const own = (map: MapFigure): HTMLElement => {
      this.disposables.push(() => map.dispose());
      return map.root;
    };
    if (answer === null) {
      const hint = 'Give a point or a box to see what the decoder’s adapters do with it.';
      this.results.replaceChildren(element('p', { class: 'note' }, hint));
      return;
    }
    const maps = new DecoderMaps(shown, answer, this.choices);
    this.disposables.push(() => maps.dispose());
    this.results.replaceChildren(element('p', {}, this.said(answer)), decoderTable(answer), maps.root);
    if (this.frozen !== null) this.results.append(frozenFigures(this.frozen, shown, own));
    const [a, b] = this.answers;
    const both = [a?.generated ?? [], b?.generated ?? []] as const;
    this.results.append(generatedTable(both, a && b ? this.changes : [], this.matrices, shown.exportMap, own));
  }

  private said({ iou, slice, prompts: { points, box } }: PromptAnswer): string {
    const { slices, firstSlice } = this.shown.summary;
    const given = [
      ...(points.length > 0 ? [`${points.length} ${points.length === 1 ? 'point' : 'points'}`] : []),
      ...(box === null ? [] : ['a box']),
    ].join(' and ');
    return `Estimated IoU ${figure(iou)} · ${given}${slices > 1 ? ` on slice ${firstSlice + slice}` : ''}`;
  }
}
