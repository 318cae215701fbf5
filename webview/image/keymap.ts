// Every key of the viewer, in one table: the keyboard handler, the `?` overlay and docs/viewer.md are made from it.

export type Command =
  | `tool.${'point' | 'box' | 'scribble' | 'brush' | 'eraser' | 'move'}`
  | 'sign'
  | 'brush.smaller'
  | 'brush.larger'
  | `candidate.${1 | 2 | 3 | 4}`
  | 'refine'
  | 'segment.slice'
  | 'segment.all'
  | 'propagate'
  | 'fill'
  | 'largest'
  | 'undo'
  | 'redo'
  | 'delete'
  | 'cancel'
  | `object.${'new' | 'next' | 'previous' | 'rename'}`
  | `slice.${'next' | 'previous' | 'forward' | 'back' | 'first' | 'last'}`
  | `view.${'next' | 'fit' | 'larger' | 'smaller' | 'window' | 'smooth' | 'masks' | 'cross' | 'centre' | 'preview'}`
  | `cursor.${'left' | 'right' | 'up' | 'down'}${'' | 'Far'}`
  | 'place'
  | 'placeOpposite'
  | 'help';

export interface Binding {
  /** As one reads them; the first is shown on buttons. `Ctrl` is ⌘ on a Mac. */
  keys: readonly string[];
  command: Command;
  help: string;
  /** `picture`: only while the picture has the focus, as buttons and lists have their own use for it. */
  scope: 'viewer' | 'picture';
}

export interface KeyGroup {
  title: string;
  bindings: readonly Binding[];
}

const anywhere = (command: Command, help: string, ...keys: string[]): Binding => ({
  keys,
  command,
  help,
  scope: 'viewer',
});
const picture = (command: Command, help: string, ...keys: string[]): Binding => ({
  keys,
  command,
  help,
  scope: 'picture',
});

