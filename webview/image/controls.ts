// The few kinds of controls the viewer is made of: named for screen readers, with their key in the tooltip.
import { element, icon } from '../shared/dom';
import { type Drawing, drawings } from './icons';
import { type Command, keyOf } from './keymap';

export type Run = (command: Command) => void;

interface Named {
  /** What a screen reader says. */
  name: string;
  /** More, for the tooltip. */
  what?: string;
}

/** A button with a drawing that runs a command. */
export function iconButton(command: Command, drawing: Drawing, { name, what }: Named, run: Run): HTMLButtonElement {
  const title = `${what ?? name} (${keyOf(command)})`;
  const button = element('button', { type: 'button', title, 'aria-label': name }, icon(drawings[drawing]));
  button.addEventListener('click', () => run(command));
  return button;
}

/** A button with words that runs a command. */
export function wordButton(command: Command, { name, what }: Named, run: Run): HTMLButtonElement {
  const title = `${what ?? name} (${keyOf(command)})`;
  const button = element('button', { type: 'button', class: 'word', title }, name);
  button.addEventListener('click', () => run(command));
  return button;
}

/** A small button of a row, which has no key of its own. */
export function rowButton(drawing: Drawing, name: string, act: () => void): HTMLButtonElement {
  const attributes = { type: 'button', class: 'plain', title: name, 'aria-label': name };
  const button = element('button', attributes, icon(drawings[drawing]));
  button.addEventListener('click', act);
  return button;
}

export function press(button: HTMLElement, pressed: boolean): void {
  button.setAttribute('aria-pressed', String(pressed));
}

export function group(label: string, ...children: HTMLElement[]): HTMLElement {
  return element('div', { class: 'group', role: 'group', 'aria-label': label }, ...children);
}

/** A part of the panel beside the picture. `extra` stands at the end of its heading. */
export function section(title: string, extra: readonly HTMLElement[], ...children: HTMLElement[]): HTMLElement {
  const heading = element('div', { class: 'heading' }, element('h4', {}, title), ...extra);
  return element('section', { 'aria-label': title }, heading, ...children);
}

/** A slider with its name before and its value behind it. */
export function slider(
  name: string,
  range: { min: number; max: number; step: number },
  changed: (value: number) => void,
): { root: HTMLElement; set(value: number, text: string): void } {
  const input = element('input', { type: 'range', ...range, 'aria-label': name });
  const output = element('output', {});
  input.addEventListener('input', () => changed(Number(input.value)));
  const root = element('label', { class: 'slider' }, element('span', {}, name), input, output);
  return {
    root,
    set(value, text) {
      input.value = String(value);
      input.setAttribute('aria-valuetext', text);
      output.textContent = text;
    },
  };
}
