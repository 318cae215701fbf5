import { createRequire } from 'node:module';
import path from 'node:path';
import type * as OnnxRuntime from 'onnxruntime-node';
import { installationFor, nativeFolderIn, packageFolderIn, type Installation } from '../gpu/installation';
import { installedRuntime, nativeFolder } from '../gpu/runtimePackage';
import { DeviceUnavailableError } from './errors';
import { openLibrary } from './nativeLibraries';

/**
 * ONNX Runtime from the installation that `med-sa gpu install` made; null where there is none for the installed version.
 * ONNX Runtime looks for its CUDA provider beside its own native library, and the provider has no run path of its own:
 * therefore a copy of the package, with CUDA's libraries opened by full path beforehand. Nothing outside this process
 * changes, and node_modules may be read-only.
 * @throws DeviceUnavailableError when a library of the installation cannot be opened
 */
export function loadCudaRuntime(): typeof OnnxRuntime | null {
  const installation = currentInstallation();
  if (installation === null) return null;
  const native = nativeFolderIn(installation.folder);
  for (const name of installation.preload) {
    const problem = openLibrary(path.join(native, name));
    if (problem !== null) {
      throw new DeviceUnavailableError('cuda', problem, 'Do "med-sa gpu install" again. Or use the device "auto".');
    }
  }
  return createRequire(path.join(packageFolderIn(installation.folder), 'package.json'))(
    packageFolderIn(installation.folder),
  ) as typeof OnnxRuntime;
}

/** Where the ONNX Runtime that CUDA is asked of keeps its native files, and which CUDA was installed for it. */
export function cudaPlace(): { readonly folder: string; readonly cuda: Installation['cuda'] | null } {
  const installation = currentInstallation();
  return installation === null
    ? { folder: path.join(installedRuntime().folder, nativeFolder), cuda: null }
    : { folder: nativeFolderIn(installation.folder), cuda: installation.cuda };
}

const currentInstallation = (): Installation | null => installationFor(installedRuntime().version);
