import fs from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../errors';
import { readFileBytes, readProblem } from '../files';
import { imageExtensions } from '../imaging';
import { extensionOf } from '../imaging/formats';

/** More entries or deeper folders than any data set has: a whole disk was named by mistake. */
const mostEntries = 500_000;
const mostDepth = 16;
/** Tables and descriptions larger than this are something else. */
const mostTextBytes = 64 * 2 ** 20;

/** The folder of a data set: its files, and nothing outside of it. */
export class DataFolder {
  private listing: Promise<readonly string[]> | null = null;

  private constructor(
    /** Absolute, as it was named. */
    readonly root: string,
    private readonly realRoot: string,
  ) {}

  /** @throws UserError when it does not exist or is no folder. */
  static async open(folder: string): Promise<DataFolder> {
    const root = path.resolve(folder);
    const stat = await fs.stat(root).catch(() => null);
    if (!stat) throw new UserError(`${root} does not exist: check the path of the data`, { file: root });
    if (!stat.isDirectory()) {
      throw new UserError(`${root} is not a folder: name the folder that holds the data`, { file: root });
    }
    return new DataFolder(root, await fs.realpath(root));
  }

  /**
   * Every file in it, as sorted paths from the folder with `/`; names that begin with a dot are left out. Links inside
   * are followed. @throws UserError for a link that leads out of the folder, or more entries than a data set has.
   */
  files(): Promise<readonly string[]> {
    return (this.listing ??= this.list());
  }

  private async list(): Promise<string[]> {
    const found: string[] = [];
    const seen = new Set([this.realRoot]);
    const open = [{ folder: '', depth: 0 }];
    let entries = 0;
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { folder, depth } = next;
      const here = await fs.readdir(this.path(folder), { withFileTypes: true }).catch((cause: unknown) => {
        throw readProblem(this.path(folder), cause);
      });
      entries += here.length;
      if (entries > mostEntries || depth > mostDepth) {
        throw new UserError(`${this.root} holds more than a data set does: name the folder of one data set`, {
          file: this.root,
        });
      }
      for (const entry of here) {
        if (entry.name.startsWith('.')) continue;
        const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
        const kind = entry.isSymbolicLink() ? await this.linked(name, seen) : entry;
        if (kind?.isDirectory()) open.push({ folder: name, depth: depth + 1 });
        else if (kind?.isFile()) found.push(name);
      }
    }
    return found.sort();
  }

  /** What a link leads to; null for a folder that is listed already. */
  private async linked(name: string, seen: Set<string>) {
    const real = await this.within(name, this.path(name));
    const stat = await fs.stat(real);
    if (!stat.isDirectory()) return stat;
    if (seen.has(real)) return null;
    seen.add(real);
    return stat;
  }

  /** Where a name truly lies. @throws UserError when that is nowhere, or outside of the folder. */
  private async within(name: string, file: string): Promise<string> {
    const real = await fs.realpath(file).catch((cause: unknown) => {
      throw readProblem(file, cause);
    });
    if (isInside(this.realRoot, real)) return real;
    throw new UserError(`${name} in ${this.root} is a link to ${real}, outside of the folder: copy the file into it`, {
      file,
    });
  }

  /** Absolute path of a name of the listing. */
  path(name: string): string {
    return path.join(this.root, ...name.split('/'));
  }

  /**
   * Absolute path of the file that a table or a description names, from the data set's folder.
   * @param place what says so, with its line, for the message: "pairs.csv, line 3".
   * @throws UserError when there is no such file, or it lies outside of the folder.
   */
  async named(name: string, place: string): Promise<string> {
    const resolved = path.resolve(this.root, name);
    if (path.isAbsolute(name) || !isInside(this.root, resolved)) {
      throw new UserError(`${place}: ${name} lies outside of ${this.root}; name files within it`, { file: this.root });
    }
    const stat = await fs.stat(resolved).catch(() => null);
    if (!stat?.isFile()) {
      throw new UserError(`${place}: there is no file ${name} in ${this.root}; correct the name or remove the line`, {
        file: resolved,
      });
    }
    await this.within(`${place}: ${name}`, resolved);
    return resolved;
  }

  /** A path of this folder as it is written in it, with `/`. */
  relative(file: string): string {
    return path.relative(this.root, file).split(path.sep).join('/');
  }

  async has(name: string): Promise<boolean> {
    const stat = await fs.stat(this.path(name)).catch(() => null);
    return stat?.isFile() ?? false;
  }

  /** Content of a table or description. @throws UserError when it cannot be read, leads out, or is too large for one. */
  async read(name: string): Promise<Buffer> {
    const file = this.path(name);
    await this.within(name, file);
    const { size } = await fs.stat(file);
    if (size > mostTextBytes) {
      throw new UserError(`${file} has ${size} bytes, more than a table or description does: remove it`, { file });
    }
    return readFileBytes(file);
  }
}

function isInside(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return !path.isAbsolute(relative) && relative !== '..' && !relative.startsWith(`..${path.sep}`);
}

/** A file's name without its folder and all that follows the first dot of its extension. */
export const stem = (name: string): string => path.posix.basename(name).replace(/(\.nii|\.seg)?\.[^.]+$/i, '');

/** Whether a name ends like an image, a volume or a mask that can be read. */
export const isImageFile = (name: string): boolean => imageExtensions.includes(extensionOf(name));
