import type { ImageInfo, Plane, PlaneInfo } from '../../src/protocol';
import { element } from '../shared/dom';
import { displayAspect, type Position } from './camera';
import { planeColours } from './frame';
import { Pane, type Scene } from './pane';
import { PaneBar } from './paneBar';
import type { Marks } from './session';
import type { Layout } from './settings';

export interface ScreenHandlers {
  scene(plane: PlaneInfo): Scene;
  hover(plane: PlaneInfo, at: Position | null): void;
  leftButton(plane: PlaneInfo): 'draw' | 'move' | 'cross';
  press(pane: Pane, at: Position, opposite: boolean): void;
  lead(pane: Pane, at: Position, dragged: boolean): void;
  release(): void;
  giveUp(): boolean;
  windowDrag(dx: number, dy: number, begins: boolean): void;
  /** The shown slices are others now. */
  moved(): void;
  layout(layout: Layout): void;
  /** Removes the selected prompt. */
  remove(): void;
}

interface Place {
  pane: Pane;
  bar: PaneBar | null;
  cell: HTMLElement;
}

/**
 * An output cannot ask how high the notebook is (its own window is as high as all outputs together), so the screen has to
 * tell: a picture stays low enough to be seen as a whole.
 */
const screenPart = 0.6;
const heights = { least: 240, most: 640 } as const;

/** After so long without turning, a wheel begins anew. */
const wheelRestMs = 400;

export function pictureHeight(): number {
  return Math.min(Math.max(heights.least, window.screen.height * screenPart), heights.most);
}

/** The planes of an image on the screen, and the voxel that they all show. */
export class Screens {
  readonly root = element('div', { class: 'screens' });
  private readonly places = new Map<Plane, Place>();
  /** Continuous voxel position: the cross-hair; each plane shows the slice that it lies on. */
  private position: [number, number, number];
  private layout: Layout;
  private scrolledAt = -Infinity;

  constructor(
    private readonly image: ImageInfo,
    slice: number,
    private readonly handlers: ScreenHandlers,
  ) {
    this.position = middleOf(image.size);
    this.position[image.planes[0].axes[2]] = Math.min(slice, image.planes[0].slices - 1) + 0.5;
    this.layout = image.planes[0].plane;
    for (const plane of image.planes) this.places.set(plane.plane, this.place(plane));
    this.root.append(...[...this.places.values()].map(({ cell }) => cell));
    this.setLayout(this.layout);
  }

  /** Planes that are on the screen now. */
  get shown(): PlaneInfo[] {
    return this.image.planes.filter(({ plane }) => this.layout === 'all' || this.layout === plane);
  }

  get voxel(): readonly [number, number, number] {
    return this.position;
  }

  pane(plane: Plane): Pane {
    const place = this.places.get(plane);
    if (!place) throw new Error(`the image has no ${plane} plane`);
    return place.pane;
  }

  /** Gives the keyboard to the first plane that is shown. */
  focus(): void {
    this.pane(this.shown[0].plane).canvas.focus({ preventScroll: true });
  }

  /** While the space bar is held, the left button moves the picture. */
  holdSpace(held: boolean): void {
    for (const { pane } of this.places.values()) pane.gestures.space = held;
    this.root.classList.toggle('moving', held);
  }

  sliceOf(plane: PlaneInfo): number {
    return Math.floor(this.position[plane.axes[2]]);
  }

  /** Goes to a slice, the nearest one there is; says whether it was another. */
  setSlice(plane: PlaneInfo, slice: number): boolean {
    const index = Math.min(Math.max(slice, 0), plane.slices - 1);
    if (index === this.sliceOf(plane)) return false;
    this.position[plane.axes[2]] = index + 0.5;
    this.handlers.moved();
    return true;
  }

  /** Brings the cross-hair to a position of a plane's slice. */
  crossTo(plane: PlaneInfo, { x, y }: Position): void {
    const [column, row] = plane.axes;
    this.position[column] = Math.min(Math.max(x, 0), this.image.size[column] - 0.01);
    this.position[row] = Math.min(Math.max(y, 0), this.image.size[row] - 0.01);
    this.handlers.moved();
  }

