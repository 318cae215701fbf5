import { tensorData, type TensorData } from '../graph';
import { compileEncoder } from '../inference/programs';
import { normalise } from '../inference/preprocess';
import type { Executor, Loaded } from '../runtime/types';
import type { SamConfig } from '../sam/config';
import { bare } from '../sam/seams';
import { constantWeights } from '../sam/weights';
import type { Example } from './examples';

/**
 * Embeddings of a frozen encoder, computed once per example index and kept: from the second epoch on a decoder trains
 * at decoder speed.
 */
export function embeddingCache(executor: Executor, config: SamConfig, frozen: ReadonlyMap<string, TensorData>) {
  const kept = new Map<number, TensorData>();
  let encoder: Promise<Loaded> | null = null;

  const embed = async ({ image }: Example): Promise<TensorData> => {
    encoder ??= executor.load(compileEncoder({ config, weights: constantWeights(frozen), seams: bare }, 1));
    const outputs = await executor.run(await encoder, { image: normalise([image], config.imageSize) });
    return outputs.embedding;
  };

  /** → [I, C, g, g] */
  return async (indices: readonly number[], examples: readonly Example[]): Promise<TensorData> => {
    for (const [place, index] of indices.entries()) {
      if (!kept.has(index)) kept.set(index, await embed(examples[place]));
    }
    const [first] = indices.map((index) => kept.get(index)!);
    const data = new Float32Array(indices.length * first.data.length);
    indices.forEach((index, place) => data.set(kept.get(index)!.data, place * first.data.length));
    return tensorData([indices.length, ...first.shape.slice(1)], data);
  };
}