export const keyGroups: readonly KeyGroup[] = [
  {
    title: 'Tools',
    bindings: [
      anywhere('tool.point', 'Points: click to include, drag for a box', 'P'),
      anywhere('tool.box', 'Box', 'E'),
      anywhere('tool.scribble', 'Scribble', 'D'),
      anywhere('tool.brush', 'Brush', 'B'),
      anywhere('tool.eraser', 'Eraser', 'X'),
      anywhere('tool.move', 'Move the picture, set the cross-hair', 'H'),
      anywhere('sign', 'Turn the sign: include or exclude', 'T'),
      anywhere('brush.smaller', 'Smaller or larger brush', '['),
      anywhere('brush.larger', 'Smaller or larger brush', ']'),
    ],
  },
  {
    title: 'Masks',
    bindings: [
      anywhere('segment.slice', 'Segment the slice', 'S'),
      anywhere('segment.all', 'Segment all slices', 'Shift+S'),
      anywhere('propagate', 'Carry the object’s mask through the slices', 'Shift+P'),
      anywhere('refine', 'Give the mask as a prompt: refine it', 'M'),
      anywhere('candidate.1', 'Take the model’s answer, or one of the three it offers beside it', '1'),
      anywhere('candidate.2', 'Take the model’s answer, or one of the three it offers beside it', '2'),
      anywhere('candidate.3', 'Take the model’s answer, or one of the three it offers beside it', '3'),
      anywhere('candidate.4', 'Take the model’s answer, or one of the three it offers beside it', '4'),
      anywhere('fill', 'Fill the holes', 'F'),
      anywhere('largest', 'Keep the largest piece', 'K'),
      anywhere('undo', 'Undo', 'Ctrl+Z'),
      anywhere('redo', 'Redo', 'Ctrl+Shift+Z', 'Ctrl+Y'),
      anywhere('delete', 'Delete the selected prompt; without one, the object on this slice', 'Delete', 'Backspace'),
    ],
  },
  {
    title: 'Objects',
    bindings: [
      anywhere('object.new', 'New object', 'N'),
      anywhere('object.next', 'Next or previous object', '.'),
      anywhere('object.previous', 'Next or previous object', ','),
      anywhere('object.rename', 'Rename the object', 'F2'),
    ],
  },
  {
    title: 'Slices',
    bindings: [
      picture('slice.next', 'Next slice', 'ArrowUp', 'ArrowRight'),
      picture('slice.previous', 'Previous slice', 'ArrowDown', 'ArrowLeft'),
      picture('slice.forward', 'Ten slices on or back', 'PageUp'),
      picture('slice.back', 'Ten slices on or back', 'PageDown'),
      picture('slice.first', 'First or last slice', 'Home'),
      picture('slice.last', 'First or last slice', 'End'),
    ],
  },
  {
    title: 'Without a mouse',
    bindings: [
      picture('cursor.left', 'Move the cursor; on a picture of one slice, without Alt', 'Alt+ArrowLeft'),
      picture('cursor.right', 'Move the cursor; on a picture of one slice, without Alt', 'Alt+ArrowRight'),
      picture('cursor.up', 'Move the cursor; on a picture of one slice, without Alt', 'Alt+ArrowUp'),
      picture('cursor.down', 'Move the cursor; on a picture of one slice, without Alt', 'Alt+ArrowDown'),
      picture('cursor.leftFar', 'The same by ten pixels', 'Alt+Shift+ArrowLeft'),
      picture('cursor.rightFar', 'The same by ten pixels', 'Alt+Shift+ArrowRight'),
      picture('cursor.upFar', 'The same by ten pixels', 'Alt+Shift+ArrowUp'),
      picture('cursor.downFar', 'The same by ten pixels', 'Alt+Shift+ArrowDown'),
      picture('place', 'Use the tool at the cursor; of a box, line or stroke: begin and end', 'Enter'),
      picture('placeOpposite', 'The same with the other sign', 'Shift+Enter'),
      anywhere('cancel', 'Give up what was begun; drop the selection; cancel the task', 'Escape'),
    ],
  },
  {
    title: 'View',
    bindings: [
      anywhere('view.next', 'Next view: each plane, then all of them', 'Q'),
      anywhere('view.larger', 'Zoom in or out', '+', '='),
      anywhere('view.smaller', 'Zoom in or out', '-'),
      anywhere('view.fit', 'The whole picture', 'R', '0'),
      anywhere('view.window', 'Next window preset', 'W'),
      anywhere('view.smooth', 'Smooth or exact pixels', 'I'),
      anywhere('view.masks', 'Hide or show the masks', 'V'),
      anywhere('view.cross', 'Hide or show the cross-hair', 'G'),
      anywhere('view.centre', 'Bring the cross-hair to the pointer', 'C'),
      anywhere('view.preview', 'Live preview on or off', 'L'),
      anywhere('help', 'These keys', '?'),
    ],
  },
];

/** What a person reads: keys that do the same, or the same the other way round, in one row. */
export function helpRows({ bindings }: KeyGroup): { keys: string[]; help: string }[] {
  const rows = new Map<string, string[]>();
  for (const { keys, help } of bindings) rows.set(help, [...(rows.get(help) ?? []), ...keys.map(readable)]);
  return [...rows].map(([help, keys]) => ({ keys, help }));
}

/** The key a button names, e.g. `Ctrl+Z`. */
export function keyOf(command: Command): string {
  const binding = keyGroups.flatMap(({ bindings }) => bindings).find((each) => each.command === command);
  return binding ? readable(binding.keys[0]) : '';
}

/** `Alt+ArrowLeft` as one says it: `Alt+←`. */
export function readable(keys: string): string {
  const arrows: Readonly<Record<string, string>> = { Left: '←', Right: '→', Up: '↑', Down: '↓' };
  return keys.replace(/Arrow(Left|Right|Up|Down)/, (_, side: string) => arrows[side]).replace('Page', 'Page ');
}
