import fs from 'node:fs';
import path from 'node:path';
import { requireSpace } from '../diskSpace';
import { mismatchOf } from '../downloads';
import { UserError } from '../errors';
import type { PublishedModel } from './catalogue';
import type { ModelCheck } from './get';
import { refuseEmbedded, requireModelName } from './names';
import { incomingFolder, lockModel, modelExtension, place, storedModel, type StoredModel } from './store';

export interface AddOptions {
  readonly folder: string;
  /** null: the published model's that it is, else the file's own. */
  readonly name: string | null;
  /** Names that cannot be had. */
  readonly embedded: readonly string[];
  /** A link to the file instead of a copy. */
  readonly link: boolean;
  readonly check: ModelCheck;
  /** Models that a file may turn out to be, and whose names only they have. */
  readonly published: readonly PublishedModel[];
  readonly signal?: AbortSignal;
}

/**
 * Takes a checkpoint of the user's into the folder, under a name, after a look at whether it is a SAM. The file itself
 * stays where it is.
 * @throws UserError when the file is no model, the name cannot be had, or belongs to another file; CancelledError
 */
export async function addModel(file: string, options: AddOptions): Promise<StoredModel> {
  const { folder, embedded, link, check } = options;
  await check(file, null);
  const recognised = await publishedAs(file, options);
  const name = options.name ?? recognised?.name ?? path.parse(file).name;
  requireModelName(name);
  refuseEmbedded(name, embedded);
  await requireClaim(name, file, recognised, options);
  const unlock = lockModel(name, folder, `fetching or changing the model ${name}`);
  try {
    const here = storedModel(name, folder);
    if (here !== null) {
      throw new UserError(
        `${name} is here already: choose another name with --name, or first: med-sa models remove ${name}`,
        { file: here.file },
      );
    }
    const incoming = path.join(incomingFolder(folder), `${name}${modelExtension(file)}`);
    fs.rmSync(incoming, { force: true });
    if (link) makeLink(path.resolve(file), incoming);
    else await copy(file, incoming, folder);
    return place(incoming, name, folder);
  } finally {
    unlock();
  }
}

/** The published model that a file is, by its size and sums. */
async function publishedAs(file: string, { published, signal }: AddOptions): Promise<PublishedModel | null> {
  const { size } = fs.statSync(file);
  for (const model of published) {
    const comparable = model.size.exact && model.size.bytes === size && Object.keys(model.checksums).length > 0;
    if (comparable && (await mismatchOf(file, model.checksums, signal)) === null) return model;
  }
  return null;
}

/** @throws UserError when the name is that of a published model, and the file is another one */
async function requireClaim(
  name: string,
  file: string,
  recognised: PublishedModel | null,
  { published, check }: AddOptions,
): Promise<void> {
  const claimed = published.find((model) => model.name === name) ?? null;
  if (claimed === null || claimed === recognised) return;
  if (Object.keys(claimed.checksums).length > 0) {
    throw new UserError(`${file} is not the published ${name} (another size or sum): choose another name with --name`, {
      file,
    });
  }
  await check(file, claimed);
}

async function copy(file: string, to: string, folder: string): Promise<void> {
  requireSpace(folder, fs.statSync(file).size);
  try {
    // Where the file system can, the copy shares the bytes until one of the two is changed.
    await fs.promises.copyFile(file, to, fs.constants.COPYFILE_FICLONE);
    await fs.promises.chmod(to, 0o644);
    const handle = await fs.promises.open(to, 'r+');
    await handle.sync().finally(() => handle.close());
  } catch (cause) {
    fs.rmSync(to, { force: true });
    throw new UserError(`${file} could not be copied to ${folder} (${String(cause)}): check the folder and the disk`, {
      file,
      cause,
    });
  }
}

function makeLink(file: string, to: string): void {
  try {
    fs.symlinkSync(file, to, 'file');
  } catch (cause) {
    throw new UserError(`${to} could not be made a link (${String(cause)}): do it without --link`, { file: to, cause });
  }
}
