import type { IntensityWindow, PlaneInfo, Prompt } from '../../src/protocol';
import { element } from '../shared/dom';
import { type Camera, pan, type Placement, place, type Position, toPlane, wholePlane, zoomAbout } from './camera';
import { rowButton } from './controls';
import type { Draft } from './draft';
import { FramePen } from './frame';
import { type GestureHandlers, Gestures } from './gestures';
import { MaskLayer, type MaskStyle } from './maskLayer';
import type { MaskPixels } from './outline';
import { PictureLayer } from './pictureLayer';
import { cornerOf } from './promptHit';
import { type PromptLook, PromptPen } from './promptPen';
import type { SliceImage } from './tone';

/** Everything a pane draws. Positions in pixels of the slice. */
export interface Scene {
  /** null: not here yet. */
  picture: SliceImage | null;
  window: IntensityWindow;
  smooth: boolean;
  /** Beneath first. */
  masks: readonly { mask: MaskPixels; style: MaskStyle }[];
  prompts: readonly (PromptLook & { prompt: Prompt })[];
  draft: Draft | null;
  cursor: Position | null;
  ring: { at: Position; radius: number; erases: boolean } | null;
  cross: { at: Position; vertical: string; horizontal: string } | null;
}

export interface PaneHandlers extends Omit<GestureHandlers, 'pan' | 'zoom'> {
  scene(): Scene;
  /** Removes the selected prompt. */
  remove(): void;
}

/** One plane on the screen: two canvases, as what follows the pointer is drawn far more often than the picture. */
export class Pane {
  readonly root: HTMLElement;
  readonly canvas = element('canvas', { class: 'overlay', tabindex: 0, role: 'application' });
  readonly gestures: Gestures;
  private readonly picture = element('canvas', { class: 'picture', 'aria-hidden': 'true' });
  /** Beside the selected prompt. */
  private readonly remove: HTMLButtonElement;
  private readonly layer = new PictureLayer();
  private readonly masks = new MaskLayer();
  private camera: Camera;
  private frame = 0;
  private dirty = false;
  /** Of the last slice that was here: shown, dimmed, until the next one comes. */
  private last: SliceImage | null = null;
  private size = { width: 0, height: 0 };
  private font = '600 11px sans-serif';
  private readonly resizes = new ResizeObserver(() => this.resize());

  constructor(
    readonly plane: PlaneInfo,
    private readonly handlers: PaneHandlers,
  ) {
    this.camera = wholePlane(plane);
    this.canvas.setAttribute('aria-roledescription', 'medical image');
    this.canvas.dataset.size = `${plane.width} ${plane.height}`;
    this.remove = rowButton('remove', 'Remove the selected prompt', () => handlers.remove());
    this.remove.classList.add('remove');
    this.remove.hidden = true;
    const attributes = { class: 'screen', 'data-plane': plane.plane };
    this.root = element('div', attributes, this.picture, this.canvas, this.remove);
    this.gestures = new Gestures(this.canvas, {
      hover: (at) => handlers.hover(at),
      leftButton: () => handlers.leftButton(),
      press: (at, opposite) => handlers.press(at, opposite),
      lead: (at, dragged) => handlers.lead(at, dragged),
      release: () => handlers.release(),
      giveUp: () => handlers.giveUp(),
      windowDrag: (dx, dy, begins) => handlers.windowDrag(dx, dy, begins),
      cross: (at) => handlers.cross(at),
      scroll: (steps) => handlers.scroll(steps),
      pan: (dx, dy) => this.look(pan(this.camera, dx, dy, this.placement, plane)),
      zoom: (factor, at) => this.look(zoomAbout(this.camera, factor, at, plane, this.size)),
    });
    this.resizes.observe(this.root);
  }

  get placement(): Placement {
    return place(this.camera, this.plane, this.size);
  }

  /** The slice's position under a point of the canvas. */
  under(at: Position): Position {
    return toPlane(this.placement, at);
  }

  zoom(factor: number): void {
    const middle = { x: this.size.width / 2, y: this.size.height / 2 };
    this.look(zoomAbout(this.camera, factor, middle, this.plane, this.size));
  }

  fit(): void {
    this.look(wholePlane(this.plane));
  }