  crossOn(plane: PlaneInfo): Scene['cross'] {
    const [column, row] = plane.axes;
    const cutBy = (axis: number) => this.image.planes.find(({ axes }) => axes[2] === axis)?.plane ?? plane.plane;
    return {
      at: { x: this.position[column], y: this.position[row] },
      vertical: planeColours[cutBy(column)],
      horizontal: planeColours[cutBy(row)],
    };
  }

  setLayout(layout: Layout): void {
    this.layout = layout;
    const shown = new Set(this.shown);
    const focused = document.activeElement;
    const cells = [...this.places.values()].map(({ pane, cell }) => ({ cell, hidden: !shown.has(pane.plane) }));
    const loses = cells.some(({ cell, hidden }) => hidden && cell.contains(focused));
    for (const { cell, hidden } of cells) cell.hidden = hidden;
    // What is hidden loses the focus, and with it the keys would be the notebook's.
    if (loses) this.focus();
    this.root.dataset.layout = layout === 'all' ? 'all' : 'one';
    const [main] = this.shown;
    this.root.style.setProperty('--aspect', String(displayAspect(main)));
    this.update();
  }

  update(): void {
    for (const { pane, bar } of this.places.values()) bar?.update(this.sliceOf(pane.plane), this.layout !== 'all');
  }

  /** What a screen reader says of each picture. */
  label(title: string): void {
    for (const { pane } of this.places.values()) {
      const { plane, slices } = pane.plane;
      const where = slices > 1 ? `, ${plane} slice ${this.sliceOf(pane.plane) + 1} of ${slices}` : '';
      const label = `${title}${where}. Press ? for keys.`;
      if (pane.canvas.getAttribute('aria-label') !== label) pane.canvas.setAttribute('aria-label', label);
    }
  }

  mark(marks: Marks, colour: string): void {
    this.places.get(this.image.planes[0].plane)?.bar?.mark(marks, colour);
  }

  redraw(all = true): void {
    for (const { pane } of this.places.values()) if (!pane.root.parentElement?.hidden) pane.redraw(all);
  }

  dispose(): void {
    for (const { pane } of this.places.values()) pane.dispose();
    this.places.clear();
  }

  /** At the ends the wheel is the notebook's again, though not in mid-turn. */
  private scroll(plane: PlaneInfo, steps: number): boolean {
    if (plane.slices === 1) return false;
    const now = performance.now();
    const goes = steps === 0 || this.setSlice(plane, this.sliceOf(plane) + steps);
    if (goes) this.scrolledAt = now;
    return goes || now - this.scrolledAt < wheelRestMs;
  }

  private place(plane: PlaneInfo): Place {
    const { handlers } = this;
    const pane: Pane = new Pane(plane, {
      scene: () => handlers.scene(plane),
      hover: (at) => handlers.hover(plane, at && pane.under(at)),
      leftButton: () => handlers.leftButton(plane),
      press: (at, opposite) => handlers.press(pane, at, opposite),
      lead: (at, dragged) => handlers.lead(pane, at, dragged),
      release: () => handlers.release(),
      giveUp: () => handlers.giveUp(),
      windowDrag: (dx, dy, begins) => handlers.windowDrag(dx, dy, begins),
      cross: (at) => this.crossTo(plane, pane.under(at)),
      scroll: (steps) => this.scroll(plane, steps),
      remove: () => handlers.remove(),
    });
    const bar =
      plane.slices > 1
        ? new PaneBar(plane, {
            slice: (index) => this.setSlice(plane, index),
            enlarge: () => handlers.layout(this.layout === 'all' ? plane.plane : 'all'),
          })
        : null;
    const cell = element('div', { class: 'pane', 'data-plane': plane.plane }, ...(bar ? [bar.root] : []), pane.root);
    return { pane, bar, cell };
  }
}

const middleOf = ([i, j, k]: readonly [number, number, number]): [number, number, number] => [
  Math.floor(i / 2) + 0.5,
  Math.floor(j / 2) + 0.5,
  Math.floor(k / 2) + 0.5,
];
