import type { Executor } from '../runtime/types';
import type { TensorData } from '../graph';
import { UserError } from '../errors';
import { readAdapters, readModel } from '../inference';
import { isLora, type AttachmentOptions } from '../medsa/options';
import type { SamConfig } from '../sam/config';

/** A frozen SAM and what a fine-tune attached to it, apart: the inspector compares the two. */
export interface InspectedModel {
  readonly name: string;
  readonly adaptersName: string;
  /** With the image side that the fine-tune used. */
  readonly config: SamConfig;
  /** Names and values of SAM. */
  readonly frozen: ReadonlyMap<string, TensorData>;
  /** Names and values of `attachmentShapes`. */
  readonly attached: ReadonlyMap<string, TensorData>;
  readonly options: AttachmentOptions;
}

/** Slices that the depth branch looks along together; 1 where there is none. */
export const slicesOf = ({ options }: InspectedModel): number => (isLora(options) ? 1 : (options.slices ?? 1));

export interface InspectorFiles {
  /** Name or file of the base model. */
  readonly model: string;
  /** File of a fine-tune. */
  readonly adapters: string;
  readonly executor: Executor;
}

/**
 * Reads a model and its adapters for inspection.
 * @throws UserError when a file is missing, does not fit, or attaches nothing (`decoder`, `full`).
 */
export async function readInspectedModel({
  model,
  adapters,
}: Omit<InspectorFiles, 'executor'>): Promise<InspectedModel> {
  const base = await readModel(model);
  const trained = await readAdapters(adapters, base);
  if (trained.options === null) {
    throw new UserError(
      `${adapters} attaches nothing: it replaces SAM's own weights (tune ${trained.tune}); inspect adapters or LoRA`,
      { file: adapters },
    );
  }
  return {
    name: base.name,
    adaptersName: trained.name,
    config: { ...base.config, imageSize: trained.imageSize },
    frozen: base.tensors,
    attached: trained.tensors,
    options: trained.options,
  };
}
