import { element } from '../shared/dom';
import { rowButton } from './controls';
import { helpRows, keyGroups } from './keymap';

/** What the mouse does; keys have their own table. */
export const mouseHelp: readonly (readonly [gesture: string, meaning: string])[] = [
  ['Click', 'with the tool; on a prompt: select it, drag it elsewhere'],
  ['Shift-click, Alt-click, right-click', 'the other sign'],
  ['Wheel', 'slices'],
  ['Ctrl+wheel, pinch', 'zoom about the pointer'],
  ['Middle drag, Space and drag', 'move the picture'],
  ['Right drag', 'level (up, down) and width (left, right) of the window'],
  ['Ctrl-click', 'cross-hair'],
];

/** All keys at a glance, over the viewer; Escape closes it. */
export class Help {
  readonly root: HTMLElement;
  private before: Element | null = null;

  constructor() {
    const close = rowButton('remove', 'Close', () => this.close());
    const row = (keys: readonly string[], what: string) =>
      element('tr', {}, element('th', { scope: 'row' }, ...caps(keys)), element('td', {}, what));
    const table = (title: string, rows: HTMLElement[]) =>
      element('table', {}, element('caption', {}, title), element('tbody', {}, ...rows));
    const tables = keyGroups.map((each) =>
      table(
        each.title,
        helpRows(each).map(({ keys, help }) => row(keys, help)),
      ),
    );
    const mouse = table(
      'Mouse',
      mouseHelp.map(([gesture, meaning]) => element('tr', {}, element('th', {}, gesture), element('td', {}, meaning))),
    );
    this.root = element(
      'div',
      { class: 'help', role: 'dialog', 'aria-label': 'Keys and mouse', tabindex: -1, hidden: true },
      close,
      element('div', { class: 'tables' }, mouse, ...tables),
    );
  }

  get isOpen(): boolean {
    return !this.root.hidden;
  }

  open(): void {
    this.before = document.activeElement;
    this.root.hidden = false;
    this.root.focus({ preventScroll: true });
  }

  /** Says whether it was open. */
  close(): boolean {
    if (this.root.hidden) return false;
    this.root.hidden = true;
    if (this.before instanceof HTMLElement) this.before.focus({ preventScroll: true });
    return true;
  }
}

function caps(keys: readonly string[]): (Node | string)[] {
  return keys.flatMap((each, at) => [...(at > 0 ? [' '] : []), element('kbd', {}, each)]);
}
