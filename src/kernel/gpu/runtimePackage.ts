import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { UserError } from '../errors';

/** ONNX Runtime as npm installed it here. */
export interface RuntimePackage {
  readonly version: string;
  /** Folder of onnxruntime-node. */
  readonly folder: string;
  /** Folder of onnxruntime-common, which it requires. */
  readonly common: string;
}

/** @throws UserError when it is not installed */
export function installedRuntime(): RuntimePackage {
  try {
    const folder = path.dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
    const fromThere = createRequire(path.join(folder, 'package.json'));
    const { version } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')) as { version: string };
    return { version, folder, common: packageFolder(fromThere.resolve('onnxruntime-common')) };
  } catch (cause) {
    throw new UserError('ONNX Runtime is not installed: run "npm ci" again on this machine', { cause });
  }
}

/** The folder with the package.json that a package's entry file belongs to. */
function packageFolder(entry: string): string {
  let folder = path.dirname(entry);
  while (path.basename(folder) !== 'onnxruntime-common' && path.dirname(folder) !== folder)
    folder = path.dirname(folder);
  return folder;
}

/** Where the package keeps its native files, from its own folder. */
export const nativeFolder = path.join('bin', 'napi-v6', 'linux', 'x64');
