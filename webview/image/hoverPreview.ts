import type { Prompt } from '../../src/protocol';
import { decodePatch } from './maskPixels';
import type { ImageEvent, Post } from './messages';
import type { MaskPixels } from './outline';

/** Between two questions: about fifteen a second, if the answers come as fast. */
const leastGapMs = 60;
/** A question that an edit has made void is never answered. */
const patienceMs = 500;

interface Place {
  object: string;
  slice: number;
  prompt: Extract<Prompt, { kind: 'point' }>;
}

export interface Preview {
  object: string;
  slice: number;
  mask: MaskPixels;
}

/** Asks what a click here would give while the pointer moves: one question at a time, always about the newest place. */
export class HoverPreview {
  shown: Preview | null = null;
  private wanted: Place | null = null;
  /** The question that is not answered yet. */
  private asked: number | null = null;
  private askedAt = -Infinity;
  /** The place that was asked about last. */
  private last: Place | null = null;
  private lastId = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly viewId: string,
    private readonly post: Post,
    private readonly changed: () => void,
  ) {}

  /** The pointer is over this place; null: over none, and what was asked is of no interest any more. */
  at(place: Place | null): void {
    if (!place) {
      this.stop();
      return;
    }
    if (this.wanted && samePixel(this.wanted, place)) return;
    this.wanted = place;
    if (this.shown && (this.shown.object !== place.object || this.shown.slice !== place.slice)) this.shown = null;
    this.askSoon();
  }

  /** @throws RangeError where the mask does not fit the slice. */
  answer(event: Extract<ImageEvent, { type: 'viewer/preview' }>, size: { width: number; height: number }): void {
    if (event.previewId !== this.asked) return;
    this.asked = null;
    const { object, slice, mask } = event;
    const current = this.wanted?.object === object && this.wanted.slice === slice;
    this.shown = current && mask ? { object, slice, mask: decodePatch(mask, size) } : null;
    this.changed();
    // Whoever waited for this answer need not wait as long as for one that never comes.
    clearTimeout(this.timer);
    this.timer = undefined;
    this.askSoon();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.wanted = null;
    this.asked = null;
    if (!this.shown) return;
    this.shown = null;
    this.changed();
  }

  private askSoon(): void {
    if (this.timer !== undefined) return;
    const since = performance.now() - this.askedAt;
    const wait = (this.asked !== null ? patienceMs : leastGapMs) - since;
    this.timer = setTimeout(() => this.ask(), Math.max(wait, 0));
  }

  private ask(): void {
    this.timer = undefined;
    const place = this.wanted;
    if (!place || place === this.last) return;
    if (this.asked !== null && performance.now() - this.askedAt < patienceMs) return this.askSoon();
    this.last = place;
    this.asked = ++this.lastId;
    this.askedAt = performance.now();
    this.post({ type: 'viewer/hover', viewId: this.viewId, previewId: this.lastId, ...place });
  }
}

function samePixel(a: Place, b: Place): boolean {
  const same = (x: number, y: number) => Math.floor(x) === Math.floor(y);
  const { prompt: p } = a;
  const { prompt: q } = b;
  return a.object === b.object && a.slice === b.slice && p.label === q.label && same(p.x, q.x) && same(p.y, q.y);
}
