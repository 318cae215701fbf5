/** What a key asks the viewer to do. Movements are in image pixels. */
export type KeyCommand =
  | { kind: 'move'; dx: number; dy: number }
  | { kind: 'place'; exclude: boolean }
  | { kind: 'undo' | 'redo' | 'clear' | 'cancel' };

export type Key = Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey'>;

const directions: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const largeStep = 10;

/** The command of a key pressed on the picture; null where it has none. */
export function pictureCommand(event: Key): KeyCommand | null {
  const { key, shiftKey, ctrlKey, metaKey, altKey } = event;
  if (ctrlKey || metaKey || altKey) return viewerCommand(event);
  const direction = directions[key];
  if (direction) {
    const step = shiftKey ? largeStep : 1;
    return { kind: 'move', dx: direction[0] * step, dy: direction[1] * step };
  }
  if (key === 'Enter' || key === ' ') return { kind: 'place', exclude: shiftKey };
  if (key === 'Escape') return { kind: 'cancel' };
  return viewerCommand(event);
}

/** The command of a key pressed anywhere in the viewer, its buttons included. */
export function viewerCommand({ key, shiftKey, ctrlKey, metaKey, altKey }: Key): KeyCommand | null {
  if (altKey) return null;
  const letter = key.toLowerCase();
  if (ctrlKey || metaKey) {
    if (letter === 'z') return { kind: shiftKey ? 'redo' : 'undo' };
    return letter === 'y' && !shiftKey ? { kind: 'redo' } : null;
  }
  return (key === 'Delete' || key === 'Backspace') && !shiftKey ? { kind: 'clear' } : null;
}

/**
 * Whether a key stays in the viewer even if it does nothing there. The notebook takes plain letters, Enter and arrows
 * as commands (D D deletes the cell); Tab, Escape, function keys and combinations with Ctrl are still the editor's.
 */
export function staysInside({ key, ctrlKey, metaKey, altKey }: Key): boolean {
  if (ctrlKey || metaKey || altKey) return false;
  return key.length === 1 || ['Enter', 'Delete', 'Backspace', 'Home', 'End'].includes(key) || key in directions;
}
