import type { Plane } from '../../protocol';

/** A slice that a view asked for; `pixels` false: what lies over it only. */
export interface SliceWish {
  readonly plane: Plane;
  readonly index: number;
  readonly pixels: boolean;
  /** 1: every pixel; n: means of n × n. */
  readonly shrink: number;
}

/** The slices that one view waits for, answered one after the other, in the order asked; none twice at a time. */
export class SliceQueue {
  private readonly wishes = new Map<string, SliceWish>();
  private working: Promise<void> | null = null;

  constructor(private readonly answer: (wish: SliceWish) => Promise<void>) {}

  /** Resolves when nothing is waited for any more. */
  request(wishes: readonly SliceWish[]): Promise<void> {
    for (const wish of wishes) this.wishes.set([wish.plane, wish.index, wish.pixels, wish.shrink].join(), wish);
    this.working ??= this.work().finally(() => (this.working = null));
    return this.working;
  }

  clear(): void {
    this.wishes.clear();
  }

  private async work(): Promise<void> {
    for (const [key, wish] of this.wishes) {
      this.wishes.delete(key);
      await this.answer(wish);
      // Clicks and hovers that have arrived are heard before the next slice is begun.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
