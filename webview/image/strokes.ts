import type { Stroke } from './draft';
import { paintSegment, spread } from './maskPixels';
import type { MaskPixels } from './outline';

interface Painted {
  object: string;
  slice: number;
  mask: MaskPixels;
  sentAt: number;
}

/** A stroke that the kernel has not answered within this time is not shown any longer. */
const patienceMs = 5000;

/** Strokes that are shown before the kernel has answered them, pixel by pixel as it will. */
export class Strokes {
  private live: (Painted & { drawn: number }) | null = null;
  private sent: Painted[] = [];

  constructor(private readonly size: { width: number; height: number }) {}

  /** The mask with what was painted on it; `mask` where nothing was. */
  over(object: string, slice: number, mask: MaskPixels | null): MaskPixels | null {
    if (this.live?.object === object && this.live.slice === slice) return this.live.mask;
    return this.lastOn(object, slice)?.mask ?? mask;
  }

  begin(object: string, slice: number, mask: MaskPixels | null): void {
    this.live = { object, slice, mask: spread(this.over(object, slice, mask), this.size), sentAt: 0, drawn: 0 };
  }

  /** Paints what the stroke has gained. */
  paint({ points, radius, erase }: Stroke): void {
    const { live } = this;
    if (!live) return;
    for (let at = live.drawn; at < points.length; at++)
      paintSegment(live.mask, points[Math.max(at - 1, 0)], points[at], radius, erase ? 0 : 1);
    live.drawn = points.length;
    // Another object, as layers recognise a mask by its identity.
    live.mask = { ...live.mask };
  }

  /** The stroke was sent. */
  end(): void {
    if (this.live) this.sent.push({ ...this.live, sentAt: performance.now() });
    this.live = null;
  }

  cancel(): void {
    this.live = null;
  }

  /** The kernel has told of an edit of this object on this slice: of the oldest stroke, as it answers in order. */
  answered(object: string, slice: number): void {
    const at = this.sent.findIndex((each) => each.object === object && each.slice === slice);
    if (at >= 0) this.sent.splice(at, 1);
  }

  /** Something went wrong: what the kernel says is what is shown. */
  forget(): void {
    this.sent = [];
  }

  private lastOn(object: string, slice: number): Painted | undefined {
    const now = performance.now();
    this.sent = this.sent.filter(({ sentAt }) => now - sentAt < patienceMs);
    return this.sent.findLast((each) => each.object === object && each.slice === slice);
  }
}
