import { createTfjsExecutor } from '../runtime/tfjs/executor';
import { openTfjs, type TfjsLibrary } from '../runtime/tfjs/library';
import type { Precision } from '../runtime/precision';
import { engineNames, type DeviceRequest, type EngineName, type Executor } from '../runtime/types';
import { deviceLines, openExecutor } from './device';
import { choice } from './options';

export const engine = choice(
  engineNames,
  'What computes: ONNX Runtime, or TensorFlow.js where it is installed (default onnx)',
);

export interface EngineRequest {
  readonly engine: EngineName;
  readonly device: DeviceRequest;
  /** For ONNX Runtime; TensorFlow.js takes what it wants. */
  readonly threads?: number;
  /** For ONNX Runtime on CUDA. */
  readonly precision?: Precision;
}

/**
 * An executor in this process on the engine and device asked for, and lines that say what computes.
 * @throws DeviceUnavailableError, TfjsMissingError with the reason and what to do
 */
export async function openEngine(
  request: EngineRequest,
): Promise<{ readonly executor: Executor; readonly lines: readonly string[] }> {
  if (request.engine === 'onnx') {
    const { executor, notes } = await openExecutor(request.device, request.threads, request.precision);
    return { executor, lines: deviceLines(executor, notes) };
  }
  const library = await openTfjs(request.device);
  const lines = [`device ${library.device}`, ...tfjsLines(library)];
  return { executor: createTfjsExecutor(library), lines };
}

/** Which build of TensorFlow.js computes and how, and why not a faster one. */
export function tfjsLines({ package: name, version, backend, notes }: TfjsLibrary): string[] {
  const slow =
    backend === 'cpu'
      ? ', plain JavaScript on one thread: many times slower than the engine "onnx"; @tensorflow/tfjs-node-gpu is its build for NVIDIA GPUs'
      : '';
  return [`engine tfjs: ${name} ${version}, backend ${backend}${slow}`, ...notes];
}
