import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { mouseHelp } from '../../../webview/image/help';
import { commandOf, type Key, staysInside } from '../../../webview/image/keyboard';
import { helpRows, keyGroups, keyOf } from '../../../webview/image/keymap';
import { projectRoot } from '../../support/projectRoot';

/** `Ctrl+Shift+z` as the event it makes. */
const press = (keys: string): Key => {
  const parts = keys.split(/\+(?!$)/);
  const key = parts.pop() ?? '';
  const held = (name: string) => parts.includes(name);
  return { key, shiftKey: held('Shift'), ctrlKey: held('Ctrl'), metaKey: held('Meta'), altKey: held('Alt') };
};

describe('keys of the viewer', () => {
  it.each([
    ['e', 'tool.box'],
    ['E', 'tool.box'],
    ['t', 'sign'],
    ['s', 'segment.slice'],
    ['Shift+S', 'segment.all'],
    ['Ctrl+z', 'undo'],
    ['Meta+z', 'undo'],
    ['Ctrl+Shift+Z', 'redo'],
    ['Ctrl+y', 'redo'],
    ['Delete', 'delete'],
    ['Escape', 'cancel'],
    ['Shift+?', 'help'],
    ['Shift++', 'view.larger'],
    ['[', 'brush.smaller'],
    ['ArrowUp', 'slice.next'],
    ['Alt+ArrowUp', 'cursor.up'],
    ['Enter', 'place'],
    ['Shift+Enter', 'placeOpposite'],
    ['Ctrl+Enter', null],
    ['Ctrl+s', null],
    ['Ctrl+Alt+z', null],
    ['Shift+E', null],
    ['Shift+ArrowUp', null],
    ['Tab', null],
  ])('%s on the picture of a volume', (keys, command) => {
    expect(commandOf(press(keys), true, true)).toBe(command);
  });

  it('move the cursor where there are no slices', () => {
    const commands = ['ArrowUp', 'Shift+ArrowLeft', 'Alt+ArrowRight', 'Ctrl+ArrowUp'].map((keys) =>
      commandOf(press(keys), true, false),
    );
    expect(commands).toEqual(['cursor.up', 'cursor.leftFar', 'cursor.right', null]);
  });

  it('leave arrows and Enter to buttons and lists, which share the rest', () => {
    const commands = ['ArrowLeft', 'Enter', 'Home', 'Ctrl+z', 'n'].map((keys) => commandOf(press(keys), false, true));
    expect(commands).toEqual([null, null, null, 'undo', 'object.new']);
  });

  it('mean one thing each', () => {
    const all = keyGroups.flatMap(({ bindings }) => bindings).flatMap(({ keys }) => keys);
    expect(new Set(all).size).toBe(all.length);
    expect(keyOf('undo')).toBe('Ctrl+Z');
    expect(keyOf('cursor.left')).toBe('Alt+←');
  });

  it('stay inside where the notebook would take them as a command, and nowhere else', () => {
    expect(['d', 'B', ' ', 'Enter', 'Delete', 'ArrowUp'].every((keys) => staysInside(press(keys)))).toBe(true);
    expect(['Tab', 'Escape', 'F1', 'Ctrl+s', 'Meta+p', 'Alt+z'].some((keys) => staysInside(press(keys)))).toBe(false);
  });

  it('are those of docs/viewer.md, and so is the mouse', () => {
    const tables = keyGroups.map((group) => {
      const rows = helpRows(group).map(
        ({ keys, help }) => `| ${keys.map((key) => `\`${key}\``).join(' ')} | ${help} |`,
      );
      return [`### ${group.title}`, '', '| Key | What it does |', '| --- | --- |', ...rows].join('\n');
    });
    const mouse = mouseHelp.map(([gesture, meaning]) => `| ${gesture} | ${meaning} |`).join('\n');
    const documented = fs.readFileSync(path.join(projectRoot, 'docs', 'viewer.md'), 'utf8');
    // Prettier pads the columns.
    const plain = (text: string) => text.replace(/ +\|/g, ' |').replace(/\| -+/g, '| ---');
    for (const table of [...tables, mouse]) expect(plain(documented)).toContain(plain(table));
  });
});
