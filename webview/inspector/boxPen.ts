import type { Place } from './cursor';

type Corner = NonNullable<Place>;

export interface BoxPenOptions {
  readonly placeOf: (event: MouseEvent) => Corner;
  /** What is being drawn, or null. */
  readonly preview: (box: readonly [Corner, Corner] | null) => void;
  readonly finish: (from: Corner, to: Corner) => void;
}

/** A drag that is shorter is a click, pixels. */
const shortest = 4;

/** Draws boxes: with the pointer by dragging, with the keyboard by a key at either corner. */
export class BoxPen {
  private from: { readonly place: Corner; readonly x: number; readonly y: number } | null = null;
  private corner: Corner | null = null;
  private drawing = false;

  constructor(
    canvas: HTMLElement,
    private readonly options: BoxPenOptions,
  ) {
    canvas.addEventListener('pointerdown', (event) => {
      if (event.button !== 0 || event.shiftKey) return;
      this.from = { place: options.placeOf(event), x: event.clientX, y: event.clientY };
      this.drawing = false;
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener('pointermove', (event) => {
      if (this.from === null) return;
      const { place, x, y } = this.from;
      this.drawing ||= Math.hypot(event.clientX - x, event.clientY - y) >= shortest;
      if (this.drawing) options.preview([place, options.placeOf(event)]);
    });
    canvas.addEventListener('pointerup', (event) => {
      if (this.from !== null && this.drawing) this.finish(this.from.place, options.placeOf(event));
      this.from = null;
    });
    canvas.addEventListener('pointercancel', () => this.cancel());
  }

  /** Whether the click that ends a drag is this pen's, and no point. */
  takesClick(): boolean {
    const mine = this.drawing;
    this.drawing = false;
    return mine;
  }

  /** One corner of a box, and with the second call the other. */
  putCorner(place: Corner): void {
    if (this.corner === null) {
      this.corner = place;
      this.options.preview([place, place]);
    } else this.finish(this.corner, place);
  }

  /** The keyboard's box follows the cursor. */
  follow(place: Corner): void {
    if (this.corner !== null) this.options.preview([this.corner, place]);
  }

  /** Gives up the box that is being drawn. @returns whether there was one */
  cancel(): boolean {
    const some = this.corner !== null || this.from !== null;
    [this.from, this.corner, this.drawing] = [null, null, false];
    if (some) this.options.preview(null);
    return some;
  }

  private finish(from: Corner, to: Corner): void {
    this.corner = null;
    this.options.preview(null);
    if (from.x !== to.x && from.y !== to.y) this.options.finish(from, to);
  }
}
