import type { ImageInfo, IntensityWindow, Plane } from '../../src/protocol';
import { element, icon } from '../shared/dom';
import { group, iconButton, press, type Run } from './controls';
import { type Tool, tools } from './draft';
import { drawings } from './icons';
import { ImageNotes } from './imageNotes';
import { keyOf } from './keymap';
import { customPreset, type Layout, presetsFor, type Settings } from './settings';

const toolNames: Readonly<Record<Tool, [name: string, what: string]>> = {
  point: ['Points', 'Points: click what belongs to it; Shift-click or right-click what does not; drag for a box'],
  box: ['Box', 'Box: drag around the object, or click two corners'],
  scribble: ['Scribble', 'Scribble: draw a line through the object'],
  brush: ['Brush', 'Brush: paint on the mask; with Shift, erase'],
  eraser: ['Eraser', 'Eraser: take from the mask; with Shift, paint'],
  move: ['Move', 'Move: drag the picture, click to set the cross-hair'],
};

export interface ToolbarHandlers {
  run: Run;
  layout(layout: Layout): void;
  preset(name: string): void;
}

interface History {
  undo: string | null;
  redo: string | null;
}

/** The row of buttons above the picture. */
export class Toolbar {
  readonly root: HTMLElement;
  readonly notes: ImageNotes;
  private readonly tools = new Map<Tool, HTMLButtonElement>();
  private readonly signs: [exclude: HTMLButtonElement, include: HTMLButtonElement];
  private readonly layouts = new Map<Layout, HTMLButtonElement>();
  private readonly history: Record<'undo' | 'redo', HTMLButtonElement>;
  private readonly toggles: Record<'smooth' | 'preview', HTMLButtonElement>;
  private readonly presets: HTMLSelectElement;

  constructor(image: ImageInfo, title: string, handlers: ToolbarHandlers) {
    const { run } = handlers;
    for (const tool of tools) {
      const [name, what] = toolNames[tool];
      this.tools.set(tool, iconButton(`tool.${tool}`, tool, { name, what }, run));
    }
    this.signs = [
      this.signButton('exclude', 'Exclude', 'A click says: this does not belong to it', run),
      this.signButton('include', 'Include', 'A click says: this belongs to it', run),
    ];
    this.history = {
      undo: iconButton('undo', 'undo', { name: 'Undo' }, run),
      redo: iconButton('redo', 'redo', { name: 'Redo' }, run),
    };
    this.toggles = {
      smooth: iconButton('view.smooth', 'smooth', { name: 'Smooth', what: 'Smooth between pixels' }, run),
      preview: iconButton(
        'view.preview',
        'preview',
        { name: 'Live preview', what: 'Show what a click would give' },
        run,
      ),
    };
    const planes = image.planes.map(({ plane }) => plane);
    for (const layout of planes.length > 1 ? [...planes, 'all' as const] : [])
      this.layouts.set(layout, this.layoutButton(layout, handlers));
    this.presets = presetList(image, handlers);
    this.notes = new ImageNotes(image.notes);
    const signs = group('What a click means', this.signs[1], this.signs[0]);
    this.root = element(
      'div',
      { class: 'toolbar', role: 'toolbar', 'aria-label': 'Tools' },
      group('Tool', ...this.tools.values()),
      signs,
      group('History', this.history.undo, this.history.redo),
      ...(this.layouts.size > 0 ? [group('View', ...this.layouts.values())] : []),
      group(
        'Display',
        this.presets,
        iconButton('view.fit', 'fit', { name: 'Fit', what: 'The whole picture' }, run),
        this.toggles.smooth,
        this.toggles.preview,
        iconButton('help', 'help', { name: 'Keys', what: 'Keys and mouse' }, run),
      ),
      element('span', { class: 'title', title }, title),
      this.notes.button,
    );
  }

  update(settings: Settings, { undo, redo }: History): void {
    for (const [tool, button] of this.tools) press(button, tool === settings.tool);
    this.signs.forEach((button, sign) => press(button, sign === settings.sign));
    for (const [layout, button] of this.layouts) press(button, layout === settings.layout);
    press(this.toggles.smooth, settings.smooth);
    press(this.toggles.preview, settings.preview);
    this.presets.value = settings.preset;
    this.step('undo', 'Undo', undo);
    this.step('redo', 'Redo', redo);
  }

  private step(which: 'undo' | 'redo', name: string, what: string | null): void {
    const button = this.history[which];
    button.disabled = what === null;
    button.title = `${name}${what ? `: ${what}` : ''} (${keyOf(which)})`;
  }

  private signButton(drawing: 'include' | 'exclude', name: string, what: string, run: Run): HTMLButtonElement {
    const button = iconButton('sign', drawing, { name, what }, () => {
      if (button.getAttribute('aria-pressed') !== 'true') run('sign');
    });
    button.classList.add(drawing);
    return button;
  }

  private layoutButton(layout: Layout, handlers: ToolbarHandlers): HTMLButtonElement {
    const name = layout === 'all' ? 'All planes' : `${capital(layout)} plane`;
    const attributes = { type: 'button', title: `${name} (${keyOf('view.next')})`, 'aria-label': name };
    const drawn = layout === 'all' ? icon(drawings.all) : capital(layout).charAt(0);
    const button = element('button', { ...attributes, class: 'letter' }, drawn);
    button.addEventListener('click', () => handlers.layout(layout));
    return button;
  }
}

function presetList(image: ImageInfo, handlers: ToolbarHandlers): HTMLSelectElement {
  const names = [...presetsFor(image).map(({ name }) => name), customPreset];
  const title = `Which intensities are seen (${keyOf('view.window')}); drag with the right button for another window`;
  const options = names.map((name) => element('option', { value: name }, name));
  const list = element('select', { 'aria-label': 'Window', title }, ...options);
  list.addEventListener('change', () => handlers.preset(list.value));
  return list;
}

/** How a window is said: level and width, or the range of colours. */
export function describeWindow({ low, high }: IntensityWindow): string {
  const short = (value: number) => Number(value.toPrecision(4)).toString();
  return `L ${short((low + high) / 2)}  W ${short(high - low)}`;
}

const capital = (plane: Plane): string => plane.charAt(0).toUpperCase() + plane.slice(1);
