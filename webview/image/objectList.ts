import type { AnnotationObject } from '../../src/protocol';
import { element, icon } from '../shared/dom';
import { rowButton, section } from './controls';
import { drawings } from './icons';
import { keyOf } from './keymap';
import type { Measure } from './measures';

export interface ObjectHandlers {
  add(): void;
  select(id: string): void;
  change(id: string, properties: { label?: string; colour?: string; visible?: boolean }): void;
  remove(id: string): void;
  /** The keyboard goes back to the picture. */
  leave(): void;
}

/** The objects of the session: their colours and names, which one the next prompt is for, which ones are hidden. */
export class ObjectList {
  readonly root: HTMLElement;
  private readonly list = element('ul', { class: 'objects' });
  private renaming: string | null = null;
  private painted = '';
  private measure: (object: string) => Measure | null = () => null;

  constructor(private readonly handlers: ObjectHandlers) {
    const name = `New object (${keyOf('object.new')})`;
    const add = element('button', { type: 'button', class: 'plain', title: name, 'aria-label': 'New object' });
    add.append(icon(drawings.add));
    add.addEventListener('click', () => handlers.add());
    this.root = section('Objects', [add], this.list);
  }

  /** `measure`: how large what an object holds is. */
  update(objects: readonly AnnotationObject[], active: string, measure = this.measure): void {
    this.measure = measure;
    const shown = JSON.stringify([objects.map((each) => [each, measure(each.id)]), active, this.renaming]);
    // A field that is being typed in stays.
    if (shown === this.painted) return;
    if (this.renaming && !objects.some(({ id }) => id === this.renaming)) this.renaming = null;
    if (this.renaming && this.list.querySelector('input[type=text]')) return;
    const focused = this.focusedControl();
    this.painted = shown;
    this.list.replaceChildren(...objects.map((object) => this.row(object, object.id === active, objects.length > 1)));
    if (focused) this.list.querySelector<HTMLElement>(`[data-control="${CSS.escape(focused)}"]`)?.focus();
  }

  rename(id: string, objects: readonly AnnotationObject[], active: string): void {
    this.renaming = id;
    this.update(objects, active);
    const field = this.list.querySelector<HTMLInputElement>('input[type=text]');
    field?.focus();
    field?.select();
  }

  private row(object: AnnotationObject, active: boolean, removable: boolean): HTMLElement {
    const { id, label, colour, visible } = object;
    const { handlers } = this;
    const swatch = element('input', {
      type: 'color',
      value: colour,
      title: 'Colour',
      'aria-label': `Colour of ${label}`,
    });
    swatch.addEventListener('change', () => handlers.change(id, { colour: swatch.value }));
    const name = this.renaming === id ? this.field(object) : this.nameButton(object, active);
    const eye = rowButton(visible ? 'shown' : 'hidden', `${visible ? 'Hide' : 'Show'} ${label}`, () =>
      handlers.change(id, { visible: !visible }),
    );
    const remove = rowButton('remove', `Delete ${label}`, () => handlers.remove(id));
    remove.disabled = !removable;
    const controls = { colour: swatch, name, eye, remove };
    for (const [control, each] of Object.entries(controls)) each.dataset.control = `${id}/${control}`;
    const measured = this.measure(id);
    const size = measured ? [element('span', { class: 'size', title: measured.long }, measured.short)] : [];
    const row = element('li', { class: active ? 'row active' : 'row' }, swatch, name, ...size, eye, remove);
    row.classList.toggle('off', !visible);
    return row;
  }

  private nameButton({ id, label }: AnnotationObject, active: boolean): HTMLElement {
    const title = `${label} – double-click to rename (${keyOf('object.rename')})`;
    const button = element('button', { type: 'button', class: 'name', title, 'aria-pressed': String(active) }, label);
    button.addEventListener('click', () => this.handlers.select(id));
    button.addEventListener('dblclick', () => {
      this.renaming = id;
      this.painted = '';
      const field = this.field({ id, label });
      button.replaceWith(field);
      field.focus();
      field.select();
    });
    return button;
  }

  private field({ id, label }: Pick<AnnotationObject, 'id' | 'label'>): HTMLInputElement {
    const field = element('input', { type: 'text', value: label, maxlength: 100, 'aria-label': 'Name of the object' });
    const finish = (keep: boolean) => {
      if (this.renaming !== id) return;
      this.renaming = null;
      this.painted = '';
      const named = field.value.trim();
      field.remove();
      // Named as before, nothing is sent: the row has to be made again all the same.
      this.handlers.change(id, keep && named && named !== label ? { label: named } : {});
    };
    field.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== 'Escape') return;
      event.preventDefault();
      event.stopPropagation();
      finish(event.key === 'Enter');
      this.handlers.leave();
    });
    field.addEventListener('blur', () => finish(true));
    return field;
  }

  private focusedControl(): string | null {
    const focused = document.activeElement;
    return focused instanceof HTMLElement && this.list.contains(focused) ? (focused.dataset.control ?? null) : null;
  }
}
