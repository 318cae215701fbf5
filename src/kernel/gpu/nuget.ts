import { z } from 'zod';
import { fetchText, shown, type Network } from '../downloads';
import { UserError } from '../errors';
import type { RemotePackage } from './remotePackage';

const serviceSchema = z.object({ resources: z.array(z.object({ '@id': z.string(), '@type': z.string() })) });
const leafSchema = z.object({
  packageContent: z.string(),
  catalogEntry: z.union([z.string(), z.object({ '@id': z.string() })]),
});
const catalogSchema = z.object({
  packageHash: z.string(),
  packageHashAlgorithm: z.string(),
  packageSize: z.number().int().positive().optional(),
});

/**
 * A package of a NuGet feed: address, size and SHA-512 as the feed's catalogue tells them.
 * (NuGet Server API: service index, package metadata, catalogue.)
 * @param feed address of the feed's service index
 */
export async function findNugetPackage(
  id: string,
  version: string,
  feed: string,
  network: Network,
  signal?: AbortSignal,
): Promise<RemotePackage> {
  const read = async <T>(url: string, schema: z.ZodType<T>): Promise<T> => {
    const { text } = await fetchText(url, { network, accept: 'application/json', signal });
    try {
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      throw new UserError(`${shown(url)} does not answer as a NuGet feed does: try again later`, { cause });
    }
  };
  const { resources } = await read(feed, serviceSchema);
  const registrations = resources
    .filter((resource) => resource['@type'].startsWith('RegistrationsBaseUrl'))
    // The oldest form stands first by name; the newer ones add what is of no use here.
    .sort((a, b) => (a['@type'] < b['@type'] ? -1 : 1))
    .at(0)?.['@id'];
  if (registrations === undefined) {
    throw new UserError(
      `The NuGet feed ${shown(feed)} has no package metadata, and so no checksums: nothing was fetched`,
    );
  }
  const base = registrations.endsWith('/') ? registrations : `${registrations}/`;
  const leaf = await read(`${base}${id.toLowerCase()}/${version.toLowerCase()}.json`, leafSchema);
  const entry = typeof leaf.catalogEntry === 'string' ? leaf.catalogEntry : leaf.catalogEntry['@id'];
  const { packageHash, packageHashAlgorithm, packageSize } = await read(entry, catalogSchema);
  if (packageHashAlgorithm.toUpperCase() !== 'SHA512') {
    throw new UserError(`${shown(entry)} tells a checksum of an unknown kind (${packageHashAlgorithm})`);
  }
  const checksums = { sha512: Buffer.from(packageHash, 'base64').toString('hex') };
  return { name: id, version, url: leaf.packageContent, checksums, size: packageSize ?? null };
}
