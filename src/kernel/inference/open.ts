import type { Executor } from '../runtime/types';
import type { TensorData } from '../graph';
import { constantWeights } from '../sam/weights';
import { bare } from '../sam/seams';
import type { SamModel } from '../sam/sam';
import { adapterSeams } from '../medsa/seams';
import { readAdapters, type AdapterFile } from './adapterFile';
import { readModel, type ModelFile } from './modelFile';
import { SamPredictor } from './predictor';
import type { Predictor } from './types';

export interface OpenOptions {
  /** Name or file. */
  readonly model: string;
  /** File; null: the frozen model. */
  readonly adapters: string | null;
  readonly executor: Executor;
  /** Ends the executor with the predictor. */
  readonly ownsExecutor?: boolean;
}

/** A model file with what was trained on it, as functions that build graphs. */
export function composeModel(base: ModelFile, adapters: AdapterFile | null): SamModel {
  const tensors = new Map<string, TensorData>([...base.tensors, ...(adapters?.tensors ?? [])]);
  const weights = constantWeights(tensors);
  const options = adapters?.options ?? null;
  const config = { ...base.config, imageSize: adapters?.imageSize ?? base.config.imageSize };
  return { config, weights, seams: options === null ? bare : adapterSeams(weights, options) };
}

/** Opens a model, with adapters, for prompts. @throws UserError when a file is missing, unreadable or does not fit. */
export async function openPredictor({ model, adapters, executor, ownsExecutor }: OpenOptions): Promise<Predictor> {
  const base = await readModel(model);
  const trained = adapters === null ? null : await readAdapters(adapters, base);
  return new SamPredictor({
    model: composeModel(base, trained),
    executor,
    modelName: base.name,
    adaptersName: trained?.name ?? null,
    ownsExecutor,
  });
}
