import path from 'node:path';
import { z } from 'zod';
import { readTensors, writeSafetensors, type TensorFile } from '../checkpoints';
import { UserError } from '../errors';
import { requireKnownVersion } from '../formatVersion';
import type { TensorData } from '../graph';
import { attachmentShapes } from '../medsa/attachment';
import { adapterVariants, promptModes, type AttachmentOptions } from '../medsa/options';
import { hasReleasedNames } from '../medsa/releasedNames';
import { samShapes } from '../sam/shapes';
import { parseEntry } from './metadata';
import { fromReleasedFile } from './releasedFile';
import { checkTensors, fileHash, type ModelFile } from './modelFile';

/** Raised when the meaning of what is written changes. 2: files that hold the base's mask decoder beside adapters. */
export const adapterFormat = 2;

/** What a run may train (med-sa.md, section 6); `none` leaves nothing to write. */
export const tuneNames = ['adapters', 'lora', 'decoder', 'full'] as const;
export type Tune = (typeof tuneNames)[number];

const adapterSchema = z.object({
  // The first files had no such entry, and no other prompt modes than `none` and `hyper`.
  variant: z.enum(adapterVariants).default('paper'),
  bottleneck: z.number().int().positive(),
  decoderBottleneck: z.number().int().positive(),
  scale: z.number(),
  slices: z.number().int().positive().nullable(),
  padding: z.enum(['after-norm', 'before-norm']),
  prompt: z.enum(promptModes),
});

const loraSchema = z.object({
  rank: z.number().int().positive(),
  alpha: z.number(),
  decoder: z.boolean(),
});

const metadataSchema = z.object({
  tune: z.enum(tuneNames),
  options: z.union([loraSchema, adapterSchema]).nullable(),
  imageSize: z.number().int().positive(),
  step: z.number().int().nonnegative(),
  withDecoder: z.boolean(),
});

/** What a fine-tune leaves: what it attached, or the base's tensors that were trained. */
export interface AdapterFile {
  readonly name: string;
  readonly file: string;
  readonly tune: Tune;
  /** null where nothing is attached (`decoder`, `full`). */
  readonly options: AttachmentOptions | null;
  /** Side at which images entered the model in training, pixels; they enter with it ever after. */
  readonly imageSize: number;
  /** Attached tensors, replacements of the base's, or both. */
  readonly tensors: ReadonlyMap<string, TensorData>;
  readonly step: number;
}

export interface AdapterNotes {
  readonly tune: Tune;
  readonly options: AttachmentOptions | null;
  readonly imageSize: number;
  readonly base: string;
  readonly baseHash: string;
  readonly step: number;
  /** Whether the base's mask decoder was trained beside what is attached; not by default. */
  readonly withDecoder?: boolean;
}

/** Writes a fine-tune's result, at once or not at all. */
export async function writeAdapters(
  file: string,
  tensors: ReadonlyMap<string, TensorData>,
  notes: AdapterNotes,
): Promise<void> {
  await writeSafetensors(file, new Map(tensors), {
    format: 'med-sa-adapters',
    // Versions before the second read all other files as well as this one does.
    version: String(notes.withDecoder ? adapterFormat : 1),
    tune: notes.tune,
    options: JSON.stringify(notes.options),
    image_size: String(notes.imageSize),
    base: notes.base,
    base_sha256: notes.baseHash,
    step: String(notes.step),
    ...(notes.withDecoder ? { with_decoder: 'true' } : {}),
  });
}

/**
 * A file of adapters in the product's own names, whichever it uses.
 * @throws UserError when it is not one of ours, newer than this version, or damaged.
 */
export async function readNamedAdapters(file: string): Promise<TensorFile & { readonly released: boolean }> {
  const found = await readTensors(file);
  const released = hasReleasedNames(found.tensors.keys());
  const own = released ? fromReleasedFile(found) : found;
  if (own.metadata.format !== 'med-sa-adapters') {
    throw new UserError(`${file} holds no Med-SA adapters: take checkpoints/best.safetensors of a run`, { file });
  }
  requireKnownVersion(file, own.metadata.version, adapterFormat);
  return { ...own, released };
}

/**
 * What a fine-tune made, or the authors' released adapters: alone or in a whole model, whose tensors then take the place
 * of the base's.
 * @throws UserError when the file is not one of ours, newer than this version, damaged, or of another base model.
 */
export async function readAdapters(file: string, base: ModelFile): Promise<AdapterFile> {
  const { tensors, metadata, released } = await readNamedAdapters(file);
  const parsed = metadataSchema.safeParse({
    tune: metadata.tune,
    options: parseEntry(metadata.options),
    // The first files had no such entry: they were made at the base's own size.
    imageSize: Number(metadata.image_size ?? base.config.imageSize),
    step: Number(metadata.step),
    withDecoder: metadata.with_decoder === 'true',
  });
  if (!parsed.success) {
    const wrong = parsed.error.issues[0].path[0];
    throw new UserError(`${file}: its metadata are damaged (${String(wrong)}): train again`, { file });
  }
  const { tune, options, imageSize, step, withDecoder } = parsed.data;
  // The authors' files do not tell what they were trained on: the shapes must do.
  const untold = released && metadata.base_sha256 === undefined;
  if (!untold && metadata.base_sha256 !== (await fileHash(base.file))) {
    throw new UserError(
      `${file} was trained on another model file (${metadata.base}) than ${base.file}: choose that model`,
      { file },
    );
  }
  const all = samShapes(base.config);
  const expected = new Map([
    ...(options === null ? [] : attachmentShapes(base.config, options)),
    ...[...all].filter(([name]) => trainsOfBase(tune, name, withDecoder) || (released && tensors.has(name))),
  ]);
  checkTensors(file, tensors, expected);
  return { name: adapterName(file), file, tune, options, imageSize, tensors, step };
}

/**
 * Whether `tune` trains this tensor of the base; `withDecoder`: the mask decoder too, whatever `tune` says. The random
 * projection of positions is no parameter: nothing trains it.
 */
export const trainsOfBase = (tune: Tune, name: string, withDecoder = false): boolean =>
  !name.endsWith('positional_encoding_gaussian_matrix') &&
  (tune === 'full' || ((tune === 'decoder' || withDecoder) && name.startsWith('mask_decoder.')));

/** "runs/heart/checkpoints/best.safetensors" is called "heart". */
export function adapterName(file: string): string {
  const parts = path.resolve(file).split(path.sep);
  return parts.at(-2) === 'checkpoints'
    ? parts.at(-3)!
    : path.basename(file).replace(/\.(safetensors|pth|pt|bin)$/i, '');
}
