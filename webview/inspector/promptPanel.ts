import type {
  FrozenAnswer,
  GeneratedChange,
  InspectorPrompts,
  PromptAnswer,
  PromptSlot,
} from '../../src/protocol/inspector';
import { element } from '../shared/dom';
import { Cursor, type Place } from './cursor';
import { figure, kindOf, layerOf } from './format';
import { frozenFigures } from './frozenFigures';
import { generatedTable, decoderTable } from './decoderTables';
import { MapFigure } from './mapFigure';
import { promptPicture } from './promptPicture';
import { aspectOf, backdropOf, type Shown } from './shown';

const slots: readonly PromptSlot[] = [0, 1];
const letters = ['A', 'B'] as const;
const none: InspectorPrompts = { points: [], box: null };

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
      this.draw();
    });
    this.compare.addEventListener('click', () => void this.askFrozen());
    this.image = new MapFigure({
      cursor: shown.cursor,
      title: 'Prompts',
      aspect: aspectOf(shown),
      note: 'click: in the object; Shift-click: not in it',
      onChoose: (place, event) => void this.addPoint(place, event.shiftKey),
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

  /** Another slice, picture or theme: old answers are of another image. */
  redraw(otherSlice: boolean): void {
    if (otherSlice) {
      for (const slot of slots) [this.prompts[slot], this.answers[slot]] = [none, null];
      [this.changes, this.frozen] = [[], null];
    }
    this.draw();
  }

  dispose(): void {
    this.image.dispose();
    for (const dispose of this.disposables) dispose();
  }

  private async addPoint({ x, y }: NonNullable<Place>, negative: boolean): Promise<void> {
    const { summary, requests, slice, tell } = this.shown;
    const { slot } = this;
    const point = {
      x: Math.floor(x * summary.width),
      y: Math.floor(y * summary.height),
      label: negative ? 0 : 1,
    } as const;
    const before = this.prompts[slot];
    const prompts = { ...before, points: [...before.points, point] };
    this.prompts[slot] = prompts;
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
    this.results.replaceChildren();
    if (answer === null) {
      this.results.append(
        element('p', { class: 'note' }, 'Give a point to see what the decoder’s adapters do with it.'),
      );
      return;
    }
    const points = answer.prompts.points.length;
    const imageMaps = answer.attachments.flatMap(({ name, map }) => {
      if (map === null) return [];
      const title = `${kindOf(name)} adapter, layer ${layerOf(name)}`;
      const drawn = new MapFigure({ cursor: shown.cursor, title, aspect: aspectOf(shown) });
      drawn.show(map, backdropOf(shown));
      return [own(drawn)];
    });
    this.results.append(
      element(
        'p',
        {},
        `Estimated IoU ${figure(answer.iou)} · ${points} ${points === 1 ? 'point' : 'points'} on slice ${answer.slice}`,
      ),
      decoderTable(answer),
      element('div', { class: 'maps' }, ...imageMaps),
    );
    if (this.frozen !== null) this.results.append(frozenFigures(this.frozen, shown, own));
    const [a, b] = this.answers;
    this.results.append(
      generatedTable(
        [a?.generated ?? [], b?.generated ?? []],
        a !== null && b !== null ? this.changes : [],
        this.matrices,
        own,
      ),
    );
  }
}
