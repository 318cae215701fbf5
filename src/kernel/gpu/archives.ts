import fs from 'node:fs';
import path from 'node:path';
import type { ZipArchive } from '../checkpoints/zipArchive';
import { shown } from '../downloads';
import { UserError } from '../errors';

/** The last part of an archive's address, as the name of a file. @throws UserError when it would lead into another folder */
export function archiveName(url: string): string {
  const name = decoded(path.posix.basename(new URL(url).pathname));
  if (name !== null && /^[\w.+!~-]{1,200}$/.test(name) && !/^\.*$/.test(name)) return name;
  throw new UserError(`${shown(url)} does not end in the name of a file: nothing was fetched from there`);
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/**
 * Nobody who packs a wheel or a NuGet package writes members that lie outside of it, or links: such an archive is removed,
 * and nothing of it taken.
 * @throws UserError naming the member
 */
export function requireHarmless(zip: ZipArchive, archive: string): void {
  const wrong = zip.names.find((name) => leadsOut(name) || zip.isLink(name));
  if (wrong === undefined) return;
  fs.rmSync(archive, { force: true });
  const what = leadsOut(wrong) ? 'would lie outside of its folder' : 'is a link';
  throw new UserError(
    `${path.basename(archive)} holds ${JSON.stringify(wrong)}, which ${what}: nothing was taken of it. ` +
      "Use another index (pip's index-url), or tell those who run this one",
    { file: archive },
  );
}

/** On any system: "/" and "\\" separate folders, and a drive's letter may stand first. */
function leadsOut(name: string): boolean {
  return /^[\\/]|^[a-z]:|\0/i.test(name) || name.split(/[\\/]/).includes('..');
}
