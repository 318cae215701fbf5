import type { Plane } from '../../src/protocol';
import type { Post } from './messages';
import type { Session } from './session';
import { WheelPace } from './wheelPace';

/** Slices that are asked for ahead of the one that is shown, in the direction of scrolling, and behind it. */
const ahead = 8;
const behind = 2;
/**
 * Slices on the way to a page, at most: those asked for ahead of time, and all. VS Code carries one after the other: with
 * more on the way, the one that is looked at would come after those that are not looked at any more.
 */
const mostAhead = 4;
const mostOnTheWay = 6;
/**
 * Where more slices than this go by while one comes, the one that is shown is past before it is here: those are asked for that
 * will be shown by then, as many as can come in that time, evenly.
 */
const mostPassed = 3;
/** Asked for so much earlier than it seems to be needed: what comes too late is of no use. */
const margin = 1.3;
/** A slice of more pixels comes as means of them first: VS Code carries some megabytes a second, a wheel turns faster. */
const mostPixels = 1.5 * 2 ** 16;
/** When no other slice has been shown for so long, every pixel of this one is asked for. */
const restMs = 120;
/** An answer that has not come by then is asked for again, a few times: what cannot be read will not be. */
const patienceMs = 4000;
const mostTries = 3;

/** `shrink` null: what lies over the slice only; n: its pixels, means of n × n of them. */
interface Wish {
  plane: Plane;
  index: number;
  shrink: number | null;
}

/**
 * Asks the kernel for what the visible planes lack: what is shown first, then neighbours ahead of time. The page sets the
 * pace: it asks for more as slices come, so what it has scrolled past is not asked for, and nothing is asked for twice.
 */
export class SliceLoader {
  private readonly shown = new Map<Plane, { index: number; direction: 1 | -1; pace: WheelPace }>();
  /** Until when a wish is waited for. */
  private readonly onTheWay = new Map<string, number>();
  private readonly tries = new Map<string, number>();
  private readonly timer: ReturnType<typeof setInterval>;
  private resting: ReturnType<typeof setTimeout> | null = null;

