import { element } from '../shared/dom';
import type { Position } from './geometry';

const hint = 'Click: include · Shift+click: exclude · drag: box';

/** Below the picture: where the pointer is, who answers and how sure it is, what is being waited for, what went wrong. */
export class StatusLine {
  readonly root: HTMLElement;
  private readonly coordinates = element('span', { class: 'coordinates' });
  private readonly answer = element('span', { class: 'answer', role: 'status' }, hint);
  private readonly busy = element('span', { class: 'busy', role: 'status', hidden: true });
  private readonly error = element('div', { class: 'error', role: 'alert', hidden: true });

  constructor() {
    const line = element('div', { class: 'line' }, this.answer, this.busy, this.coordinates);
    this.root = element('div', { class: 'status' }, line, this.error);
  }

  at(position: Position | null): void {
    this.coordinates.textContent = position ? `x ${Math.floor(position.x)}, y ${Math.floor(position.y)}` : '';
  }

  answered(model: string, iou: number | null, prompts: number): void {
    // Before the first prompt, no model may have been loaded yet.
    const parts = model ? [model] : [];
    if (iou !== null) parts.push(`estimated IoU ${iou.toFixed(2)}`);
    if (prompts === 0) parts.push(hint);
    this.answer.textContent = parts.join(' · ');
  }

  waitFor(what: string | null): void {
    this.busy.textContent = what ? `${what}…` : '';
    this.busy.hidden = !what;
  }

  /** Says what went wrong, with a way out where there is one; null takes it back. */
  fail(message: string | null, retry?: () => void): void {
    this.error.hidden = message === null;
    this.error.replaceChildren(message ?? '');
    if (!message || !retry) return;
    const button = element('button', { type: 'button' }, 'Retry');
    button.addEventListener('click', retry);
    this.error.append(' ', button);
  }
}
