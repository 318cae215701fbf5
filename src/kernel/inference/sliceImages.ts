import type { RgbImage } from '../imaging';
import type { SamPredictor } from './predictor';
import type { EncodedImage } from './types';

/** Chunks that stay encoded: those beside the slice in work, and the one that was begun with. */
const keptChunks = 4;

/**
 * The slices of one volume, encoded when they are asked for: with adapters that look along the depth in chunks of as
 * many slices as these were trained on, else one by one. Few stay encoded at a time.
 */
export class SliceImages {
  /** Least recently used first. */
  private readonly chunks = new Map<number, EncodedImage[]>();

  constructor(
    private readonly predictor: SamPredictor,
    private readonly slices: number,
    private readonly picture: (slice: number) => RgbImage,
  ) {}

  /** Valid until `keptChunks` others have been asked for. */
  async at(slice: number, signal?: AbortSignal): Promise<EncodedImage> {
    const length = Math.min(this.predictor.chunkSlices, this.slices);
    // The last chunk reaches back: each has the length that the adapters know.
    const first = Math.min(slice - (slice % length), this.slices - length);
    const known = this.chunks.get(first);
    const chunk = known ?? (await this.encode(first, length, signal));
    this.chunks.delete(first);
    this.chunks.set(first, chunk);
    for (const oldest of [...this.chunks.keys()].slice(0, -keptChunks)) await this.drop(oldest);
    return chunk[slice - first];
  }

  async free(): Promise<void> {
    for (const first of [...this.chunks.keys()]) await this.drop(first);
  }

  private encode(first: number, length: number, signal?: AbortSignal): Promise<EncodedImage[]> {
    const pictures = Array.from({ length }, (_, offset) => this.picture(first + offset));
    return this.predictor.encodeChunk(pictures, signal);
  }

  private async drop(first: number): Promise<void> {
    const chunk = this.chunks.get(first) ?? [];
    this.chunks.delete(first);
    for (const image of chunk) await image.free();
  }
}
