import type { PlaneInfo } from '../../src/protocol';
import { element, icon } from '../shared/dom';
import { planeColours } from './frame';
import { drawings } from './icons';
import type { Marks } from './session';

export interface PaneBarHandlers {
  slice(index: number): void;
  /** Shows this plane alone, or all of them again. */
  enlarge(): void;
}

/** The most marks that are drawn singly; of a longer volume, neighbours share one. */
const resolution = 400;

/** Above a plane of a volume: which plane it is, a slider through its slices with marks of those that are annotated. */
export class PaneBar {
  readonly root: HTMLElement;
  private readonly slider: HTMLInputElement;
  private readonly number = element('span', { class: 'slice-number' });
  private readonly marks = element('div', { class: 'marks', 'aria-hidden': 'true' });
  private readonly enlarge: HTMLButtonElement;
  private painted = '';

  constructor(
    private readonly plane: PlaneInfo,
    handlers: PaneBarHandlers,
  ) {
    const { plane: name, slices } = plane;
    const label = `${name} slice`;
    this.slider = element('input', { type: 'range', min: 0, max: slices - 1, step: 1, 'aria-label': label });
    this.slider.addEventListener('input', () => handlers.slice(Number(this.slider.value)));
    this.enlarge = element('button', { type: 'button', class: 'plain' });
    this.enlarge.addEventListener('click', () => handlers.enlarge());
    const tag = element('span', { class: 'plane-tag' }, name);
    tag.style.setProperty('--plane', planeColours[name]);
    const track = element('div', { class: 'track' }, this.slider, this.marks);
    this.root = element('div', { class: 'pane-bar' }, tag, track, this.number, this.enlarge);
  }

  update(index: number, alone: boolean): void {
    const { slices, plane } = this.plane;
    this.slider.value = String(index);
    this.slider.setAttribute('aria-valuetext', `${index + 1} of ${slices}`);
    this.number.textContent = `${index + 1} / ${slices}`;
    const what = alone ? 'Show all planes' : `Show the ${plane} plane alone`;
    if (this.enlarge.title === what) return;
    this.enlarge.title = what;
    this.enlarge.setAttribute('aria-label', what);
    this.enlarge.replaceChildren(icon(alone ? drawings.all : drawings.enlarge));
  }

  /** Marks the slices on which the object has a mask, taller where it has prompts. */
  mark(marks: Marks, colour: string): void {
    const { slices } = this.plane;
    const [prompted, masked] = [[...marks.prompted], [...marks.masked.keys()]];
    const shown = JSON.stringify([prompted, masked, colour]);
    if (shown === this.painted) return;
    this.painted = shown;
    const bins = Math.min(slices, resolution);
    const binOf = (slice: number) => Math.floor((slice * bins) / slices);
    const place = (slicesOf: readonly number[], name: string) =>
      [...new Set(slicesOf.map(binOf))].map((bin) => {
        const mark = element('i', { class: name });
        mark.style.left = `${(100 * bin) / bins}%`;
        mark.style.width = `max(2px, ${100 / bins}%)`;
        mark.style.background = colour;
        return mark;
      });
    this.marks.replaceChildren(...place(masked, 'masked'), ...place(prompted, 'prompted'));
  }
}
