import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { ZipArchive } from '../checkpoints/zipArchive';
import { requireSpace } from '../diskSpace';
import { download } from '../downloads';
import { CancelledError, UserError } from '../errors';
import { archiveName, requireHarmless } from './archives';
import { libraryFor, type CudaMajor } from './cudaLibraries';
import {
  installationFolder,
  lock,
  nativeFolderIn,
  packageFolderIn,
  readInstallation,
  writeMarker,
  type Installation,
} from './installation';
import { missingLibraries, preloadOrder } from './needs';
import { fetchFor, type Fetch, type Plan, type Sources } from './plan';
import { nativeFolder, type RuntimePackage } from './runtimePackage';
import type { SystemLibraries } from './systemLibraries';

export interface InstallOptions {
  readonly plan: Plan;
  readonly runtime: RuntimePackage;
  readonly sources: Sources;
  readonly onSystem: SystemLibraries;
  /** Folder of all installations. */
  readonly root: string;
  readonly signal?: AbortSignal;
  /** Bytes fetched and in all; `what` is being fetched or unpacked. */
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

/**
 * Fetches what the plan names and makes an installation of it: a copy of the onnxruntime-node of this machine with the
 * provider and its libraries beside the native files. It is made in a folder of another name and renamed when it is whole,
 * so that nobody ever loads half of one. What was fetched stays for the next call when this one fails or is cancelled.
 * Installations of other versions are removed afterwards: only one can be used.
 * @throws UserError, DownloadError, CancelledError; an installation that was there before is then as it was
 */
export async function install(options: InstallOptions): Promise<Installation> {
  const { plan, root } = options;
  const final = installationFolder(root, plan.onnxruntime, plan.cuda);
  const fetched = path.join(root, 'fetched');
  const made = path.join(root, 'making');
  fs.mkdirSync(fetched, { recursive: true });
  requireSpace(root, plan.diskBytes);
  const unlock = lock(root);
  try {
    copyRuntime(options.runtime, made);
    const native = nativeFolderIn(made);
    let before = 0;
    for (const fetch of plan.fetches) {
      await unpack(await bring(fetch, fetched, options, before), fetch, native, options);
      before += fetch.size;
    }
    const further = await completeNeeds(native, fetched, options);
    const installed = await describe(made, native, [...plan.fetches, ...further], options);
    writeMarker(made, installed);
    replace(final, made);
    for (const name of fs.readdirSync(root)) {
      if (name !== path.basename(final)) fs.rmSync(path.join(root, name), { recursive: true, force: true });
    }
  } finally {
    fs.rmSync(made, { recursive: true, force: true });
    unlock();
  }
  const installation = readInstallation(final);
  if (installation === null)
    throw new UserError(`${final} was changed while it was made: do the same again`, { file: final });
  return installation;
}

async function bring(fetch: Fetch, fetched: string, options: InstallOptions, before: number): Promise<string> {
  const { remote, size } = fetch;
  const { plan, onProgress, signal, sources } = options;
  const file = path.join(fetched, archiveName(remote.url));
  const total = Math.max(plan.downloadBytes, before + size);
  const { url, checksums } = remote;
  await download({
    urls: [url],
    file,
    checksums,
    size,
    network: sources.network,
    signal,
    onProgress: (done) => onProgress?.(`fetching ${remote.name}`, before + done, total),
  });
  onProgress?.(`unpacking ${remote.name}`, before + size, total);
  return file;
}

/** Writes the members of an archive that are wanted. */
async function unpack(
  archive: string,
  { take, remote }: Fetch,
  native: string,
  options: InstallOptions,
): Promise<void> {
  const handle = await open(archive, 'r');
  try {
    const zip = await ZipArchive.open(handle, archive, (await handle.stat()).size);
    requireHarmless(zip, archive);
    const members = zip.names.map((member) => ({ member, name: take(member) })).filter(({ name }) => name !== null);
    if (members.length === 0)
      throw new UserError(`${remote.name} ${remote.version} does not hold what it should`, { file: archive });
    requireSpace(
      native,
      members.reduce((sum, { member }) => sum + zip.sizeOf(member), 0),
    );
    for (const { member, name } of members) {
      await writePieces(path.join(native, name ?? ''), await zip.stream(member), options.signal);
    }
  } finally {
    await handle.close();
  }
}

async function writePieces(
  file: string,
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const handle = await open(file, 'w', 0o755);
  try {
    for await (const piece of pieces) {
      if (signal?.aborted) throw new CancelledError();
      await handle.writeFile(piece);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What the provider needs and nobody has yet, by the files themselves. @throws UserError for what no index gives */
async function completeNeeds(native: string, fetched: string, options: InstallOptions): Promise<Fetch[]> {
  const { plan, sources, signal } = options;
  const further: Fetch[] = [];
  for (;;) {
    const [missing] = await missingLibraries(native, options.onSystem);
    if (missing === undefined) return further;
    const library = libraryFor(missing, plan.cuda);
    if (library === null || further.some(({ take }) => take(`lib/${missing}`) !== null))
      throw noLibrary(missing, plan.cuda);
    const fetch = await fetchFor(library, sources, signal);
    const before = [...plan.fetches, ...further].reduce((sum, { size }) => sum + size, 0);
    await unpack(await bring(fetch, fetched, options, before), fetch, native, options);
    further.push(fetch);
  }
}

const noLibrary = (name: string, cuda: CudaMajor): UserError =>
  new UserError(
    `The CUDA ${cuda} provider needs the library ${name}, which neither this machine nor the index has: install it`,
  );

async function describe(
  made: string,
  native: string,
  fetches: readonly Fetch[],
  { plan }: InstallOptions,
): Promise<Omit<Installation, 'folder'>> {
  const files: Installation['files'] = [];
  for (const entry of fs.readdirSync(made, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const hash = createHash('sha256');
    for await (const piece of fs.createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(piece as Buffer);
    const name = path.relative(made, file).split(path.sep).join('/');
    files.push({ path: name, size: fs.statSync(file).size, sha256: hash.digest('hex') });
  }
  return {
    format: 1,
    onnxruntime: plan.onnxruntime,
    cuda: plan.cuda,
    installedAt: new Date().toISOString(),
    packages: fetches.map(({ remote: { name, version, url } }) => ({
      name,
      version,
      url: new URL(url).origin + new URL(url).pathname,
    })),
    files: files.sort((a, b) => (a.path < b.path ? -1 : 1)),
    preload: await preloadOrder(native),
    onSystem: [...plan.onSystem],
  };
}

/** The parts of npm's package that run. A copy: hard links would follow an edit in place, and end at a file system's border. */
function copyRuntime(runtime: RuntimePackage, made: string): void {
  fs.rmSync(made, { recursive: true, force: true });
  const target = packageFolderIn(made);
  const code = (source: string): boolean => !/\.(map|d\.ts|md)$/.test(source);
  for (const part of ['package.json', 'dist', nativeFolder]) {
    fs.cpSync(path.join(runtime.folder, part), path.join(target, part), {
      recursive: true,
      dereference: true,
      filter: code,
    });
  }
  const common = path.join(made, 'node_modules', 'onnxruntime-common');
  for (const part of ['package.json', path.join('dist', 'cjs')]) {
    fs.cpSync(path.join(runtime.common, part), path.join(common, part), {
      recursive: true,
      dereference: true,
      filter: code,
    });
  }
}

/** A folder takes another's place in two renames; what was there goes after them. */
function replace(final: string, made: string): void {
  const old = `${final}.old`;
  fs.rmSync(old, { recursive: true, force: true });
  if (fs.existsSync(final)) fs.renameSync(final, old);
  fs.renameSync(made, final);
  fs.rmSync(old, { recursive: true, force: true });
}
