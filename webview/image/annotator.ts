import type { Plane, PlaneInfo, SlicePixels, ViewerTask } from '../../src/protocol';
import { element } from '../shared/dom';
import { onThemeChange } from '../shared/theme';
import { isInside, type Position } from './camera';
import { applyPreset, applyWindow, type Commands, commandsOf, setLayout, type Workplace } from './commands';
import { decodeSlice } from './decodeSlice';
import { Editor } from './editor';
import type { HeldSlice } from './heldSlice';
import { Help } from './help';
import { listenToKeys } from './keyInput';
import type { Command } from './keymap';
import type { ImageEvent, Post } from './messages';
import { sceneOf } from './scene';
import { Screens } from './screens';
import { Session } from './session';
import { type Settings, settingsFor } from './settings';
import { SidePanel } from './sidePanel';
import type { SliceCache } from './sliceCache';
import { SliceLoader } from './sliceLoader';
import { answerOf, placeReport } from './report';
import type { StatusLine } from './statusLine';
import { Toolbar } from './toolbar';
import { dragWindow } from './windowing';

type Attached = Extract<ImageEvent, { type: 'viewer/attached' }>;

export interface Surroundings {
  viewId: string;
  title: string;
  post: Post;
  cache: SliceCache<HeldSlice>;
  status: StatusLine;
  /** Says what cannot be drawn. */
  fail(message: string): void;
}

/** An attached session on the screen: its planes, tools and lists, and everything that is done to it. */
export class Annotator {
  readonly root: HTMLElement;
  readonly settings: Settings;
  private readonly session: Session;
  private readonly loader: SliceLoader;
  private readonly screens: Screens;
  private readonly editor: Editor;
  private readonly toolbar: Toolbar;
  private readonly panel: SidePanel;
  private readonly help = new Help();
  private readonly commands: Commands;
  private readonly work: Workplace;
  private readonly themes = onThemeChange(() => this.screens.redraw());
  private tasks: readonly ViewerTask[] = [];
  private over: { plane: PlaneInfo; at: Position } | null = null;
  private dragged = { low: 0, high: 1 };
  private frame = 0;
  private gone = false;

  constructor(
    attached: Attached,
    private readonly around: Surroundings,
    before: { settings: Settings; slice: number } | null,
  ) {
    const { viewId, post, cache } = around;
    const { image } = attached;
    this.settings = before?.settings ?? settingsFor(image);
    this.session = new Session(attached, cache, `${viewId}/`);
    this.loader = new SliceLoader(viewId, post, this.session, attached.slice);
    const run = (command: Command) => void this.run(command);
    this.screens = new Screens(image, before?.slice ?? attached.slice, {
      scene: (plane) => sceneOf(plane, this.work),
      hover: (plane, at) => this.hover(plane, at),
      leftButton: (plane) => this.leftButton(plane),
      press: (pane, at, opposite) => this.editor.press(pane.under(at), opposite, { at, place: pane.placement }),
      lead: (pane, at, dragged) => this.editor.lead(pane.under(at), dragged),
      release: () => this.editor.release(),
      giveUp: () => this.editor.giveUp(),
      windowDrag: (dx, dy, begins) => this.windowDrag(dx, dy, begins),
      moved: () => this.moved(),
      layout: (layout) => this.changing(() => setLayout(this.work, layout)),
      remove: () => this.editor.selected && this.editor.remove(this.editor.selected),
    });
    const plane = this.session.annotationPlane;
    this.editor = new Editor(viewId, post, this.session, this.settings, {
      slice: () => this.screens.sliceOf(plane),
      ready: () => this.isReady(),
      changed: () => this.refresh(),
      placed: (at) => this.screens.crossTo(plane, at),
    });
    this.toolbar = new Toolbar(image, around.title, {
      run,
      layout: (layout) => this.changing(() => setLayout(this.work, layout)),
      preset: (name) => this.changing(() => applyPreset(this.work, name)),
    });
    this.panel = new SidePanel(image, {
      run,
      post: (request) => post({ ...request, viewId }),
      changing: (change) => this.changing(() => change(this.work)),
    });
    const { settings, session, editor, screens, help } = this;
    const { objects, mask } = this.panel;
    this.work = {
      ...{ viewId, post, image, settings, session, editor, screens, objects, mask, help },
      refresh: () => this.refresh(),
      cancelTask: () => this.cancelTask(),
      say: (text) => around.status.say(text),
    };
    this.commands = commandsOf(this.work);
    const { root, notes } = this.toolbar;
    this.root = element('div', { class: 'annotator' }, root, notes.list, this.screens.root, this.help.root);
    this.screens.root.append(this.panel.root);
    listenToKeys(this.root, {
      run: (command) => this.run(command),
      slices: () => plane.slices > 1,
      space: (held) => this.screens.holdSpace(held),
    });
    setLayout(this.work, this.settings.layout);
    this.moved();
  }

