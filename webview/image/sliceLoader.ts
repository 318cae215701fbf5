import type { Plane } from '../../src/protocol';
import type { Post } from './messages';
import type { Session } from './session';

/** Slices that are asked for ahead of the one that is shown, in the direction of scrolling, and behind it. */
const ahead = 8;
const behind = 2;
/** An answer that has not come by then is asked for again, a few times: what cannot be read will not be. */
const patienceMs = 4000;
const mostTries = 3;

interface Asked {
  indices: Set<number>;
  first: number;
  pixels: boolean;
  at: number;
  tries: number;
}

/** Asks the kernel for what the visible planes lack: what is shown first, then neighbours ahead of time. */
export class SliceLoader {
  private readonly shown = new Map<Plane, { index: number; direction: 1 | -1 }>();
  private readonly asked = new Map<Plane, Asked>();
  private readonly expectedUntil: number;
  private readonly timer: ReturnType<typeof setInterval>;

  /** `expected`: a slice of the annotation plane whose pixels come unasked. */
  constructor(
    private readonly viewId: string,
    private readonly post: Post,
    private readonly session: Session,
    private readonly expected: number,
  ) {
    this.expectedUntil = performance.now() + patienceMs;
    this.timer = setInterval(() => this.update(), patienceMs);
  }

  /** A plane shows this slice; null: it is not on the screen. */
  show(plane: Plane, index: number | null): void {
    if (index === null) {
      this.shown.delete(plane);
      return;
    }
    const before = this.shown.get(plane);
    if (before?.index === index) return;
    const direction = before ? (index > before.index ? 1 : -1) : 1;
    this.shown.set(plane, { index, direction });
    this.ask(plane);
  }

  /** To be called when slices or changes have come. */
  update(): void {
    for (const plane of this.shown.keys()) this.ask(plane);
  }

  dispose(): void {
    clearInterval(this.timer);
    this.shown.clear();
  }

  private ask(plane: Plane): void {
    const shown = this.shown.get(plane);
    if (!shown) return;
    const overlayOnly = this.session.need(plane, shown.index) === 'overlay';
    const indices = overlayOnly ? [shown.index] : this.missing(plane, shown.index, shown.direction);
    if (indices.length === 0) {
      this.asked.delete(plane);
      return;
    }
    const asked = this.asked.get(plane);
    const same = asked?.pixels === !overlayOnly && asked.first === indices[0];
    const waits = performance.now() - (asked?.at ?? -Infinity) < patienceMs;
    const covered = asked?.pixels === !overlayOnly && indices.every((index) => asked.indices.has(index));
    const urgent = indices[0] === shown.index && asked?.first !== shown.index;
    if (covered && waits && !urgent) return;
    if (covered && same && !waits && asked.tries >= mostTries) return;
    this.asked.set(plane, {
      indices: new Set(indices),
      first: indices[0],
      pixels: !overlayOnly,
      at: performance.now(),
      tries: covered && same && !waits ? asked.tries + 1 : 1,
    });
    this.post({ type: 'viewer/slices', viewId: this.viewId, plane, indices, pixels: !overlayOnly });
  }

  private missing(plane: Plane, index: number, direction: 1 | -1): number[] {
    const { slices } = this.session.planeInfo(plane);
    const steps = [0, ...range(1, ahead), ...range(1, behind).map((step) => -step)];
    return steps
      .map((step) => index + step * direction)
      .filter((each) => each >= 0 && each < slices && this.session.need(plane, each) === 'pixels')
      .filter((each) => !this.comesUnasked(plane, each));
  }

  private comesUnasked(plane: Plane, index: number): boolean {
    const { annotationPlane } = this.session;
    return plane === annotationPlane.plane && index === this.expected && performance.now() < this.expectedUntil;
  }
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);
