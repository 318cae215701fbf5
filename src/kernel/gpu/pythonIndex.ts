import { z } from 'zod';
import { DownloadError, fetchText, shown, type Checksums, type FetchedText, type Network } from '../downloads';
import { UserError } from '../errors';
import type { RemotePackage } from './remotePackage';
import { compareVersions, isForLinuxX64, isRelease, normalized, parseWheelName, type WheelName } from './wheels';

/** A file that an index offers. */
interface IndexEntry {
  readonly filename: string;
  readonly url: string;
  readonly checksums: Checksums;
  readonly size: number | null;
  readonly yanked: boolean;
}

const pageSchema = z.object({
  files: z.array(
    z.object({
      filename: z.string(),
      url: z.string(),
      hashes: z.record(z.string(), z.string()),
      size: z.number().int().nonnegative().nullish(),
      yanked: z.union([z.boolean(), z.string()]).optional(),
    }),
  ),
});

export const jsonPage = 'application/vnd.pypi.simple.v1+json';
const accept = `${jsonPage}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1`;

/**
 * The wheel of a project for this platform: the newest release that `wanted` takes, from the first index that has the
 * project. Reads the JSON form of an index and the older HTML form. (Simple repository API: PEP 503, 691, 700.)
 * @throws UserError when an index cannot be reached, none has such a wheel, or it lacks a checksum
 */
export async function findWheel(
  project: string,
  wanted: (version: string) => boolean,
  indexes: readonly string[],
  network: Network,
  signal?: AbortSignal,
): Promise<RemotePackage> {
  for (const index of indexes) {
    const page = await projectPage(index, project, network, signal);
    const found = page === null ? null : newest(entriesOf(page), project, wanted);
    if (found === null) continue;
    const { entry, name } = found;
    if (Object.keys(entry.checksums).length === 0) {
      throw new UserError(
        `${shown(index)} tells no checksum of ${entry.filename}: use another index (pip's index-url)`,
      );
    }
    return { name: project, version: name.version, url: entry.url, checksums: entry.checksums, size: entry.size };
  }
  const asked = indexes.map((index) => shown(index)).join(', ');
  throw new UserError(
    `There is no fitting version of ${project} for Linux x64 on ${asked}: let pip's index-url name an index that has it`,
  );
}

async function projectPage(
  index: string,
  project: string,
  network: Network,
  signal: AbortSignal | undefined,
): Promise<FetchedText | null> {
  const base = index.endsWith('/') ? index : `${index}/`;
  try {
    const page = await fetchText(new URL(`${normalized(project)}/`, base).href, { network, accept, signal });
    return { ...page, url: withCredentialsOf(index, page.url) };
  } catch (error) {
    // An index that does not have the project says "not there"; the next may.
    if (error instanceof DownloadError && /\(not there\)/.test(error.message)) return null;
    if (!(error instanceof DownloadError)) throw error;
    throw new UserError(`${error.message} Inside an organisation set pip's index-url.`, { cause: error });
  }
}

/** Files of a private index are as private as itself. */
function withCredentialsOf(index: string, page: string): string {
  const [from, to] = [new URL(index), new URL(page)];
  if (from.host === to.host) {
    to.username = from.username;
    to.password = from.password;
  }
  return to.href;
}

function newest(
  entries: readonly IndexEntry[],
  project: string,
  wanted: (version: string) => boolean,
): { entry: IndexEntry; name: WheelName } | null {
  const fitting = entries.flatMap((entry) => {
    const name = parseWheelName(entry.filename);
    const fits =
      name !== null &&
      !entry.yanked &&
      name.project === normalized(project) &&
      isForLinuxX64(name) &&
      isRelease(name.version) &&
      wanted(name.version);
    return fits ? [{ entry, name }] : [];
  });
  // Wheels of one version for several Pythons hold the same libraries: the first of them.
  return fitting.reduce<{ entry: IndexEntry; name: WheelName } | null>(
    (best, one) => (best === null || compareVersions(one.name.version, best.name.version) > 0 ? one : best),
    null,
  );
}

function entriesOf(page: FetchedText): IndexEntry[] {
  return page.mediaType.endsWith('json') ? jsonEntries(page) : htmlEntries(page);
}

function jsonEntries({ url, text }: FetchedText): IndexEntry[] {
  let parsed: z.infer<typeof pageSchema>;
  try {
    parsed = pageSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new UserError(`${shown(url)} is no page of a Python index: correct pip's index-url`, { cause });
  }
  return parsed.files.map(({ filename, url: link, hashes, size, yanked }) => ({
    filename,
    url: absolute(link, url),
    checksums: knownChecksums(hashes),
    size: size ?? null,
    yanked: yanked !== undefined && yanked !== false,
  }));
}

/** One anchor per file: its text is the name, its fragment the checksum. */
function htmlEntries({ url, text }: FetchedText): IndexEntry[] {
  return Array.from(text.matchAll(/<a\s([^>]*)>([^<]*)<\/a>/gi), ([, attributes, filename]) => {
    const href = decoded(/href\s*=\s*["']([^"']*)["']/i.exec(attributes)?.[1] ?? '');
    const [link, fragment = ''] = href.split('#');
    const [algorithm, digest = ''] = fragment.split('=');
    return {
      filename: decoded(filename.trim()),
      url: absolute(link, url),
      checksums: knownChecksums({ [algorithm]: digest }),
      size: null,
      yanked: /\bdata-yanked\b/i.test(attributes),
    };
  });
}

function absolute(link: string, page: string): string {
  const target = new URL(link, page);
  return withCredentialsOf(page, target.href);
}

function knownChecksums(hashes: Readonly<Record<string, string>>): Checksums {
  const { sha256, sha512, md5 } = hashes;
  return { ...(sha256 && { sha256 }), ...(sha512 && { sha512 }), ...(md5 && { md5 }) };
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
const decoded = (text: string): string => text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name]);
