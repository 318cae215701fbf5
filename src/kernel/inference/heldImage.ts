import { UserError } from '../errors';
import type { EmbeddingStore, EncodedGroup, HeldEmbedding } from './embeddings';
import type { Geometry } from './preprocess';
import type { EncodedImage } from './types';

/** An image of `SamPredictor`: one of a group that was encoded together. */
export class HeldImage implements EncodedImage {
  private freed = false;

  constructor(
    readonly store: EmbeddingStore,
    private readonly group: EncodedGroup,
    private readonly index: number,
    readonly geometry: Geometry,
  ) {}

  get width(): number {
    return this.geometry.original.width;
  }

  get height(): number {
    return this.geometry.original.height;
  }

  /** Lends the embedding, which is computed again where the engine lost it. */
  use<R>(work: (embedding: HeldEmbedding) => Promise<R>, signal?: AbortSignal): Promise<R> {
    if (this.freed) throw new UserError('This image was freed. Encode the image again.');
    return this.store.use(this.group, (embeddings) => work(embeddings[this.index]), signal);
  }

  async free(): Promise<void> {
    if (this.freed) return;
    this.freed = true;
    await this.store.close(this.group);
  }
}
