import type { PromptEntry } from '../../src/protocol';
import { element, icon } from '../shared/dom';
import { rowButton, section } from './controls';
import { type Drawing, drawings } from './icons';
import { describePrompt } from './promptHit';

export interface PromptHandlers {
  select(id: string | null): void;
  remove(id: string): void;
}

/** The prompts of the active object on the shown slice; each can be found on the picture and removed singly. */
export class PromptList {
  readonly root: HTMLElement;
  private readonly list = element('ul', { class: 'prompts' });
  private readonly none = element('p', { class: 'none' }, 'None on this slice.');
  private painted = '';

  constructor(private readonly handlers: PromptHandlers) {
    this.root = section('Prompts', [], this.list, this.none);
  }

  update(prompts: readonly PromptEntry[], selected: string | null): void {
    const shown = JSON.stringify([prompts, selected]);
    if (shown === this.painted) return;
    this.painted = shown;
    const focused = document.activeElement;
    const key = focused instanceof HTMLElement && this.list.contains(focused) ? focused.dataset.control : undefined;
    this.list.replaceChildren(...prompts.map((entry) => this.row(entry, entry.id === selected)));
    this.none.hidden = prompts.length > 0;
    if (key) this.list.querySelector<HTMLElement>(`[data-control="${CSS.escape(key)}"]`)?.focus();
  }

  private row({ id, prompt }: PromptEntry, selected: boolean): HTMLElement {
    const name = describePrompt(prompt);
    const button = element('button', { type: 'button', class: 'name', 'aria-pressed': String(selected) }, name);
    button.prepend(mark(prompt));
    button.addEventListener('click', () => this.handlers.select(selected ? null : id));
    button.dataset.control = id;
    const remove = rowButton('remove', `Remove: ${name}`, () => this.handlers.remove(id));
    return element('li', { class: selected ? 'row active' : 'row' }, button, remove);
  }
}

function mark(prompt: PromptEntry['prompt']): SVGSVGElement {
  const drawing: Drawing =
    prompt.kind === 'box' ? 'box' : prompt.kind === 'mask' ? 'preview' : prompt.label === 1 ? 'include' : 'exclude';
  const drawn = icon(drawings[drawing]);
  drawn.setAttribute('class', prompt.kind === 'scribble' || prompt.kind === 'point' ? drawing : 'neutral');
  return drawn;
}
