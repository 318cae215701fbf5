import { createHash } from 'node:crypto';
import { cacheFolder } from '../cacheFolder';
import type { Executor } from '../runtime/types';
import type { TensorData } from '../graph';
import { constantWeights } from '../sam/weights';
import type { SamModel } from '../sam/sam';
import { bare } from '../sam/seams';
import { mergeLora } from '../medsa/lora';
import { isLora } from '../medsa/options';
import { adapterSeams } from '../medsa/seams';
import { readAdapters, type AdapterFile } from './adapterFile';
import { EmbeddingFolder } from './embeddingFolder';
import { fileHash, readModel, type ModelFile } from './modelFile';
import { SamPredictor } from './predictor';

/** What stored embeddings may take of the disk: a thousand images of a full-size model. */
const storedBytes = 4 * 2 ** 30;

/**
 * Storing pays where encoding takes longer, ms: on two cores the embedded model encodes in less than 100, ViT-B in seconds
 * (`npm run bench -- predict`, `-- engine`), and an entry of 4 MiB must be read, checked and moved into the engine.
 */
const worthMs = 500;

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
export async function openPredictor({ model, adapters, executor, ownsExecutor }: OpenOptions): Promise<SamPredictor> {
  const base = await readModel(model);
  const trained = adapters === null ? null : await readAdapters(adapters, base);
  const options = trained?.options ?? null;
  const slices = options === null || isLora(options) ? null : options.slices;
  const modelFor = (count: number): SamModel => composeModel(base, trained, count);
  return new SamPredictor({
    // A picture on its own is a volume of one slice.
    model: modelFor(1),
    depth: slices === null ? undefined : { slices, modelFor },
    executor,
    modelName: base.name,
    adaptersName: trained?.name ?? null,
    ownsExecutor,
    stored: {
      folder: new EmbeddingFolder(cacheFolder('embeddings'), storedBytes),
      weights: once(() => weightsDigest(base, trained)),
      worthMs,
    },
  });
}

/** Tells models apart by what they compute with. */
async function weightsDigest(base: ModelFile, adapters: AdapterFile | null): Promise<string> {
  const hash = createHash('sha256').update(await fileHash(base.file));
  if (adapters === null) return hash.digest('hex');
  hash.update(JSON.stringify([adapters.tune, adapters.options]));
  // What was read, not the file: a run that trains on overwrites it.
  for (const [name, { data }] of adapters.tensors) {
    hash.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= make());
}
