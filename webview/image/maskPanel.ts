import { element } from '../shared/dom';
import { press, type Run, section, wordButton } from './controls';
import type { HeldObject } from './heldSlice';
import { keyOf } from './keymap';

const places = [1, 2, 3, 4] as const;

/** What can be done with the mask of the active object: take another of the model's, refine it, clean it, carry it on. */
export class MaskPanel {
  readonly root: HTMLElement;
  private readonly candidates: HTMLButtonElement[];
  private readonly choice: HTMLElement;
  private readonly needMask: HTMLButtonElement[];
  private readonly everywhere = element('input', { type: 'checkbox' });

  constructor(volume: boolean, run: Run) {
    this.candidates = places.map((place) => {
      const button = wordButton(`candidate.${place}`, { name: String(place) }, run);
      button.classList.add('candidate');
      return button;
    });
    const label = 'Masks the model offers';
    this.choice = element('div', { class: 'choice', role: 'group', 'aria-label': label }, ...this.candidates);
    const refine = wordButton('refine', { name: 'Refine', what: 'Give the mask back to the model as a prompt' }, run);
    const fill = wordButton('fill', { name: 'Fill holes' }, run);
    const largest = wordButton('largest', { name: 'Keep largest', what: 'Keep the largest piece only' }, run);
    const segment = { what: 'Ask the model again for every object with prompts on this slice' };
    const all = { name: 'All slices', what: 'Segment every slice with prompts, and what lies between and beyond them' };
    const carry = { name: 'Propagate', what: 'Carry the mask to the neighbouring slices, as far as the object goes' };
    const again = wordButton('segment.slice', { ...segment, name: volume ? 'Segment slice' : 'Segment again' }, run);
    const propagate = wordButton('propagate', carry, run);
    const through = volume ? [wordButton('segment.all', all, run), propagate] : [];
    this.needMask = [refine, fill, largest, propagate];
    const scope = element('label', { class: 'check' }, this.everywhere, 'Clean up on all slices');
    const words = element('div', { class: 'words' }, again, ...through, refine, fill, largest);
    this.root = section('Mask', [], this.choice, words, ...(volume ? [scope] : []));
  }

  /** Whether filling and keeping the largest piece are meant for every slice. */
  get onAllSlices(): boolean {
    return this.everywhere.checked;
  }

  update(held: HeldObject | undefined): void {
    const offered = held?.candidates ?? [];
    this.choice.hidden = offered.length < 2;
    this.candidates.forEach((button, at) => {
      const candidate = offered.at(at);
      button.hidden = !candidate;
      if (!candidate) return;
      press(button, held?.chosen === at);
      button.textContent = candidate.iou.toFixed(2);
      const which = at === 0 ? 'The model’s answer' : `Mask ${at} of the ${offered.length - 1} it offers`;
      const name = `${which}: estimated IoU ${candidate.iou.toFixed(2)}, ${candidate.area} pixels`;
      button.setAttribute('aria-label', name);
      button.title = `${name} (${keyOf(`candidate.${places[at]}`)})`;
    });
    for (const button of this.needMask) button.disabled = !held?.mask && !this.onAllSlices;
  }
}
