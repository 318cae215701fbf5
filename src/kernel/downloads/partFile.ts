import fs from 'node:fs/promises';
import { z } from 'zod';
import { writeFileAtomically } from '../files';

/** Which bytes a part belongs to: the server's word that they are still the same. */
const versionSchema = z.object({ etag: z.string().nullable(), lastModified: z.string().nullable() });
export type Version = z.infer<typeof versionSchema>;

/**
 * The bytes that have arrived so far, in `FILE.part`, and their version in `FILE.part.json`. They outlive a cancelled
 * download and the process, and a later download of the same file goes on from them.
 */
export class PartFile {
  readonly path: string;
  private readonly note: string;

  constructor(file: string) {
    this.path = `${file}.part`;
    this.note = `${file}.part.json`;
  }

  /** Bytes that are there; none when nobody knows their version. */
  async size(): Promise<number> {
    if ((await this.version()) === null) return 0;
    return (await fs.stat(this.path).catch(() => null))?.size ?? 0;
  }

  async version(): Promise<Version | null> {
    try {
      return versionSchema.parse(JSON.parse(await fs.readFile(this.note, 'utf8')));
    } catch {
      return null; // none, or written by nobody we know: it starts anew
    }
  }

  /** Opens it to be written from `offset` on; 0 forgets what was there. The caller closes it. */
  async open(offset: number, version: Version): Promise<fs.FileHandle> {
    if (offset > 0) return fs.open(this.path, 'r+');
    await this.remove();
    await writeFileAtomically(this.note, [Buffer.from(JSON.stringify(version))]);
    return fs.open(this.path, 'w');
  }

  /** Gives the finished bytes their name. */
  async finish(file: string): Promise<void> {
    const handle = await fs.open(this.path, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.rename(this.path, file);
    await fs.rm(this.note, { force: true });
  }

  async remove(): Promise<void> {
    await fs.rm(this.path, { force: true });
    await fs.rm(this.note, { force: true });
  }
}

/** The version that a server's answer tells of. A weak ETag does not vouch for single bytes. */
export function versionOf(etag: string | null, lastModified: string | null): Version {
  return { etag: etag?.startsWith('W/') ? null : etag, lastModified };
}

export const sameVersion = (a: Version, b: Version): boolean =>
  a.etag === b.etag && (a.etag !== null || a.lastModified === b.lastModified);
