import { createRequire } from 'node:module';
import path from 'node:path';
import type { Tfjs } from '../../graph/tfjs/lowering';
import { UserError } from '../../errors';
import { DeviceUnavailableError, messageOf } from '../errors';
import type { DeviceName, DeviceRequest } from '../types';

/** The builds of TensorFlow.js, fastest first. None is a dependency: who wants one installs it. */
export const tfjsPackages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node', '@tensorflow/tfjs'] as const;
export type TfjsPackage = (typeof tfjsPackages)[number];

/** TensorFlow.js, loaded and tried. */
export interface TfjsLibrary {
  readonly tf: Tfjs;
  readonly package: TfjsPackage;
  readonly version: string;
  /** The library's own name of what computes: `tensorflow` (native) or `cpu` (plain JavaScript). */
  readonly backend: string;
  readonly device: Extract<DeviceName, 'cpu' | 'cuda'>;
  /** Why a faster build that is installed does not compute. */
  readonly notes: readonly string[];
}

/** TensorFlow.js is not there, or none of the builds that are there works. */
export class TfjsMissingError extends UserError {
  override name = 'TfjsMissingError';
}

const gpuPackage: TfjsPackage = '@tensorflow/tfjs-node-gpu';

/**
 * Where packages are looked for: in the `node_modules` of the working folder (a workspace, under VS Code) and of every
 * folder above it, beside this program, and in the folders of NODE_PATH.
 */
const defaultPlaces = (): string[] => [path.join(process.cwd(), 'package.json'), import.meta.url];

/**
 * Loads the fastest build that is installed and computes on the device asked for.
 * @param places files beside which a `node_modules` may lie
 * @throws TfjsMissingError saying what to install and where
 * @throws DeviceUnavailableError for a device that TensorFlow.js does not compute on, or not here
 */
export async function openTfjs(request: DeviceRequest, places: string[] = defaultPlaces()): Promise<TfjsLibrary> {
  if (request !== 'auto' && request !== 'cpu' && request !== 'cuda') {
    throw new DeviceUnavailableError(request, 'TensorFlow.js computes on cpu or cuda', 'Use the engine "onnx".');
  }
  // Native TensorFlow looks for GPUs once, when it is loaded.
  if (request === 'cpu') process.env.CUDA_VISIBLE_DEVICES = '-1';
  const notes: string[] = [];
  for (const name of request === 'cuda' ? [gpuPackage] : tfjsPackages) {
    const found = resolve(name, places);
    if (found === null) continue;
    try {
      const library = { ...(await load(name, found)), notes };
      if (request === 'auto' || library.device === request) return library;
      notes.push(`${name} computes on ${library.device}`);
    } catch (error) {
      notes.push(`${name} does not work: ${firstLine(messageOf(error))}`);
    }
  }
  if (request === 'cuda') throw noCuda(notes);
  const problem = notes.length === 0 ? 'is not installed' : `cannot compute on ${request} (${notes.join('; ')})`;
  throw new TfjsMissingError(`TensorFlow.js ${problem}: ${installAdvice()}, or use the engine "onnx".`);
}

/** What to install, and where it is found. */
const installAdvice = (): string =>
  `run "npm install @tensorflow/tfjs" in ${process.cwd()} or in a folder above it ` +
  `(${gpuPackage} instead for an NVIDIA GPU with CUDA 11, @tensorflow/tfjs-node for a processor at native speed)`;

function noCuda(notes: readonly string[]): DeviceUnavailableError {
  const remedy =
    `It needs Linux or Windows, an NVIDIA driver, CUDA 11 and cuDNN 8, Node 22 or older, and "npm install ${gpuPackage}" ` +
    `in ${process.cwd()} or in a folder above it. Or use the device "auto", or the engine "onnx".`;
  const reason =
    notes.length === 0 ? `with the engine "tfjs" it needs ${gpuPackage}, which is not installed` : notes[0];
  return new DeviceUnavailableError('cuda', reason, remedy);
}

function resolve(name: TfjsPackage, places: readonly string[]): string | null {
  for (const place of places) {
    try {
      return createRequire(place).resolve(name);
    } catch {
      // not there: the next place
    }
  }
  return null;
}

async function load(name: TfjsPackage, file: string): Promise<Omit<TfjsLibrary, 'notes'>> {
  const tf = createRequire(file)(file) as Tfjs;
  tf.enableProdMode(); // without checks of every value, nor an advertisement on standard error
  await tf.ready();
  requireRightProduct(tf);
  const { isUsingGpuDevice = false } = tf.backend() as { readonly isUsingGpuDevice?: boolean };
  return {
    tf,
    package: name,
    version: tf.version_core,
    backend: tf.getBackend(),
    device: isUsingGpuDevice ? 'cuda' : 'cpu',
  };
}

/** A build may load and yet not compute: the native ones call functions that Node has no more from version 23. */
function requireRightProduct(tf: Tfjs): void {
  const product = tf.tidy(() => {
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    return [...tf.matMul(x, x).dataSync()];
  });
  if (product.join() !== '7,10,15,22') throw new Error(`it computes wrong values ([1 2; 3 4]² = ${product.join(' ')})`);
}

const firstLine = (text: string): string => text.trim().split('\n', 1)[0];
