import { CancelledError } from '../errors';
import type { ImageSegmenter } from './models';

/** How long nobody must have worked before anything is encoded ahead, ms. */
const idleMs = 250;

/**
 * A click waits for an encoding that runs: it cannot be ended without ending the engine, and all embeddings with it. So
 * only models that are done in this time encode neighbours ahead, ms.
 */
const quickMs = 250;

/** Views that wait at a time: a cell that shows many images must not fill the engine, nor push out what is in work. */
const keptWishes = 4;

interface Wish {
  readonly segmenter: () => Promise<ImageSegmenter>;
  /** Not encoded yet. */
  readonly slices: number[];
  /** Whether one was: what comes then are neighbours. */
  begun: boolean;
}

/**
 * Computes embeddings before a click asks for them: one at a time for all views, for the one that was looked at last
 * first, and nothing while somebody works.
 */
export class Prefetch {
  /** By view, the latest last. */
  private readonly wishes = new Map<object, Wish>();
  private working = false;
  private stirred = -Infinity;

  constructor(private readonly log: (error: unknown) => void) {}

  /** `slices`: the first is encoded by any model, the others by quick ones. Takes the place of the view's last wish. */
  wish(view: object, segmenter: () => Promise<ImageSegmenter>, slices: readonly number[]): void {
    this.stir(view);
    this.wishes.set(view, { segmenter, slices: [...slices], begun: false });
    for (const oldest of [...this.wishes.keys()].slice(0, -keptWishes)) this.wishes.delete(oldest);
    void this.work();
  }

  /** Somebody works in a view, or has turned to another slice: what was not begun for it is not worth it any more. */
  stir(view: object): void {
    this.stirred = performance.now();
    this.wishes.delete(view);
  }

  /** The view is gone. */
  forget(view: object): void {
    this.wishes.delete(view);
  }

  private async work(): Promise<void> {
    if (this.working) return;
    this.working = true;
    for (;;) {
      await this.quiet();
      const [view, wish] = [...this.wishes].at(-1) ?? [];
      if (view === undefined || wish === undefined) break;
      const done = await this.encodeNext(wish, () => this.wishes.get(view) === wish);
      if (done && this.wishes.get(view) === wish) this.wishes.delete(view);
    }
    this.working = false;
  }

  /** @returns whether nothing is left to do for this wish */
  private async encodeNext(wish: Wish, wanted: () => boolean): Promise<boolean> {
    try {
      const model = await wish.segmenter();
      if (wish.begun && (model.encodingMs() ?? Infinity) > quickMs) return true;
      const slice = wish.slices.shift();
      if (slice === undefined) return true;
      wish.begun = true;
      if (wanted()) await model.warm(slice);
      return wish.slices.length === 0;
    } catch (error) {
      // Ended by whoever ended the engine: the kernel ends, or a cancel met this encoding.
      if (!(error instanceof CancelledError)) this.log(error);
      return true;
    }
  }

  private async quiet(): Promise<void> {
    const left = (): number => idleMs - (performance.now() - this.stirred);
    while (left() > 0) await new Promise((resolve) => setTimeout(resolve, Math.ceil(left())));
  }
}
