import type { ImageSegmenter } from './models';

/** How long a view must have been still, ms. */
const idleMs = 250;

/**
 * A click waits for an encoding that runs: it cannot be ended without ending the engine, and all embeddings with it. So
 * only models that are done in this time encode neighbours ahead, ms.
 */
const quickMs = 250;

/** Computes embeddings before a click asks for them; the newest wish only, and nothing while somebody works. */
export class Prefetch {
  private wish: object | null = null;

  /** A click, or another slice: what was not begun is not worth it any more. */
  cancel(): void {
    this.wish = null;
  }

  /** `slices`: the first is encoded by any model, the others by quick ones. */
  async start(segmenter: () => Promise<ImageSegmenter>, slices: readonly number[]): Promise<void> {
    const wish = (this.wish = {});
    await new Promise((resolve) => setTimeout(resolve, idleMs));
    for (const [index, slice] of slices.entries()) {
      if (this.wish !== wish) return;
      const model = await segmenter();
      if (index > 0 && (model.encodingMs() ?? Infinity) > quickMs) return;
      if (this.wish === wish) await model.warm(slice);
    }
  }
}
