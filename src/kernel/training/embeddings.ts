import { createHash } from 'node:crypto';
import { CancelledError } from '../errors';
import { tensorData, type TensorData } from '../graph';
import type { EmbeddingFolder } from '../inference/embeddingFolder';
import { pixelDigest } from '../inference/encoder';
import { compileEncoder } from '../inference/programs';
import { normalise } from '../inference/preprocess';
import { createProgramCache } from '../runtime/programCache';
import type { Executor } from '../runtime/types';
import type { SamConfig } from '../sam/config';
import { bare } from '../sam/seams';
import { constantWeights } from '../sam/weights';
import type { Example, FixedViews } from './examples';

export interface EmbeddingCacheOptions {
  readonly executor: Executor;
  readonly config: SamConfig;
  readonly frozen: ReadonlyMap<string, TensorData>;
  /** Where what does not fit into memory goes; null: it is computed again. */
  readonly folder: EmbeddingFolder | null;
  /** Tells this encoder from all others. */
  readonly weights: string;
  /** What may stay in memory. Default 1 GiB. */
  readonly maxBytes?: number;
}

/** Outputs of a frozen encoder, computed once for every picture and kept: a decoder then trains at decoder speed. */
export class EmbeddingCache {
  /** By the picture's digest. */
  private readonly kept = new Map<string, TensorData>();
  private bytes = 0;
  private readonly programs;

  constructor(private readonly options: EmbeddingCacheOptions) {
    this.programs = createProgramCache(options.executor, 1);
  }

  /** → [I, C, g, g] */
  async of(examples: readonly Example[]): Promise<TensorData> {
    const embeddings: TensorData[] = [];
    for (const example of examples) embeddings.push(await this.embeddingOf(example));
    const [{ data: first, shape }] = embeddings;
    const data = new Float32Array(examples.length * first.length);
    embeddings.forEach((embedding, place) => data.set(embedding.data, place * first.length));
    return tensorData([examples.length, ...shape.slice(1)], data);
  }

  /** Computes every view before training begins. @throws CancelledError */
  async fill(source: FixedViews, signal: AbortSignal, onProgress?: (done: number, total: number) => void) {
    const total = source.size * source.views;
    for (let done = 0; done < total; done++) {
      if (signal.aborted) throw new CancelledError();
      await this.of(await source.view(Math.floor(done / source.views), done % source.views));
      onProgress?.(done + 1, total);
      // A run of the executor blocks this thread: let signals and timers through.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  dispose(): Promise<void> {
    return this.programs.clear();
  }

  private async embeddingOf({ image }: Example): Promise<TensorData> {
    const { executor, config, frozen, folder, weights, maxBytes = 2 ** 30 } = this.options;
    const key = createHash('sha256')
      .update([pixelDigest([image]), weights, config.imageSize].join('|'))
      .digest('hex');
    const known = this.kept.get(key) ?? (await folder?.read(key))?.[0];
    if (known !== undefined) return known;
    const encoder = await this.programs.get('encoder', () =>
      compileEncoder({ config, weights: constantWeights(frozen), seams: bare }, 1),
    );
    const { embedding } = await executor.run(encoder, { image: normalise([image], config.imageSize) });
    if (this.bytes + embedding.data.byteLength <= maxBytes) {
      this.bytes += embedding.data.byteLength;
      this.kept.set(key, embedding);
    } else {
      await folder?.write(key, [embedding]);
    }
    return embedding;
  }
}
