import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { z } from 'zod';
import { contentLength, type Network } from '../downloads';
import { UserError } from '../errors';
import { majorOf, usedLibraries, type CudaLibrary, type CudaMajor } from './cudaLibraries';
import { findNugetPackage } from './nuget';
import { findWheel } from './pythonIndex';
import type { RemotePackage } from './remotePackage';
import type { RuntimePackage } from './runtimePackage';
import type { SystemLibraries } from './systemLibraries';

/** Where packages come from. */
export interface Sources {
  /** Python indexes, in order. */
  readonly indexes: readonly string[];
  /** Service index of the NuGet feed; null: the one that onnxruntime-node's own installer names. */
  readonly nugetFeed: string | null;
  readonly network: Network;
}

/** A package with what to take of it. */
export interface Fetch {
  readonly remote: RemotePackage;
  readonly size: number;
  /** The name that a member of the archive is installed under; null for what is left. */
  readonly take: (member: string) => string | null;
}

export interface Plan {
  readonly onnxruntime: string;
  readonly cuda: CudaMajor;
  /** The provider's package first. */
  readonly fetches: readonly Fetch[];
  /** Libraries that this machine has. */
  readonly onSystem: readonly string[];
  readonly downloadBytes: number;
  /** An upper estimate of the free space that the installation takes while it is made. */
  readonly diskBytes: number;
}

/** Wheels of CUDA libraries unpack to 1.2 to 1.9 times their size; the archives stay until the end. */
const unpackedAndPacked = 3;

/**
 * What has to be fetched for the CUDA provider of a version of ONNX Runtime. Reads indexes only.
 * @throws UserError when an index cannot be reached or lacks what is needed
 */
export async function planInstallation(
  runtime: RuntimePackage,
  cuda: CudaMajor,
  sources: Sources,
  onSystem: SystemLibraries,
  signal?: AbortSignal,
): Promise<Plan> {
  const provider = await findProvider(runtime, cuda, sources, signal);
  const libraries = usedLibraries(cuda);
  const missing = libraries.filter(({ soname }) => !onSystem(soname));
  const fetches = [await toFetch(provider, takeProvider, sources, signal)];
  for (const library of missing) fetches.push(await fetchFor(library, sources, signal));
  const downloadBytes = fetches.reduce((sum, { size }) => sum + size, 0);
  return {
    onnxruntime: runtime.version,
    cuda,
    fetches,
    onSystem: libraries.filter((library) => !missing.includes(library)).map(({ soname }) => soname),
    downloadBytes,
    diskBytes: downloadBytes * unpackedAndPacked,
  };
}

/** The package of one of NVIDIA's libraries: the newest whose major version is the library's. */
export async function fetchFor(library: CudaLibrary, sources: Sources, signal?: AbortSignal): Promise<Fetch> {
  const { project, soname, members } = library;
  const fits = (version: string): boolean => parseInt(version, 10) === majorOf(soname);
  const wheel = await findWheel(project, fits, sources.indexes, sources.network, signal);
  const take = (member: string): string | null => {
    const name = path.posix.basename(member);
    return /(^|\/)lib\//.test(member) && members.test(name) ? name : null;
  };
  return toFetch(wheel, take, sources, signal);
}

function findProvider(
  runtime: RuntimePackage,
  cuda: CudaMajor,
  sources: Sources,
  signal: AbortSignal | undefined,
): Promise<RemotePackage> {
  const { indexes, network } = sources;
  if (cuda === 13)
    return findWheel('onnxruntime-gpu', (version) => version === runtime.version, indexes, network, signal);
  const { id, version, feed } = nugetSource(runtime);
  return findNugetPackage(id, version, sources.nugetFeed ?? feed, network, signal);
}

/**
 * The provider, its bridge, and ONNX Runtime itself as it was built with them: provider and runtime call each other
 * through C++ tables that only one build agrees on. (npm's binding calls the runtime through its stable C interface.)
 */
function takeProvider(member: string): string | null {
  const name = path.posix.basename(member);
  if (/^libonnxruntime_providers_(cuda|shared)\.so$/.test(name)) return name;
  return /^libonnxruntime\.so(\.[\d.]+)?$/.test(name) ? 'libonnxruntime.so.1' : null;
}

async function toFetch(
  remote: RemotePackage,
  take: Fetch['take'],
  { network }: Sources,
  signal: AbortSignal | undefined,
): Promise<Fetch> {
  return { remote, take, size: remote.size ?? (await contentLength(remote.url, network, signal)) };
}

const installerSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({ name: z.string(), versions: z.array(z.object({ feed: z.string(), version: z.string() })) }),
  ),
  feeds: z.record(z.string(), z.object({ index: z.string() })),
});

/** The package for CUDA 12, as onnxruntime-node's installer names it; by rule where the installer is not packed along. */
function nugetSource({ folder, version }: RuntimePackage): { id: string; version: string; feed: string } {
  const byRule = { id: 'Microsoft.ML.OnnxRuntime.Gpu.Linux', version, feed: 'https://api.nuget.org/v3/index.json' };
  const metadata = path.join(folder, 'script', 'install-metadata.js');
  if (!fs.existsSync(metadata)) return byRule;
  const { packages, feeds } = installerSchema.parse(createRequire(metadata)(metadata));
  const named = packages['nuget:linux/x64:cuda12'];
  const [first] = named?.versions ?? [];
  if (first === undefined || !Object.hasOwn(feeds, first.feed)) {
    throw new UserError(`${metadata} names no package for CUDA 12: take CUDA 13 (--cuda 13)`, { file: metadata });
  }
  return { id: named.name, version: first.version, feed: feeds[first.feed].index };
}
