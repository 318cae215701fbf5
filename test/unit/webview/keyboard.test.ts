import { describe, expect, it } from 'vitest';
import { type Key, pictureCommand, staysInside, viewerCommand } from '../../../webview/image/keyboard';

/** `Ctrl+Shift+z` as the event it makes. */
const press = (keys: string): Key => {
  const parts = keys.split('+');
  const key = parts.pop() ?? '';
  const held = (name: string) => parts.includes(name);
  return { key, shiftKey: held('Shift'), ctrlKey: held('Ctrl'), metaKey: held('Meta'), altKey: held('Alt') };
};

describe('keys of the viewer', () => {
  it.each([
    ['ArrowLeft', { kind: 'move', dx: -1, dy: 0 }],
    ['Shift+ArrowDown', { kind: 'move', dx: 0, dy: 10 }],
    ['Enter', { kind: 'place', exclude: false }],
    [' ', { kind: 'place', exclude: false }],
    ['Shift+Enter', { kind: 'place', exclude: true }],
    ['Ctrl+z', { kind: 'undo' }],
    ['Meta+z', { kind: 'undo' }],
    ['Ctrl+Shift+Z', { kind: 'redo' }],
    ['Ctrl+y', { kind: 'redo' }],
    ['Delete', { kind: 'clear' }],
    ['Escape', { kind: 'cancel' }],
    ['Ctrl+Enter', null],
    ['Alt+ArrowLeft', null],
    ['Ctrl+Alt+z', null],
    ['Tab', null],
    ['d', null],
  ])('%s on the picture', (keys, command) => {
    expect(pictureCommand(press(keys))).toEqual(command);
  });

  it('leaves arrows and Enter to the buttons, which share the rest', () => {
    expect(viewerCommand(press('ArrowLeft'))).toBeNull();
    expect(viewerCommand(press('Enter'))).toBeNull();
    expect(viewerCommand(press('Ctrl+z'))).toEqual({ kind: 'undo' });
  });

  it('keeps what the notebook would take as a command, and nothing that is the editor’s', () => {
    expect(['d', 'B', ' ', 'Enter', 'Delete', 'ArrowUp'].every((keys) => staysInside(press(keys)))).toBe(true);
    expect(['Tab', 'Escape', 'F1', 'Ctrl+s', 'Meta+p', 'Alt+z'].some((keys) => staysInside(press(keys)))).toBe(false);
  });
});
