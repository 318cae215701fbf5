import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { readTensors } from '../checkpoints';
import { UserError } from '../errors';
import { requireKnownVersion } from '../formatVersion';
import type { TensorData } from '../graph';
import { publishedModel, publishedModels, storedModels } from '../models';
import { inOwnNames } from '../sam/checkpointNames';
import { samConfigs, type SamConfig } from '../sam/config';
import { samShapes, type ShapeTable } from '../sam/shapes';
import { modelsFolder } from './mediaFolder';
import { parseEntry } from './metadata';

/** Raised when the meaning of what is written changes. */
export const modelFormat = 1;

/** What the metadata of a model file of the product's own say of the file itself. */
export const modelFileNotes = { format: 'med-sa-model', version: String(modelFormat) } as const;

export const embeddedModel = 'phantom-sam';
const embeddedExtension = '.safetensors';

/** A SAM as a file holds it. */
export interface ModelFile {
  readonly name: string;
  readonly file: string;
  readonly config: SamConfig;
  readonly tensors: ReadonlyMap<string, TensorData>;
}

const size = z.number().int().positive();

/** The `config` entry of a model file's metadata. */
export const samConfigSchema = z.object({
  name: z.string(),
  imageSize: size,
  patchSize: size,
  embedDim: size,
  depth: size,
  heads: size,
  globalAttention: z.array(z.number().int().nonnegative()),
  windowSize: size,
  outChannels: size,
  decoderDepth: size,
  decoderHeads: size,
  decoderMlpDim: size,
  iouHeadDepth: size,
  iouHeadHidden: size,
  maskInChannels: size,
});

/** Whether a model is named by a file, not by its name. */
export const isModelPath = (nameOrFile: string): boolean => /[\\/]|\.(safetensors|pth|pt|bin)$/.test(nameOrFile);

/** The models that come with the installation, by name. */
export async function embeddedModels(): Promise<string[]> {
  const entries = await readdir(modelsFolder());
  return entries.filter((entry) => entry.endsWith(embeddedExtension)).map((entry) => path.parse(entry).name);
}

/**
 * Path of a model named by file or by name: an embedded one, or one of the user's cache folder. Fetches nothing.
 * @throws UserError naming what there is, and for a published model that is not here how to get it
 */
export async function resolveModel(nameOrFile: string): Promise<string> {
  if (isModelPath(nameOrFile)) {
    if (existsSync(nameOrFile)) return path.resolve(nameOrFile);
    throw new UserError(`model file ${nameOrFile} does not exist: check the path`, { file: nameOrFile });
  }
  const embedded = await embeddedModels();
  if (embedded.includes(nameOrFile)) return path.join(modelsFolder(), `${nameOrFile}${embeddedExtension}`);
  const stored = storedModels();
  const found = stored.find(({ name }) => name === nameOrFile);
  if (found?.size === null) {
    const again = `bring it back, or: med-sa models remove ${nameOrFile}`;
    throw new UserError(`the model ${nameOrFile} is a link to ${found.linkTo}, which is gone: ${again}`, {
      file: found.file,
    });
  }
  if (found !== undefined) return found.file;
  throw unknownModel(nameOrFile, [...new Set([...embedded, ...stored.map(({ name }) => name)])]);
}

function unknownModel(name: string, here: readonly string[]): UserError {
  if (publishedModel(name) !== null) {
    return new UserError(`the model ${name} is not on this machine: fetch it with: med-sa models get ${name}`);
  }
  const absent = publishedModels.map((model) => model.name).filter((one) => !here.includes(one));
  const more = absent.length === 0 ? '' : ` (med-sa models get fetches ${absent.join(', ')})`;
  return new UserError(
    `unknown model ${name}: known are ${here.join(', ') || 'none'}; or name a .safetensors or .pth file${more}`,
  );
}

/**
 * Reads a SAM, in its authors' names or those of `transformers`: its sizes from the file's metadata or, for published
 * checkpoints, from the width of the encoder. @throws UserError when the file is missing, damaged or does not fit
 */
export async function readModel(nameOrFile: string): Promise<ModelFile> {
  const file = await resolveModel(nameOrFile);
  const { tensors: found, metadata } = await readTensors(file);
  if (metadata.format === modelFileNotes.format) requireKnownVersion(file, metadata.version, modelFormat);
  const tensors = inOwnNames(found);
  const config = configOf(file, tensors, metadata.config);
  checkTensors(file, tensors, samShapes(config));
  return { name: path.basename(file).replace(/\.[a-z]+$/i, ''), file, config, tensors };
}

function configOf(file: string, tensors: ReadonlyMap<string, TensorData>, metadata: string | undefined): SamConfig {
  if (metadata !== undefined) {
    const parsed = samConfigSchema.safeParse(parseEntry(metadata));
    if (parsed.success) return parsed.data;
    const wrong = parsed.error.issues[0].path.join('.') || 'it is no JSON object';
    throw new UserError(`${file}: its config is not that of a SAM (${wrong}): get the file again`, { file });
  }
  const width = tensors.get('image_encoder.pos_embed')?.shape[3];
  const known = Object.values(samConfigs).find((config) => config.embedDim === width);
  if (known !== undefined) return known;
  throw new UserError(`${file} is no SAM: it has no image encoder of a known width (768, 1024 or 1280)`, { file });
}

/** @throws UserError saying which tensors are missing, unexpected or of another shape. */
export function checkTensors(file: string, tensors: ReadonlyMap<string, TensorData>, shapes: ShapeTable): void {
  const missing = [...shapes.keys()].filter((name) => !tensors.has(name));
  const unexpected = [...tensors.keys()].filter((name) => !shapes.has(name));
  const reshaped = [...shapes].filter(([name, shape]) => {
    const found = tensors.get(name);
    return found !== undefined && found.shape.join() !== shape.join();
  });
  const say = (what: string, names: readonly string[]): string[] =>
    names.length === 0
      ? []
      : [`${what}: ${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`];
  const problems = [
    ...say('missing', missing),
    ...say('unexpected', unexpected),
    ...say(
      'of another shape',
      reshaped.map(
        ([name, shape]) => `${name} [${tensors.get(name)!.shape.join(', ')}] instead of [${shape.join(', ')}]`,
      ),
    ),
  ];
  if (problems.length > 0) throw new UserError(`${file} does not fit: ${problems.join('; ')}`, { file });
}

/** SHA-256 of a file, hexadecimal. */
export async function fileHash(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
