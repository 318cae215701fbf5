import { element, icon } from '../shared/dom';
import { drawings } from './icons';

/** What a person should know of how the image was read: behind an ⓘ, which is not there where there is nothing to tell. */
export class ImageNotes {
  readonly button: HTMLButtonElement;
  readonly list: HTMLElement;

  constructor(notes: readonly string[]) {
    const name = `Notes on the image: ${notes.join('; ')}`;
    const attributes = { type: 'button', class: 'plain about', title: notes.join('\n'), 'aria-label': name };
    this.button = element('button', { ...attributes, 'aria-expanded': 'false' }, icon(drawings.info));
    this.button.hidden = notes.length === 0;
    const lines = notes.map((note) => element('li', {}, note));
    this.list = element('ul', { class: 'notes', 'aria-label': 'Notes on the image', hidden: true }, ...lines);
    this.button.addEventListener('click', () => {
      this.list.hidden = !this.list.hidden;
      this.button.setAttribute('aria-expanded', String(!this.list.hidden));
    });
  }
}
