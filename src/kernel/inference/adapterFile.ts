import path from 'node:path';
import { z } from 'zod';
import { readSafetensors, writeSafetensors } from '../checkpoints';
import { UserError } from '../errors';
import type { TensorData } from '../graph';
import { adapterShapes } from '../medsa/shapes';
import type { AdapterOptions } from '../medsa/options';
import { samShapes } from '../sam/shapes';
import { checkTensors, fileHash, type ModelFile } from './modelFile';

/** Raised when the meaning of what is written changes. */
export const adapterFormat = 1;

export const tuneNames = ['adapters', 'decoder', 'full'] as const;
export type Tune = (typeof tuneNames)[number];

const optionsSchema = z.object({
  bottleneck: z.number().int().positive(),
  decoderBottleneck: z.number().int().positive(),
  scale: z.number(),
  slices: z.number().int().positive().nullable(),
  padding: z.enum(['after-norm', 'before-norm']),
  prompt: z.enum(['none', 'hyper']),
});

/** What a fine-tune leaves: adapters, or the base's tensors that were trained. */
export interface AdapterFile {
  readonly name: string;
  readonly file: string;
  readonly tune: Tune;
  /** null where nothing is attached (`decoder`, `full`). */
  readonly options: AdapterOptions | null;
  /** Adapter tensors, or replacements of the base's. */
  readonly tensors: ReadonlyMap<string, TensorData>;
  readonly step: number;
}

export interface AdapterNotes {
  readonly tune: Tune;
  readonly options: AdapterOptions | null;
  readonly base: string;
  readonly baseHash: string;
  readonly step: number;
}

export async function writeAdapters(
  file: string,
  tensors: ReadonlyMap<string, TensorData>,
  notes: AdapterNotes,
): Promise<void> {
  await writeSafetensors(file, new Map(tensors), {
    format: 'med-sa-adapters',
    version: String(adapterFormat),
    tune: notes.tune,
    options: JSON.stringify(notes.options),
    base: notes.base,
    base_sha256: notes.baseHash,
    step: String(notes.step),
  });
}

/** @throws UserError when the file is not one of ours, newer than this version, or belongs to another base model. */
export async function readAdapters(file: string, base: ModelFile): Promise<AdapterFile> {
  const { tensors, metadata } = await readSafetensors(file);
  if (metadata.format !== 'med-sa-adapters') {
    throw new UserError(`${file} holds no Med-SA adapters: take checkpoints/best.safetensors of a run`, { file });
  }
  if (Number(metadata.version) > adapterFormat) {
    throw new UserError(`${file} was made by a newer version of Med-SA Notebook: update to read it`, { file });
  }
  const tune = z.enum(tuneNames).safeParse(metadata.tune);
  const options = optionsSchema.nullable().safeParse(JSON.parse(metadata.options ?? 'null'));
  if (!tune.success || !options.success)
    throw new UserError(`${file}: its metadata are damaged; train again`, { file });
  if (metadata.base_sha256 !== (await fileHash(base.file))) {
    throw new UserError(
      `${file} was trained on the model ${metadata.base}, not on this ${base.name}: choose that model`,
      {
        file,
      },
    );
  }
  const all = samShapes(base.config);
  const expected =
    options.data === null
      ? new Map([...all].filter(([name]) => tune.data === 'full' || name.startsWith('mask_decoder.')))
      : adapterShapes(base.config, options.data);
  checkTensors(file, tensors, new Map([...expected].filter(([name]) => !isFixed(name))));
  return {
    name: adapterName(file),
    file,
    tune: tune.data,
    options: options.data,
    tensors,
    step: Number(metadata.step),
  };
}

/** The random projection of positions is no parameter: nothing trains it. */
export const isFixed = (name: string): boolean => name.endsWith('positional_encoding_gaussian_matrix');

/** "runs/heart/checkpoints/best.safetensors" is called "heart". */
export function adapterName(file: string): string {
  const parts = path.resolve(file).split(path.sep);
  return parts.at(-2) === 'checkpoints' ? parts.at(-3)! : path.basename(file, '.safetensors');
}
