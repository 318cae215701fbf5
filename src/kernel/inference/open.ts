import type { Executor } from '../runtime/types';
import type { TensorData } from '../graph';
import { constantWeights } from '../sam/weights';
import type { SamModel } from '../sam/sam';
import { attachedSeams } from '../medsa/attachment';
import { isLora } from '../medsa/options';
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

/**
 * A model file with what was trained on it, as functions that build graphs. A batch holds volumes of `slices`: a depth
 * branch sees those, however many it was trained with. A picture is a volume of one.
 */
export function composeModel(base: ModelFile, adapters: AdapterFile | null, slices = 1): SamModel {
  const tensors = new Map<string, TensorData>([...base.tensors, ...(adapters?.tensors ?? [])]);
  const weights = constantWeights(tensors);
  const trained = adapters?.options ?? null;
  const deep = trained !== null && !isLora(trained) && trained.slices !== null;
  const config = { ...base.config, imageSize: adapters?.imageSize ?? base.config.imageSize };
  return { config, weights, seams: attachedSeams(weights, deep ? { ...trained, slices } : trained) };
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
