import type { Position } from './camera';

/** What the pointer does on a canvas; positions are CSS pixels on the canvas. */
export interface GestureHandlers {
  /** The pointer is there; null when it has left. */
  hover(at: Position | null): void;
  /** What the left button means now: draw, or move the picture. */
  leftButton(): 'draw' | 'move' | 'cross';
  /** `opposite`: with Shift or Alt, or the right button. */
  press(at: Position, opposite: boolean): void;
  /** `dragged`: the pointer has left the place of the press. */
  lead(at: Position, dragged: boolean): void;
  release(): void;
  /** Gives up what was begun; says whether there was anything. */
  giveUp(): boolean;
  pan(dx: number, dy: number): void;
  /** Since the press; `begins` on the first move. */
  windowDrag(dx: number, dy: number, begins: boolean): void;
  cross(at: Position): void;
  zoom(factor: number, at: Position): void;
  /** Says whether there are slices to scroll: otherwise the notebook scrolls. */
  scroll(steps: number): boolean;
}

/** A shorter drag is a click of an unsteady hand. In CSS pixels. */
const dragThreshold = 4;
/** What a touch pad sends, in CSS pixels a slice; a wheel's notch is about 100 and goes one slice. */
const padStep = 24;
const notch = 80;

type Meaning = 'draw' | 'move' | 'window' | 'cross';

interface Press {
  pointerId: number;
  from: Position;
  last: Position;
  meaning: Meaning;
  right: boolean;
  dragged: boolean;
}

/** Turns what a mouse, a pen or a finger does on a canvas into gestures. */
export class Gestures {
  private pressed: Press | null = null;
  private scrolled = 0;
  /** The wheel turns slices only once the pointer was moved here: a notebook that scrolls by is not held up. */
  private armed = false;
  private screen = '';
  /** Held on the keyboard: the left button then moves the picture. */
  space = false;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly handlers: GestureHandlers,
  ) {
    canvas.addEventListener('pointerdown', (event) => this.down(event));
    canvas.addEventListener('pointermove', (event) => this.move(event));
    canvas.addEventListener('pointerup', (event) => this.up(event));
    canvas.addEventListener('pointercancel', () => this.cancel());
    canvas.addEventListener('pointerleave', () => {
      this.armed = false;
      handlers.hover(null);
    });
    canvas.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
    // The right button has a meaning of its own here.
    canvas.addEventListener('contextmenu', (event) => {
      event.preventDefault();
      event.stopPropagation();
    });
  }

  /** Gives up what was begun; says whether there was anything. */
  cancel(): boolean {
    this.pressed = null;
    return this.handlers.giveUp();
  }

  private down(event: PointerEvent): void {
    const { button, pointerId, ctrlKey, metaKey } = event;
    if (this.pressed || button > 2) return;
    const at = this.position(event);
    const right = button === 2;
    const left = ctrlKey || metaKey ? 'cross' : this.handlers.leftButton();
    const moves = button === 1 || (button === 0 && this.space);
    const meaning: Meaning = right ? 'window' : moves ? 'move' : left;
    this.pressed = { pointerId, from: at, last: at, meaning, right, dragged: false };
    this.canvas.setPointerCapture(pointerId);
    this.canvas.focus({ preventScroll: true });
    event.preventDefault();
    if (meaning === 'draw') this.handlers.press(at, event.shiftKey || event.altKey);
    if (meaning === 'cross') this.handlers.cross(at);
  }

  private move(event: PointerEvent): void {
    const screen = `${event.screenX} ${event.screenY}`;
    if (this.screen !== '' && screen !== this.screen) this.armed = true;
    this.screen = screen;
    const at = this.position(event);
    this.handlers.hover(at);
    const { pressed } = this;
    if (pressed?.pointerId !== event.pointerId) return;
    const began = pressed.dragged;
    pressed.dragged ||= Math.hypot(at.x - pressed.from.x, at.y - pressed.from.y) >= dragThreshold;
    switch (pressed.meaning) {
      case 'draw':
        for (const each of coalesced(event)) this.handlers.lead(this.position(each), pressed.dragged);
        break;
      case 'cross':
        this.handlers.cross(at);
        break;
      case 'move':
        if (pressed.dragged) this.handlers.pan(at.x - pressed.last.x, at.y - pressed.last.y);
        if (pressed.dragged) pressed.last = at;
        break;
      case 'window':
        if (pressed.dragged) this.handlers.windowDrag(at.x - pressed.from.x, at.y - pressed.from.y, !began);
    }
  }

  private up(event: PointerEvent): void {
    const { pressed } = this;
    if (pressed?.pointerId !== event.pointerId) return;
    this.pressed = null;
    if (pressed.meaning === 'draw') {
      this.handlers.release();
      return;
    }
    if (pressed.dragged) return;
    if (pressed.meaning === 'move' && !this.space) this.handlers.cross(pressed.from);
    if (pressed.right && this.handlers.leftButton() === 'draw') {
      this.handlers.press(pressed.from, true);
      this.handlers.release();
    }
  }

  private wheel(event: WheelEvent): void {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.handlers.zoom(Math.exp(-pixels(event) * 0.0025), this.position(event));
      return;
    }
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return;
    if (!this.armed && document.activeElement !== this.canvas) return;
    const delta = pixels(event);
    const steps = Math.abs(delta) >= notch ? Math.sign(delta) : this.padSteps(delta);
    // Up goes on, as in the tools people come from.
    if (this.handlers.scroll(-steps)) event.preventDefault();
  }

  private padSteps(delta: number): number {
    if (Math.sign(delta) !== Math.sign(this.scrolled)) this.scrolled = 0;
    this.scrolled += delta;
    const steps = Math.trunc(this.scrolled / padStep);
    this.scrolled -= steps * padStep;
    return steps;
  }

  /** In the canvas' own CSS pixels, which a zoomed page draws larger. */
  private position({ clientX, clientY }: MouseEvent): Position {
    const shown = this.canvas.getBoundingClientRect();
    const { clientWidth, clientHeight } = this.canvas;
    return {
      x: ((clientX - shown.left) * clientWidth) / Math.max(shown.width, 1),
      y: ((clientY - shown.top) * clientHeight) / Math.max(shown.height, 1),
    };
  }
}

function pixels({ deltaY, deltaMode }: WheelEvent): number {
  return deltaMode === WheelEvent.DOM_DELTA_LINE
    ? deltaY * 34
    : deltaMode === WheelEvent.DOM_DELTA_PAGE
      ? deltaY * 400
      : deltaY;
}

/** Every place between two frames: a fast stroke stays round. */
function coalesced(event: PointerEvent): PointerEvent[] {
  const events = event.getCoalescedEvents?.() ?? [];
  return events.length > 0 ? events : [event];
}
