import type { ImageInfo, IntensityWindow } from '../../src/protocol';
import { type Tool, tools } from './draft';
import type { Editor } from './editor';
import type { Help } from './help';
import type { Command } from './keymap';
import { newId, type Post } from './messages';
import type { MaskPanel } from './maskPanel';
import type { ObjectList } from './objectList';
import type { Screens } from './screens';
import type { Session } from './session';
import { customPreset, type Layout, presetsFor, resized, type Settings } from './settings';
import { autoWindow } from './windowing';

export interface Workplace {
  viewId: string;
  post: Post;
  image: ImageInfo;
  session: Session;
  settings: Settings;
  editor: Editor;
  screens: Screens;
  objects: ObjectList;
  mask: MaskPanel;
  help: Help;
  /** Something is to be drawn anew. */
  refresh(): void;
  /** Ends the newest task that can be; says whether there was one. */
  cancelTask(): boolean;
  say(text: string): void;
}

/** What each command does; false: nothing, and the key is the notebook's. */
export type Commands = Readonly<Record<Command, () => boolean>>;

const zoomStep = 1.25;
const farStep = 10;

export function commandsOf(work: Workplace): Commands {
  const { viewId, post, session, settings, editor, screens } = work;
  const plane = session.annotationPlane;
  /** Does it, draws it anew, and says that there was something to do. */
  const doing = (act: () => void) => () => {
    act();
    work.refresh();
    return true;
  };
  const slice = () => screens.sliceOf(plane);
  const here = () => ({ viewId, object: session.active.id, slice: slice() });
  const scope = () => ({ ...here(), slice: work.mask.onAllSlices ? null : slice() });
  const tool = (each: Tool) => doing(() => chooseTool(work, each));
  const scroll = (target: () => number) =>
    doing(() => {
      const scrolled = plane.slices > 1 && screens.setSlice(scrolledPlane(work), target());
      if (scrolled) work.say(`Slice ${screens.sliceOf(scrolledPlane(work)) + 1}`);
    });
  const current = () => screens.sliceOf(scrolledPlane(work));
  const cursor = (dx: number, dy: number) => doing(() => editor.moveCursor(dx, dy));
  const choose = (candidate: number) => () => {
    if (!editor.held || candidate >= editor.held.candidates.length) return false;
    post({ type: 'viewer/choose', ...here(), candidate });
    return true;
  };
  const step = (type: 'viewer/undo' | 'viewer/redo') => doing(() => post({ type, viewId }));
  const byTool = Object.fromEntries(tools.map((each) => [`tool.${each}`, tool(each)])) as Record<
    `tool.${Tool}`,
    () => boolean
  >;
  return {
    ...byTool,
    sign: doing(() => (settings.sign = settings.sign === 1 ? 0 : 1)),
    'brush.smaller': doing(() => (settings.radius = resized(settings.radius, false))),
    'brush.larger': doing(() => (settings.radius = resized(settings.radius, true))),
    'candidate.1': choose(0),
    'candidate.2': choose(1),
    'candidate.3': choose(2),
    'candidate.4': choose(3),
    refine: doing(() => editor.add({ kind: 'mask', slice: slice() })),
    'segment.slice': doing(() => post({ type: 'viewer/segment', viewId, slice: slice() })),
    'segment.all': doing(() => post({ type: 'viewer/segment', viewId, slice: null })),
    propagate: doing(() => {
      const { object, slice: from } = here();
      post({ type: 'viewer/propagate', viewId, object, from, direction: 'both', to: null });
    }),
    fill: doing(() => post({ type: 'viewer/fill', ...scope() })),
    largest: doing(() => post({ type: 'viewer/largest', ...scope() })),
    undo: step('viewer/undo'),
    redo: step('viewer/redo'),
    delete: doing(() => (editor.selected ? editor.remove(editor.selected) : post({ type: 'viewer/clear', ...here() }))),
    cancel: () => work.help.close() || editor.giveUp() || work.cancelTask(),
    'object.new': doing(() => post({ type: 'viewer/object/add', viewId, object: newId('o'), properties: {} })),
    'object.next': doing(() => selectObject(work, 1)),
    'object.previous': doing(() => selectObject(work, -1)),
    'object.rename': doing(() => work.objects.rename(session.active.id, session.state.objects, session.state.active)),
    'slice.next': scroll(() => current() + 1),
    'slice.previous': scroll(() => current() - 1),
    'slice.forward': scroll(() => current() + farStep),
    'slice.back': scroll(() => current() - farStep),
    'slice.first': scroll(() => 0),
    'slice.last': scroll(() => scrolledPlane(work).slices - 1),
    'view.next': doing(() => nextLayout(work)),
    'view.fit': doing(() => screens.shown.forEach((each) => screens.pane(each.plane).fit())),
    'view.larger': doing(() => screens.shown.forEach((each) => screens.pane(each.plane).zoom(zoomStep))),
    'view.smaller': doing(() => screens.shown.forEach((each) => screens.pane(each.plane).zoom(1 / zoomStep))),
    'view.window': doing(() => nextPreset(work)),
    'view.smooth': doing(() => (settings.smooth = !settings.smooth)),
    'view.masks': doing(() => {
      settings.masks = !settings.masks;
      work.say(settings.masks ? 'Masks shown' : 'Masks hidden');
    }),
    'view.cross': doing(() => (settings.cross = !settings.cross)),
    'view.centre': doing(() => {
      const at = editor.pointer ?? editor.cursor;
      if (at) screens.crossTo(plane, at);
    }),
    'view.preview': doing(() => {
      settings.preview = !settings.preview;
      if (!settings.preview) editor.preview.stop();
      work.say(settings.preview ? 'Live preview on' : 'Live preview off');
    }),
    'cursor.left': cursor(-1, 0),
    'cursor.right': cursor(1, 0),
    'cursor.up': cursor(0, -1),
    'cursor.down': cursor(0, 1),
    'cursor.leftFar': cursor(-farStep, 0),
    'cursor.rightFar': cursor(farStep, 0),
    'cursor.upFar': cursor(0, -farStep),
    'cursor.downFar': cursor(0, farStep),
    place: doing(() => editor.place(false)),
    placeOpposite: doing(() => editor.place(true)),
    help: () => (work.help.isOpen ? work.help.close() : (work.help.open(), true)),
  };
}

