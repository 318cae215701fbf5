import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { cacheFolder } from '../cacheFolder';
import { mismatchOf } from '../downloads/checksums';
import { lockFile } from '../fileLock';
import { cudaMajors, type CudaMajor } from './cudaLibraries';
import { nativeFolder } from './runtimePackage';

/** What stands in an installation's marker, which is written last: without it there is no installation. */
const markerSchema = z.object({
  format: z.literal(1),
  onnxruntime: z.string(),
  cuda: z.union(cudaMajors.map((major) => z.literal(major))),
  installedAt: z.string(),
  packages: z.array(z.object({ name: z.string(), version: z.string(), url: z.string() })),
  /** Paths from the installation's folder, with "/". */
  files: z.array(z.object({ path: z.string(), size: z.number().int().nonnegative(), sha256: z.string() })),
  /** Libraries to open before the provider, by their file names, so that it finds them: needs come first. */
  preload: z.array(z.string()),
  /** Libraries that this machine has by itself. */
  onSystem: z.array(z.string()),
});
export type Marker = z.infer<typeof markerSchema>;

export interface Installation extends Marker {
  readonly folder: string;
}

const markerFile = 'installed.json';

/** Where installations lie, one folder for each version of ONNX Runtime and CUDA. */
export const installationsFolder = (cache: string = cacheFolder()): string => path.join(cache, 'gpu');

export const installationFolder = (root: string, onnxruntime: string, cuda: CudaMajor): string =>
  path.join(root, `onnxruntime-${onnxruntime}-cuda${cuda}`);

/** The copy of onnxruntime-node in an installation, and its native files. */
export const packageFolderIn = (folder: string): string => path.join(folder, 'node_modules', 'onnxruntime-node');
export const nativeFolderIn = (folder: string): string => path.join(packageFolderIn(folder), nativeFolder);

export function writeMarker(folder: string, marker: Marker): void {
  const handle = fs.openSync(path.join(folder, markerFile), 'w');
  try {
    fs.writeFileSync(handle, JSON.stringify(marker, null, 2));
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}

/** Reads an installation; null where there is none, or not every file is there in its size. */
export function readInstallation(folder: string): Installation | null {
  try {
    const marker = markerSchema.parse(JSON.parse(fs.readFileSync(path.join(folder, markerFile), 'utf8')));
    const whole = marker.files.every(({ path: name, size }) => fs.statSync(path.join(folder, name)).size === size);
    return whole ? { ...marker, folder } : null;
  } catch {
    return null;
  }
}

/** Every whole installation, the newest first. */
export function listInstallations(root: string): Installation[] {
  const names = fs.existsSync(root) ? fs.readdirSync(root) : [];
  return names
    .map((name) => readInstallation(path.join(root, name)))
    .filter((one) => one !== null)
    .sort((a, b) => (a.installedAt < b.installedAt ? 1 : -1));
}

/** The installation that belongs to a version of ONNX Runtime; null when there is none. */
export function installationFor(onnxruntime: string, root: string = installationsFolder()): Installation | null {
  return listInstallations(root).find((one) => one.onnxruntime === onnxruntime) ?? null;
}

/** Whether every file still has the bytes that were installed. Reads them all: seconds. */
export async function isIntact({ folder, files }: Installation, signal?: AbortSignal): Promise<boolean> {
  for (const { path: name, sha256 } of files) {
    if ((await mismatchOf(path.join(folder, name), { sha256 }, signal)) !== null) return false;
  }
  return true;
}

/** Keeps other processes from installing or removing at the same time. @throws UserError naming the one at work */
export const lock = (root: string): (() => void) =>
  lockFile(path.join(root, 'lock'), `installing GPU support in ${root}`);

/** Removes all that was installed and all that was fetched for it. @returns the bytes that were freed */
export function removeInstallations(root: string): number {
  if (!fs.existsSync(root)) return 0;
  const unlock = lock(root);
  try {
    const bytes = sizeOfFolder(root);
    fs.rmSync(root, { recursive: true, force: true });
    return bytes;
  } finally {
    unlock();
  }
}

export function sizeOfFolder(folder: string): number {
  if (!fs.existsSync(folder)) return 0;
  const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, entry) => sum + fs.statSync(path.join(entry.parentPath, entry.name)).size, 0);
}
