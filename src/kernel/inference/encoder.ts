import { createHash } from 'node:crypto';
import type { TensorData } from '../graph';
import type { RgbImage } from '../imaging';
import type { ProgramCache } from '../runtime/programCache';
import type { Executor, Feed, HeldTensor, Loaded } from '../runtime/types';
import type { SamModel } from '../sam/sam';
import type { EmbeddingFolder } from './embeddingFolder';
import { normalise } from './preprocess';
import type { HeldEmbedding } from './embeddings';
import {
  compileChunkEncoder,
  compileEmbeddingPort,
  compileEncoder,
  compileImagePart,
  sliceEmbedding,
} from './programs';

/** Embeddings of earlier sessions. */
export interface StoredEmbeddings {
  readonly folder: EmbeddingFolder;
  /** Tells these weights from all others, adapters included. */
  readonly weights: () => Promise<string>;
  /** An embedding that took less time to make is not stored, ms. */
  readonly worthMs: number;
}

export interface EncoderOptions {
  readonly executor: Executor;
  readonly programs: ProgramCache;
  /** The model for a chunk of so many slices of one volume; 1: for a picture on its own. */
  readonly modelFor: (slices: number) => SamModel;
  /** The given feeds and those of the model's own inputs. */
  readonly feedsFor: (loaded: Loaded, given: Readonly<Record<string, Feed>>) => Record<string, Feed>;
  readonly stored: StoredEmbeddings | null;
}

/** Brings pictures into the executor as embeddings: from the disk where they lie there, else through the encoder. */
export class Encoder {
  constructor(private readonly options: EncoderOptions) {}

  /** Fitted pictures, several of them neighbouring slices of one volume → one embedding each, ready for clicks. */
  async encode(pictures: readonly RgbImage[], digest: string, signal?: AbortSignal): Promise<readonly HeldEmbedding[]> {
    const embeddings = await this.embed(pictures, digest, signal);
    const ready: HeldEmbedding[] = [];
    for (const embedding of embeddings) ready.push({ embedding, clicks: await this.prepare(embedding) });
    return ready;
  }

  /** What all clicks on an image have in common. */
  private async prepare(embedding: HeldTensor): Promise<Readonly<Record<string, HeldTensor>>> {
    const { executor, programs, modelFor, feedsFor } = this.options;
    const loaded = await programs.get('decoder-image', () => compileImagePart(modelFor(1)));
    const keep = loaded.program.outputs.map(({ name }) => name);
    return (await executor.runKeeping(loaded, feedsFor(loaded, { embedding }), { keep })).held;
  }

  /** → [1, C, g, g] each */
  private async embed(
    pictures: readonly RgbImage[],
    digest: string,
    signal?: AbortSignal,
  ): Promise<readonly HeldTensor[]> {
    const { stored } = this.options;
    if (stored === null) return this.compute(pictures, signal);
    const key = createHash('sha256')
      .update([digest, await stored.weights(), this.options.modelFor(1).config.imageSize].join('|'))
      .digest('hex');
    const found = await stored.folder.read(key);
    if (found !== null && found.length === pictures.length) {
      return Promise.all(found.map((embedding) => this.takeIn(embedding)));
    }
    const begin = performance.now();
    const embeddings = await this.compute(pictures, signal);
    if (performance.now() - begin >= stored.worthMs) await stored.folder.write(key, await this.letOut(embeddings));
    return embeddings;
  }

  private async compute(pictures: readonly RgbImage[], signal?: AbortSignal): Promise<readonly HeldTensor[]> {
    const { executor, programs, modelFor, feedsFor } = this.options;
    const { length } = pictures;
    const model = modelFor(length);
    const keep = length === 1 ? ['embedding'] : pictures.map((_, index) => sliceEmbedding(index));
    const loaded = await programs.get(`encoder-${length}`, () =>
      length === 1 ? compileEncoder(model, 1) : compileChunkEncoder(model, length),
    );
    const feeds = feedsFor(loaded, { image: normalise(pictures, model.config.imageSize) });
    const { held } = await executor.runKeeping(loaded, feeds, { keep, signal });
    return keep.map((name) => held[name]);
  }

  private async takeIn(given: TensorData): Promise<HeldTensor> {
    const { executor } = this.options;
    const { held } = await executor.runKeeping(await this.port(), { given }, { keep: ['embedding'] });
    return held.embedding;
  }

  private async letOut(embeddings: readonly HeldTensor[]): Promise<TensorData[]> {
    const { executor } = this.options;
    const port = await this.port();
    const values: TensorData[] = [];
    for (const given of embeddings) values.push((await executor.run(port, { given })).embedding);
    return values;
  }

  private port(): Promise<Loaded> {
    return this.options.programs.get('embedding-port', () => compileEmbeddingPort(this.options.modelFor(1)));
  }
}

/** SHA-256 of pictures that are encoded together: their sizes and pixels. */
export function pixelDigest(pictures: readonly RgbImage[]): string {
  const hash = createHash('sha256');
  for (const { width, height, rgb } of pictures) hash.update(`${width}×${height}:`).update(rgb);
  return hash.digest('hex');
}