export function chooseTool({ editor, settings, say }: Workplace, tool: Tool): void {
  editor.giveUp();
  editor.preview.stop();
  settings.tool = tool;
  say(`Tool: ${tool}`);
}

export function setLayout({ settings, screens }: Workplace, layout: Layout): void {
  settings.layout = layout;
  screens.setLayout(layout);
}

/** Takes a window by its preset's name; `auto` looks at the slice that is shown. */
export function applyPreset({ image, session, settings, screens }: Workplace, name: string): void {
  const preset = presetsFor(image).find((each) => each.name === name);
  if (!preset) return;
  const [shown] = screens.shown;
  const pixels = session.held(shown.plane, screens.sliceOf(shown))?.pixels;
  const window = preset.window ?? (pixels && autoWindow(pixels));
  if (!window) return;
  settings.window = window;
  settings.preset = name;
}

export function applyWindow({ settings }: Workplace, window: IntensityWindow): void {
  settings.window = window;
  settings.preset = customPreset;
}

function nextPreset(work: Workplace): void {
  const names = presetsFor(work.image).map(({ name }) => name);
  const next = names[(names.indexOf(work.settings.preset) + 1) % names.length];
  applyPreset(work, next);
  work.say(`Window: ${next}`);
}

function nextLayout(work: Workplace): void {
  const planes = work.image.planes.map(({ plane }) => plane);
  if (planes.length === 1) return;
  const layouts: Layout[] = [...planes, 'all'];
  const next = layouts[(layouts.indexOf(work.settings.layout) + 1) % layouts.length];
  setLayout(work, next);
  work.say(`View: ${next}`);
}

function selectObject({ session, viewId, post }: Workplace, by: 1 | -1): void {
  const { objects } = session.state;
  const at = objects.findIndex(({ id }) => id === session.active.id);
  const { id } = objects[(at + by + objects.length) % objects.length];
  post({ type: 'viewer/object/select', viewId, object: id });
}

/** The plane that has the focus, else the first that is shown. */
function scrolledPlane({ screens }: Workplace) {
  const [first] = screens.shown;
  return screens.shown.find(({ plane }) => screens.pane(plane).canvas === document.activeElement) ?? first;
}
