import fs from 'node:fs';
import path from 'node:path';
import { cacheFolder } from '../cacheFolder';
import { UserError } from '../errors';
import { lockFile } from '../fileLock';
import { modelExtensions } from './names';

/** A model in the user's cache folder: `NAME.pth`, whole. */
export interface StoredModel {
  readonly name: string;
  readonly file: string;
  /** Bytes; null: a link to a file that is gone. */
  readonly size: number | null;
  /** The file outside of the cache that it is a link to. */
  readonly linkTo: string | null;
}

/** Where models lie. It need not exist. */
export const modelsCache = (): string => cacheFolder('models');

/** The ending of a file of tensors; what has another one is read by its content all the same. */
export const modelExtension = (file: string): string =>
  modelExtensions.find((one) => path.extname(file).toLowerCase() === one) ?? '.bin';

/** Every model of the folder, by name. */
export function storedModels(folder: string = modelsCache()): StoredModel[] {
  const entries = fs.existsSync(folder) ? fs.readdirSync(folder, { withFileTypes: true }) : [];
  return entries
    .filter((entry) => !entry.isDirectory() && modelExtensions.some((one) => entry.name.endsWith(one)))
    .map((entry) => described(path.join(folder, entry.name)))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function described(file: string): StoredModel {
  const isLink = fs.lstatSync(file).isSymbolicLink();
  return {
    name: path.parse(file).name,
    file,
    size: fs.statSync(file, { throwIfNoEntry: false })?.size ?? null,
    linkTo: isLink ? path.resolve(path.dirname(file), fs.readlinkSync(file)) : null,
  };
}

export const storedModel = (name: string, folder: string = modelsCache()): StoredModel | null =>
  storedModels(folder).find((model) => model.name === name) ?? null;

/** The names under which a model may lie that is no model yet: being fetched, or being copied. */
export const incomingFolder = (folder: string): string => path.join(folder, 'incoming');

/** Makes the folder, and keeps other processes from changing this model. @returns what ends it */
export function lockModel(name: string, folder: string, work: string): () => void {
  try {
    fs.mkdirSync(incomingFolder(folder), { recursive: true });
  } catch (cause) {
    throw new UserError(`${folder} cannot be made: let MEDSA_CACHE name a folder that you may write`, {
      file: folder,
      cause,
    });
  }
  return lockFile(path.join(folder, `${name}.lock`), work);
}

/** Gives a whole, checked file of the incoming folder its name; a model that had the name before goes. */
export function place(incoming: string, name: string, folder: string): StoredModel {
  const file = path.join(folder, `${name}${modelExtension(incoming)}`);
  fs.renameSync(incoming, file);
  for (const other of storedModels(folder)) {
    if (other.name === name && other.file !== file) fs.rmSync(other.file, { force: true });
  }
  return described(file);
}

/** Removes a model and what came of it so far. Of a link, the file that it leads to stays. @returns the bytes freed */
export function removeModel(name: string, folder: string = modelsCache()): number | null {
  if (!fs.existsSync(folder)) return null;
  const unlock = lockModel(name, folder, `working on the model ${name}`);
  try {
    const stored = storedModels(folder).filter((model) => model.name === name);
    const parts = fs
      .readdirSync(incomingFolder(folder))
      .filter((entry) => modelExtensions.some((one) => entry.startsWith(`${name}${one}`)));
    const files = [
      ...stored.map(({ file }) => file),
      ...parts.map((entry) => path.join(incomingFolder(folder), entry)),
    ];
    if (files.length === 0) return null;
    const freed = files.reduce((sum, file) => sum + fs.lstatSync(file).size, 0);
    for (const file of files) fs.rmSync(file, { force: true });
    return freed;
  } finally {
    unlock();
  }
}
