import { type Binding, type Command, keyGroups } from './keymap';

export type Key = Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey'>;

const bindings: ReadonlyMap<string, Binding> = new Map(
  keyGroups.flatMap((group) => group.bindings).flatMap((each) => each.keys.map((keys) => [canonical(keys), each])),
);
/** What arrows do on a picture of one slice, which has no further ones to go to. */
const withoutSlices: Readonly<Partial<Record<Command, true>>> = {
  'slice.next': true,
  'slice.previous': true,
};

/**
 * The command of a key; null where the viewer has none for it. `onPicture`: the picture has the focus, not a button
 * or list; `slices`: whether there is more than one.
 */
export function commandOf(event: Key, onPicture: boolean, slices: boolean): Command | null {
  const binding = bindings.get(nameOf(event));
  if (!binding || (binding.scope === 'picture' && !onPicture)) {
    const shifted = onPicture && !slices && event.key.startsWith('Arrow') && !event.altKey;
    return shifted ? commandOf({ ...plain(event), altKey: true }, onPicture, true) : null;
  }
  if (!slices && withoutSlices[binding.command]) return commandOf({ ...plain(event), altKey: true }, onPicture, true);
  return binding.command;
}

/**
 * Whether a key stays in the viewer even if it does nothing there. The notebook takes plain letters, Enter and arrows
 * as commands (D D deletes the cell); Tab, Escape, function keys and combinations with Ctrl are still the editor's.
 */
export function staysInside({ key, ctrlKey, metaKey, altKey }: Key): boolean {
  if (ctrlKey || metaKey || altKey) return false;
  return key.length === 1 || /^(Enter|Delete|Backspace|Home|End|Page|Arrow)/.test(key);
}

/** Whether a person is typing, so that letters are letters. */
export function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return ['text', 'number', 'search'].includes(target.type);
  return target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
}

function nameOf({ key, shiftKey, ctrlKey, metaKey, altKey }: Key): string {
  // Of a sign such as `?`, Shift is a part; of a letter, it is a key of its own.
  const shift = shiftKey && (key.length > 1 || key.toLowerCase() !== key.toUpperCase());
  return canonical([ctrlKey || metaKey ? 'Ctrl' : '', altKey ? 'Alt' : '', shift ? 'Shift' : '', key].filter(Boolean));
}

function canonical(keys: string | readonly string[]): string {
  const parts = typeof keys === 'string' ? keys.split(/\+(?!$)/) : keys;
  const key = parts.at(-1) ?? '';
  return [...parts.slice(0, -1).toSorted(), key.length === 1 ? key.toUpperCase() : key].join('+');
}

const plain = ({ key, shiftKey, ctrlKey, metaKey, altKey }: Key): Key => ({ key, shiftKey, ctrlKey, metaKey, altKey });