  /** @throws RangeError where a mask does not fit its slice. */
  receive(event: Exclude<ImageEvent, Attached>): void {
    switch (event.type) {
      case 'viewer/slice':
        this.session.overlay(event.plane, event.index, event.revision, event.objects);
        if (event.pixels) void this.takePixels(event.plane, event.index, event.pixels);
        else this.loader.arrived(event.plane, event.index, null);
        if (this.isShown(event.plane, event.index)) this.refresh();
        return;
      case 'viewer/change':
        this.session.change(event.state, event.objects);
        this.editor.changed(event);
        break;
      case 'viewer/preview':
        this.editor.preview.answer(event, this.session.annotationPlane);
        return;
      case 'viewer/tasks':
        this.tasks = event.tasks;
        break;
      case 'viewer/error':
        this.editor.forget();
    }
    this.loader.update();
    this.refresh();
  }

  /** Where it is now, for the session that comes after this one. */
  get slice(): number {
    return this.screens.sliceOf(this.session.annotationPlane);
  }

  /** Gives the keyboard to the picture. */
  focus(): void {
    this.screens.focus();
  }

  dispose(): void {
    this.gone = true;
    cancelAnimationFrame(this.frame);
    this.themes.dispose();
    this.editor.preview.stop();
    this.loader.dispose();
    this.screens.dispose();
    this.session.dispose();
    this.root.remove();
  }

  private async takePixels(plane: Plane, index: number, pixels: SlicePixels): Promise<void> {
    const image = await decodeSlice(pixels).catch(() => null);
    if (this.gone) return;
    if (!image) return this.around.fail(`Slice ${index + 1} that came from the kernel cannot be drawn.`);
    this.session.setPixels(plane, index, image);
    this.loader.arrived(plane, index, image.shrink);
    if (this.isShown(plane, index)) this.refresh();
  }

  private isShown(plane: Plane, index: number): boolean {
    return this.screens.shown.some((each) => each.plane === plane && this.screens.sliceOf(each) === index);
  }

  private isReady(): boolean {
    const { plane } = this.session.annotationPlane;
    const shown = this.settings.layout === 'all' || this.settings.layout === plane;
    return shown && Boolean(this.session.held(plane, this.slice)?.pixels);
  }

  private leftButton(plane: PlaneInfo): 'draw' | 'move' | 'cross' {
    if (this.settings.tool === 'move') return 'move';
    return plane === this.session.annotationPlane ? 'draw' : 'cross';
  }

  private hover(plane: PlaneInfo, at: Position | null): void {
    this.over = at && isInside(plane, at) ? { plane, at } : null;
    if (plane === this.session.annotationPlane) this.editor.hover(at);
    // Other viewers of the page may have displaced it.
    if (this.session.need(plane.plane, this.screens.sliceOf(plane)) === 'pixels') this.loader.update();
    this.tellPlace();
    this.screens.redraw(false);
  }

  private windowDrag(dx: number, dy: number, begins: boolean): void {
    const { range } = this.session.image;
    if (begins) this.dragged = this.settings.window;
    this.changing(() => applyWindow(this.work, dragWindow(this.dragged, dx, dy, range[1] - range[0])));
  }

  private moved(): void {
    this.editor.toSlice(this.slice);
    const shown = new Set(this.screens.shown);
    for (const each of this.session.image.planes)
      this.loader.show(each.plane, shown.has(each) ? this.screens.sliceOf(each) : null);
    this.screens.update();
    this.refresh();
  }

  /** Says whether the command had something to do. */
  private run(command: Command): boolean {
    const { layout } = this.settings;
    const done = this.commands[command]();
    if (layout !== this.settings.layout) this.moved();
    return done;
  }

  private changing(change: () => unknown): void {
    const { layout } = this.settings;
    change();
    if (layout !== this.settings.layout) this.moved();
    this.refresh();
  }

  private cancelTask(): boolean {
    const task = this.tasks.findLast(({ cancellable }) => cancellable);
    if (task) this.around.post({ type: 'viewer/cancel', viewId: this.around.viewId, task: task.id });
    return task !== undefined;
  }

  /** However much changes at once, lists and buttons are brought up to date once a frame. */
  private refresh(): void {
    this.screens.redraw();
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.update();
    });
  }

  private update(): void {
    const { session, editor, settings } = this;
    const { state, active } = session;
    this.root.dataset.tool = settings.tool;
    this.toolbar.update(settings, state);
    this.panel.update(session, editor, settings);
    this.screens.mark(session.marksOf(active.id), active.colour);
    this.screens.label(this.around.title);
    this.around.status.answered(answerOf(state, editor.held));
    this.around.status.locked(state.readOnly);
    this.tellPlace();
  }

  private tellPlace(): void {
    const { cursor } = this.editor;
    const over = this.over ?? (cursor && { plane: this.session.annotationPlane, at: cursor });
    if (!over) return this.around.status.at(null);
    this.around.status.at(placeReport(this.session, this.screens.sliceOf(over.plane), over));
  }
}