  /** However much changes at once, it is drawn once. `all`: the picture and its masks too. */
  redraw(all = true): void {
    this.dirty ||= all;
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.resizes.disconnect();
    this.layer.dispose();
    this.last = null;
    for (const canvas of [this.picture, this.canvas]) canvas.width = canvas.height = 0;
    this.root.remove();
  }

  private look(camera: Camera): void {
    this.camera = camera;
    this.redraw();
  }

  private resize(): void {
    const { clientWidth: width, clientHeight: height } = this.root;
    this.size = { width, height };
    this.font = `600 11px ${getComputedStyle(this.root).fontFamily || 'sans-serif'}`;
    this.redraw();
  }

  private paint(): void {
    const { width, height } = this.size;
    if (width === 0 || height === 0) return;
    const unit = sharpness(this.root);
    const scene = this.handlers.scene();
    const waiting = !scene.picture;
    this.root.classList.toggle('waiting', waiting);
    this.root.classList.toggle('coarse', (scene.picture?.shrink ?? 1) > 1);
    if (scene.picture) this.last = scene.picture;
    if (this.dirty || this.sized(this.picture, unit)) this.paintPicture(scene, unit);
    this.dirty = false;
    this.paintOverlay(scene, unit);
    this.offerRemoval(scene);
    const { left, top, scaleX, scaleY } = this.placement;
    this.canvas.dataset.shown = [left, top, scaleX, scaleY].map((value) => value.toFixed(3)).join(' ');
  }

  private paintPicture(scene: Scene, unit: number): void {
    const context = this.clear(this.picture, unit);
    if (!context || !this.last) return;
    const { placement } = this;
    this.layer.draw(context, this.last, scene.window, scene.smooth, placement, unit);
    this.masks.begin();
    if (scene.picture)
      for (const { mask, style } of scene.masks) this.masks.draw(context, mask, style, placement, unit);
    this.masks.end();
  }

  private paintOverlay(scene: Scene, unit: number): void {
    const context = this.clear(this.canvas, unit);
    if (!context || !this.last) return;
    const { placement, plane, size } = this;
    context.setTransform(unit, 0, 0, unit, 0, 0);
    const frame = new FramePen(context, size, this.font);
    if (scene.cross) frame.cross(scene.cross.at, placement, scene.cross.vertical, scene.cross.horizontal);
    if (plane.letters) frame.letters(plane.letters);
    if (plane.spacing) frame.scaleBar(plane.spacing[0] / Math.abs(placement.scaleX));
    if (!scene.picture) return;
    const pen = new PromptPen(context, placement);
    for (const { prompt, ...look } of scene.prompts) pen.prompt(prompt, look);
    if (scene.draft) pen.draft(scene.draft);
    if (scene.ring) pen.ring(scene.ring.at, scene.ring.radius, scene.ring.erases);
    if (scene.cursor) pen.cursor(scene.cursor);
  }

  private offerRemoval(scene: Scene): void {
    const selected = scene.picture ? scene.prompts.find((each) => each.selected) : undefined;
    const corner = selected && cornerOf(selected.prompt, this.placement);
    this.remove.hidden = !corner;
    if (!corner) return;
    const { width, height } = this.size;
    this.remove.style.left = `${Math.min(Math.max(corner.x + 8, 0), width - 20)}px`;
    this.remove.style.top = `${Math.min(Math.max(corner.y - 24, 0), height - 20)}px`;
  }

  /** Whether the canvas had to be made another size. */
  private sized(canvas: HTMLCanvasElement, unit: number): boolean {
    const [width, height] = [this.size.width, this.size.height].map((side) => Math.max(1, Math.round(side * unit)));
    if (canvas.width === width && canvas.height === height) return false;
    canvas.width = width;
    canvas.height = height;
    return true;
  }

  private clear(canvas: HTMLCanvasElement, unit: number): CanvasRenderingContext2D | null {
    const context = canvas.getContext('2d');
    if (!this.sized(canvas, unit)) {
      context?.setTransform(1, 0, 0, 1, 0, 0);
      context?.clearRect(0, 0, canvas.width, canvas.height);
    }
    return context;
  }
}

/** Canvas pixels per CSS pixel: the screen's, and the page's own zoom. */
function sharpness(root: HTMLElement): number {
  const zoom = root.clientWidth > 0 ? root.getBoundingClientRect().width / root.clientWidth : 1;
  return (window.devicePixelRatio || 1) * (zoom || 1);
}
