import { element, icon } from '../shared/dom';

export const modes = ['include', 'exclude', 'box'] as const;
export type Mode = (typeof modes)[number];
type Action = 'undo' | 'redo' | 'clear';

export interface ToolbarHandlers {
  mode(mode: Mode): void;
  act(action: Action): void;
}

const drawings: Record<Mode | Action, string> = {
  include: 'M8 3v10M3 8h10',
  exclude: 'M3 8h10',
  box: 'M2.5 4h11v8h-11z',
  undo: 'M6 3 3 6l3 3M3 6h6.5a3.5 3.5 0 0 1 0 7H6',
  redo: 'M10 3l3 3-3 3M13 6H6.500a3.5 3.5 0 0 0 0 7H10',
  clear: 'M4 4l8 8M12 4l-8 8',
};
const labels: Record<Mode, [name: string, what: string]> = {
  include: ['Include', 'A click says: this belongs to it. With Shift, or the right button: this does not.'],
  exclude: ['Exclude', 'A click says: this does not belong to it. With Shift, or the right button: this does.'],
  box: ['Box', 'Drag around the object. With the keyboard: Enter sets one corner, then the other.'],
};
const actions: Record<Action, [name: string, keys: string]> = {
  undo: ['Undo', 'Ctrl+Z'],
  redo: ['Redo', 'Ctrl+Shift+Z'],
  clear: ['Clear all prompts', 'Delete'],
};

/** The row of buttons above the picture. */
export class Toolbar {
  readonly root: HTMLElement;
  private readonly modeButtons = new Map<Mode, HTMLButtonElement>();
  private readonly actionButtons = new Map<Action, HTMLButtonElement>();

  constructor(title: string, handlers: ToolbarHandlers) {
    for (const mode of modes) {
      const [name, what] = labels[mode];
      const button = element('button', { type: 'button', title: what }, icon(drawings[mode]), name);
      button.addEventListener('click', () => {
        this.press(mode);
        handlers.mode(mode);
      });
      this.modeButtons.set(mode, button);
    }
    for (const action of Object.keys(actions) as Action[]) {
      const [name, keys] = actions[action];
      const attributes = { type: 'button', title: `${name} (${keys})`, 'aria-label': name, disabled: true };
      const button = element('button', attributes, icon(drawings[action]));
      button.addEventListener('click', () => handlers.act(action));
      this.actionButtons.set(action, button);
    }
    const group = (label: string, buttons: Iterable<HTMLButtonElement>) =>
      element('div', { class: 'group', role: 'group', 'aria-label': label }, ...buttons);
    this.root = element(
      'div',
      { class: 'toolbar', role: 'toolbar', 'aria-label': 'Prompts' },
      group('What a click means', this.modeButtons.values()),
      group('History', this.actionButtons.values()),
      element('span', { class: 'title', title }, title),
    );
    this.press('include');
  }

  enable(possible: Record<Action, boolean>): void {
    for (const [action, button] of this.actionButtons) button.disabled = !possible[action];
  }

  private press(mode: Mode): void {
    for (const [each, button] of this.modeButtons) button.setAttribute('aria-pressed', String(each === mode));
  }
}
