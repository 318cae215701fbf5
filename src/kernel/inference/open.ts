import type { Executor } from '../runtime/types';
import type { TensorData } from '../graph';
import { constantWeights } from '../sam/weights';
import type { SamModel } from '../sam/sam';
import { bare } from '../sam/seams';
import { mergeLora } from '../medsa/lora';
import { isLora } from '../medsa/options';
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

/**
 * A model file with what was trained on it, as functions that build graphs. A batch holds volumes of `slices`: a depth
 * branch sees those, however many it was trained with. A picture is a volume of one.
 */
export function composeModel(base: ModelFile, adapters: AdapterFile | null, slices = 1): SamModel {
  const config = { ...base.config, imageSize: adapters?.imageSize ?? base.config.imageSize };
  const trained = adapters?.tensors ?? new Map<string, TensorData>();
  const options = adapters?.options ?? null;
  if (options !== null && isLora(options)) {
    return { config, weights: constantWeights(mergeLora(base.tensors, trained, options)), seams: bare };
  }
  const weights = constantWeights(new Map([...base.tensors, ...trained]));
  if (options === null) return { config, weights, seams: bare };
  const seams = adapterSeams(weights, options.slices === null ? options : { ...options, slices });
  return { config, weights, seams };
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