  /** `expected`: a slice of the annotation plane whose pixels come unasked. */
  constructor(
    private readonly viewId: string,
    private readonly post: Post,
    private readonly session: Session,
    expected: number,
  ) {
    const { plane } = session.annotationPlane;
    const until = performance.now() + patienceMs;
    // However many of its pixels a view would ask for: all of them come.
    for (const shrink of new Set([1, this.coarse(plane)]))
      this.onTheWay.set(keyOf({ plane, index: expected, shrink }), until);
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
    const pace = before?.pace ?? new WheelPace();
    pace.shown(index, performance.now());
    this.shown.set(plane, { index, direction: before && index < before.index ? -1 : 1, pace });
    for (const shrink of [null, 1, this.coarse(plane)]) this.tries.delete(keyOf({ plane, index, shrink }));
    if (this.resting) clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      this.resting = null;
      this.update();
    }, restMs);
    this.update();
  }

  /** A slice is here and can be drawn; `shrink` null: what lies over it came alone. */
  arrived(plane: Plane, index: number, shrink: number | null): void {
    for (const each of shrink === 1 ? [1, this.coarse(plane)] : [shrink]) {
      const key = keyOf({ plane, index, shrink: each });
      const until = this.onTheWay.get(key);
      if (until !== undefined && this.tries.has(key)) {
        this.shown.get(plane)?.pace.answered(performance.now() - (until - patienceMs));
      }
      this.onTheWay.delete(key);
      this.tries.delete(key);
    }
    this.update();
  }

  /** To be called when what is held has changed. */
  update(): void {
    const now = performance.now();
    for (const [key, until] of this.onTheWay) if (until <= now) this.onTheWay.delete(key);
    const until = now + patienceMs;
    const chosen = [
      ...this.take(this.passing(now), mostOnTheWay, until),
      ...this.take(this.urgent(now), mostOnTheWay, until),
      ...(this.resting ? [] : this.take(this.details([0]), mostOnTheWay, until)),
      ...this.take(this.neighbours(now), mostAhead, until),
      // One at a time, and only when nothing else is on its way: a wheel that turns again does not wait for them.
      ...(this.resting ? [] : this.take(this.details([1, -1]), 1, until)),
    ];
    for (const plane of this.shown.keys()) {
      for (const shrink of new Set(chosen.map((wish) => wish.shrink)))
        this.request(chosen.filter((wish) => wish.plane === plane && wish.shrink === shrink));
    }
  }

  dispose(): void {
    clearInterval(this.timer);
    if (this.resting) clearTimeout(this.resting);
    this.shown.clear();
  }

  /** Wishes of one plane and one kind. */
  private request(wishes: readonly Wish[]): void {
    if (wishes.length === 0) return;
    const [{ plane, shrink }] = wishes;
    const { viewId } = this;
    const indices = wishes.map(({ index }) => index);
    const shown = this.shown.get(plane)?.index;
    this.post({ type: 'viewer/slices', viewId, plane, indices, pixels: shrink !== null, shrink: shrink ?? 1, shown });
  }

  /** The first of these that are not on the way, as many as there is room for; they are on the way from now on. */
  private take(wishes: Iterable<Wish>, most: number, until: number): Wish[] {
    const taken: Wish[] = [];
    for (const wish of wishes) {
      if (this.onTheWay.size >= most) break;
      const key = keyOf(wish);
      const tries = this.tries.get(key) ?? 0;
      if (this.onTheWay.has(key) || tries >= mostTries) continue;
      this.onTheWay.set(key, until);
      this.tries.set(key, tries + 1);
      taken.push(wish);
    }
    return taken;
  }

  /** Of a wheel that turns faster than slices come: what will be shown when it is here. */
  private *passing(now: number): Iterable<Wish> {
    for (const [plane, { index, pace }] of this.shown) {
      const passing = this.passingOf(pace, now);
      if (passing === 0) continue;
      // Multiples of the stride: the same slices are named as the wheel turns on.
      const stride = Math.sign(passing) * Math.ceil(Math.abs(passing) / mostOnTheWay);
      const first = Math.ceil((index + margin * passing) / stride) * stride;
      const last = passing > 0 ? this.session.planeInfo(plane).slices - 1 : 0;
      for (let turn = 0; turn < mostOnTheWay; turn++) {
        const next = first + turn * stride;
        const within = passing > 0 ? Math.min(next, last) : Math.max(next, last);
        if (this.session.need(plane, within) === 'pixels') yield { plane, index: within, shrink: this.coarse(plane) };
        if (within !== next) break;
      }
    }
  }

  /** How many slices go by while one comes, negative where the index falls; 0 where the one that is shown can be waited for. */
  private passingOf(pace: WheelPace, now: number): number {
    const passing = this.resting ? pace.passing(now) : 0;
    return Math.abs(passing) > mostPassed ? passing : 0;
  }

  /** What is shown and lacks something. */
  private *urgent(now: number): Iterable<Wish> {
    for (const [plane, { index, pace }] of this.shown) {
      const need = this.session.need(plane, index);
      if (need === 'pixels' && this.passingOf(pace, now) === 0) yield { plane, index, shrink: this.coarse(plane) };
      if (need === 'overlay') yield { plane, index, shrink: null };
    }
  }

  private *neighbours(now: number): Iterable<Wish> {
    for (const step of [...range(1, ahead), ...range(1, behind).map((each) => -each)]) {
      for (const [plane, { index: middle, direction, pace }] of this.shown) {
        const index = middle + step * direction;
        if (this.passingOf(pace, now) !== 0) continue;
        if (this.exists(plane, index) && this.session.need(plane, index) === 'pixels')
          yield { plane, index, shrink: this.coarse(plane) };
      }
    }
  }

  /** Every pixel of what is shown, or of the slices so far from it in the direction of scrolling. */
  private *details(steps: readonly number[]): Iterable<Wish> {
    for (const step of steps) {
      for (const [plane, { index: middle, direction }] of this.shown) {
        const index = middle + step * direction;
        if (this.exists(plane, index) && this.session.need(plane, index) === 'detail')
          yield { plane, index, shrink: 1 };
      }
    }
  }

  private exists(plane: Plane, index: number): boolean {
    return index >= 0 && index < this.session.planeInfo(plane).slices;
  }

  /** By how much a slice of a plane is shrunk when it comes for the first time. */
  private coarse(plane: Plane): number {
    const { width, height } = this.session.planeInfo(plane);
    let shrink = 1;
    while ((width / shrink) * (height / shrink) > mostPixels) shrink *= 2;
    return shrink;
  }
}

const keyOf = ({ plane, index, shrink }: Wish): string => `${plane} ${index} ${shrink}`;
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);
