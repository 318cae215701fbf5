import type { ViewerTask } from '../../src/protocol';
import { element } from '../shared/dom';

export interface UnderPointer {
  /** Voxel indices from 0; of a picture two of them. */
  voxel: readonly number[];
  /** Patient position, mm, LPS; null where the file does not tell. */
  mm: readonly [number, number, number] | null;
  /** One intensity, or red, green, blue; null: not here yet. */
  value: readonly number[] | null;
  unit: string;
}

/** Below the picture: where the pointer is, who answers and how sure it is, what is being waited for, what went wrong. */
export class StatusLine {
  readonly root: HTMLElement;
  private readonly coordinates = element('span', { class: 'coordinates' });
  private readonly answer = element('span', { class: 'answer', role: 'status' });
  private readonly tasks = element('div', { class: 'tasks', role: 'status' });
  private readonly error = element('div', { class: 'error', role: 'alert', hidden: true });
  private readonly done = element('div', { class: 'note', role: 'status', hidden: true });
  private readonly lock = element('div', { class: 'locked', role: 'status', hidden: true });
  /** What a screen reader is told of changes that are only seen. */
  private readonly said = element('div', { class: 'said', 'aria-live': 'polite' });
  private rows = new Map<string, TaskRow>();

  constructor(private readonly cancel: (task: string) => void) {
    const line = element('div', { class: 'line' }, this.answer, this.tasks, this.coordinates);
    this.root = element('div', { class: 'status' }, line, this.lock, this.done, this.error, this.said);
  }

  at(place: UnderPointer | null): void {
    this.coordinates.textContent = place ? describePlace(place) : '';
  }

  answered(parts: readonly string[]): void {
    const text = parts.join(' · ');
    if (this.answer.textContent !== text) this.answer.textContent = text;
  }

  say(text: string): void {
    this.said.textContent = text;
  }

  /** Says what was done, until something else is; null takes it back. */
  note(text: string | null): void {
    this.done.hidden = text === null;
    this.done.textContent = text;
  }

  /** Says, as long as it holds, why nothing can be changed; null: everything can. */
  locked(why: string | null): void {
    this.lock.hidden = why === null;
    const text = why === null ? '' : `Read-only: ${why}`;
    if (this.lock.textContent !== text) this.lock.textContent = text;
  }

  waitFor(tasks: readonly ViewerTask[]): void {
    const rows = new Map<string, TaskRow>();
    for (const task of tasks) {
      const row = this.rows.get(task.id) ?? new TaskRow(() => this.cancel(task.id));
      row.update(task);
      rows.set(task.id, row);
    }
    for (const [id, row] of this.rows) if (!rows.has(id)) row.root.remove();
    this.tasks.append(...[...rows.values()].map(({ root }) => root).filter((root) => !root.isConnected));
    this.rows = rows;
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

/** One task: what it is, how far, and a way to end it. */
class TaskRow {
  readonly root: HTMLElement;
  private readonly text = element('span', { class: 'busy' });
  private readonly progress = element('progress', { hidden: true });
  private readonly stop = element('button', { type: 'button', class: 'word', hidden: true }, 'Cancel');

  constructor(cancel: () => void) {
    this.root = element('span', { class: 'task' }, this.text, this.progress, this.stop);
    this.stop.addEventListener('click', cancel);
  }

  update({ text, done, total, cancellable }: ViewerTask): void {
    const known = done !== null && total !== null && total > 0;
    this.text.textContent = known ? `${text} ${done} / ${total}` : `${text}…`;
    this.progress.hidden = !known;
    if (known) {
      this.progress.max = total;
      this.progress.value = done;
      this.progress.setAttribute('aria-label', text);
    }
    this.stop.hidden = !cancellable;
    this.stop.setAttribute('aria-label', `Cancel ${text}`);
  }
}

function describePlace({ voxel, mm, value, unit }: UnderPointer): string {
  const parts = [voxel.map((index) => String(index)).join(', ')];
  if (mm) {
    const sides = ['LR', 'PA', 'SI'];
    const places = mm.map((place, axis) => `${sides[axis][place >= 0 ? 0 : 1]} ${Math.abs(place).toFixed(1)}`);
    parts.push(`${places.join(' ')} mm`);
  }
  if (value) parts.push(value.map((each) => Number(each.toPrecision(6)).toString()).join(' / ') + unit);
  return parts.join('   ');
}
