import type { Box, Position } from './geometry';
import { boxBetween, toImage } from './geometry';

export interface PointerHandlers {
  /** The image's size in pixels. */
  size(): { width: number; height: number };
  /** Position under the pointer; null when it has left. */
  hover(position: Position | null): void;
  /** The box as it grows; null when it is given up. */
  draft(box: Box | null): void;
  point(position: Position, exclude: boolean): void;
  box(box: Box): void;
}

/** A shorter drag is a click of an unsteady hand. In CSS pixels. */
const dragThreshold = 4;

interface Press {
  pointerId: number;
  clientX: number;
  clientY: number;
  position: Position;
  exclude: boolean;
  dragging: boolean;
}

/** Turns what a mouse, a pen or a finger does on the canvas into points and boxes. */
export class PointerTool {
  private press: Press | null = null;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly handlers: PointerHandlers,
  ) {
    canvas.addEventListener('pointerdown', (event) => this.down(event));
    canvas.addEventListener('pointermove', (event) => this.move(event));
    canvas.addEventListener('pointerup', (event) => this.up(event));
    canvas.addEventListener('pointercancel', () => this.cancel());
    canvas.addEventListener('pointerleave', () => this.handlers.hover(null));
    // The right button is "exclude" here.
    canvas.addEventListener('contextmenu', (event) => {
      event.preventDefault();
      event.stopPropagation();
    });
  }

  /** Gives up a drag; says whether there was one. */
  cancel(): boolean {
    const dragging = this.press?.dragging ?? false;
    this.press = null;
    if (dragging) this.handlers.draft(null);
    return dragging;
  }

  private down(event: PointerEvent): void {
    const { button, pointerId, clientX, clientY } = event;
    if (this.press || (button !== 0 && button !== 2)) return;
    const exclude = event.shiftKey || event.altKey || button === 2;
    this.press = { pointerId, clientX, clientY, position: this.position(event), exclude, dragging: false };
    this.canvas.setPointerCapture(pointerId);
    this.canvas.focus({ preventScroll: true });
    event.preventDefault();
  }

  private move(event: PointerEvent): void {
    const position = this.position(event);
    this.handlers.hover(position);
    const { press } = this;
    if (press?.pointerId !== event.pointerId) return;
    press.dragging ||= Math.hypot(event.clientX - press.clientX, event.clientY - press.clientY) >= dragThreshold;
    if (press.dragging) this.handlers.draft(boxBetween(press.position, position));
  }

  private up(event: PointerEvent): void {
    const { press } = this;
    if (press?.pointerId !== event.pointerId) return;
    this.press = null;
    if (!press.dragging) return this.handlers.point(press.position, press.exclude);
    this.handlers.draft(null);
    const box = boxBetween(press.position, this.position(event));
    // A line along the edge of the picture encloses nothing.
    if (box.x1 > box.x0 && box.y1 > box.y0) this.handlers.box(box);
  }

  private position(event: PointerEvent): Position {
    return toImage(event, this.canvas.getBoundingClientRect(), this.handlers.size());
  }
}
