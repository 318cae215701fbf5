import { tensorData, type TensorData } from '../graph';
import { compileEncoder } from '../inference/programs';
import { normalise } from '../inference/preprocess';
import type { ProgramCache } from '../runtime/programCache';
import type { Executor } from '../runtime/types';
import type { SamConfig } from '../sam/config';
import { bare } from '../sam/seams';
import { constantWeights } from '../sam/weights';
import type { Example } from './examples';

/** What may stay in memory; further embeddings are computed again when they are asked for. */
const maxBytes = 2 ** 30;

/**
 * Embeddings of a frozen encoder, computed once per example index and kept: from the second epoch on a decoder trains
 * at decoder speed.
 */
export function embeddingCache(
  executor: Executor,
  programs: ProgramCache,
  config: SamConfig,
  frozen: ReadonlyMap<string, TensorData>,
) {
  const kept = new Map<number, TensorData>();
  let bytes = 0;

  const embed = async ({ image }: Example): Promise<TensorData> => {
    const encoder = await programs.get('encoder', () =>
      compileEncoder({ config, weights: constantWeights(frozen), seams: bare }, 1),
    );
    const { embedding } = await executor.run(encoder, { image: normalise([image], config.imageSize) });
    return embedding;
  };

  const embeddingOf = async (index: number, example: Example): Promise<TensorData> => {
    const known = kept.get(index);
    if (known !== undefined) return known;
    const embedding = await embed(example);
    if (bytes + embedding.data.byteLength <= maxBytes) {
      bytes += embedding.data.byteLength;
      kept.set(index, embedding);
    }
    return embedding;
  };

  /** → [I, C, g, g] */
  return async (indices: readonly number[], examples: readonly Example[]): Promise<TensorData> => {
    const embeddings: TensorData[] = [];
    for (const [place, index] of indices.entries()) embeddings.push(await embeddingOf(index, examples[place]));
    const [{ data: first, shape }] = embeddings;
    const data = new Float32Array(indices.length * first.length);
    embeddings.forEach((embedding, place) => data.set(embedding.data, place * first.length));
    return tensorData([indices.length, ...shape.slice(1)], data);
  };
}
