import fs from 'node:fs';
import path from 'node:path';
import { requireSpace } from '../diskSpace';
import { download, DownloadError, mismatchOf, shown, type Checksums, type Network } from '../downloads';
import { CancelledError, UserError } from '../errors';
import type { PublishedModel } from './catalogue';
import { incomingFolder, lockModel, modelExtension, place, storedModel, type StoredModel } from './store';

/** Where a model is fetched from, and what it must be. */
export interface ModelSource {
  readonly name: string;
  readonly url: string;
  readonly checksums: Checksums;
  /** Bytes that it must have; null: what the server says. */
  readonly size: number | null;
  readonly published: PublishedModel | null;
}

/**
 * The published model of a name, from its authors or from a mirror, or any other model from an address.
 * @throws UserError for a name that nobody knows without an address, and for a sum that contradicts the published one
 */
export function modelSource(
  name: string,
  published: PublishedModel | null,
  { from, sha256 }: { readonly from?: string; readonly sha256?: string },
): ModelSource {
  const url = from ?? published?.url;
  if (url === undefined) {
    throw new UserError(
      `${name} is no model that is known (see: med-sa models): name its address with --from URL, or add a file with med-sa models add`,
    );
  }
  const known = published?.checksums.sha256;
  if (sha256 !== undefined && known !== undefined && sha256.toLowerCase() !== known) {
    throw new UserError(`the published ${name} has the SHA-256 ${known}: choose another name for another file`);
  }
  const checksums = { ...published?.checksums, ...(sha256 === undefined ? {} : { sha256 }) };
  return { name, url, checksums, size: published?.size.exact ? published.size.bytes : null, published };
}

/** Reads a file as a model. @throws UserError when it is none, or of another size than the published one that it is to be */
export type ModelCheck = (file: string, as: PublishedModel | null) => Promise<void>;

export interface GetOptions {
  readonly folder: string;
  readonly check: ModelCheck;
  readonly network: Network;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number | null) => void;
  readonly stallTimeoutMs?: number;
  readonly retryDelayMs?: number;
}

/**
 * Fetches a model into the folder: whole, with the right sum, and readable, or not at all. What has arrived of an
 * interrupted one stays, and the next call goes on from there. One that is here already and right is left as it is.
 * @throws UserError that says what to do instead, CancelledError
 */
export async function getModel(
  source: ModelSource,
  options: GetOptions,
): Promise<{ readonly model: StoredModel; readonly changed: boolean }> {
  const { name, url, checksums, size, published } = source;
  const { folder, network, signal, onProgress, stallTimeoutMs, retryDelayMs } = options;
  const unlock = lockModel(name, folder, `fetching or changing the model ${name}`);
  try {
    const here = await rightModel(source, options);
    if (here !== null) return { model: here, changed: false };
    const file = path.join(incomingFolder(folder), `${name}${modelExtension(pathOf(url))}`);
    const fetched = fs.statSync(`${file}.part`, { throwIfNoEntry: false })?.size ?? 0;
    requireSpace(folder, (published?.size.bytes ?? 0) - fetched);
    const timing = { stallTimeoutMs, retryDelayMs };
    await download({ urls: [url], file, checksums, size, network, signal, onProgress, ...timing });
    await requireModel(file, source, options);
    return { model: place(file, name, folder), changed: true };
  } catch (error) {
    throw error instanceof DownloadError ? otherMeans(error, name) : error;
  } finally {
    unlock();
  }
}

/** The model of this name, when nothing is wrong with it. @throws UserError when it is another one than is asked for */
async function rightModel(source: ModelSource, { folder, check, signal }: GetOptions): Promise<StoredModel | null> {
  const { name, checksums, published } = source;
  const here = storedModel(name, folder);
  if (here === null || here.size === null) return null;
  if (Object.keys(checksums).length > 0) {
    const wrong = await mismatchOf(here.file, checksums, signal);
    if (wrong === null) return here;
    if (published !== null) return null; // damaged: fetched anew
    throw new UserError(
      `${name} is here already, and is another file (its ${wrong.name} is ${wrong.found}): choose another name, or first: med-sa models remove ${name}`,
      { file: here.file },
    );
  }
  try {
    await check(here.file, published);
    return here;
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

async function requireModel(
  file: string,
  { url, published }: ModelSource,
  { check, signal }: GetOptions,
): Promise<void> {
  if (signal?.aborted) throw new CancelledError();
  try {
    await check(file, published);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    fs.rmSync(file, { force: true });
    throw new UserError(`What ${shown(url)} gives is no model that can be used, and was removed: ${error.message}`, {
      cause: error,
    });
  }
}

const pathOf = (url: string): string => (URL.canParse(url) ? new URL(url).pathname : url);

const otherMeans = (error: DownloadError, name: string): UserError =>
  new UserError(
    `${error.message} A mirror: med-sa models get ${name} --from URL. A file that came by other means: med-sa models add FILE --name ${name}`,
    { cause: error },
  );
