import type { Plane } from '../../protocol';

/** A slice that a view asked for; `pixels` false: what lies over it only. */
export interface SliceWish {
  readonly plane: Plane;
  readonly index: number;
  readonly pixels: boolean;
}

/**
 * The slices that one view waits for. Each request replaces what is left of the last one of its plane, so that a page
 * that scrolls is answered for where it is, not for where it was.
 */
export class SliceQueue {
  private readonly wishes = new Map<Plane, SliceWish[]>();
  private working: Promise<void> | null = null;

  constructor(private readonly answer: (wish: SliceWish) => Promise<void>) {}

  /** Resolves when nothing is waited for any more. */
  request(plane: Plane, indices: readonly number[], pixels: boolean): Promise<void> {
    // The newest request first, whichever plane it is of.
    this.wishes.delete(plane);
    this.wishes.set(
      plane,
      indices.map((index) => ({ plane, index, pixels })),
    );
    this.working ??= this.work().finally(() => (this.working = null));
    return this.working;
  }

  clear(): void {
    this.wishes.clear();
  }

  private async work(): Promise<void> {
    for (let wish = this.next(); wish !== null; wish = this.next()) {
      await this.answer(wish);
      // A newer request that has arrived is heard before the next slice is begun.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private next(): SliceWish | null {
    for (const [plane, wishes] of [...this.wishes].reverse()) {
      const wish = wishes.shift();
      if (wish !== undefined) return wish;
      this.wishes.delete(plane);
    }
    return null;
  }
}
