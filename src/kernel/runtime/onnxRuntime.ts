import type * as OnnxRuntime from 'onnxruntime-node';
import { DeviceUnavailableError, RuntimeMissingError } from './errors';
import { defaultThreads } from './threads';
import type { DeviceName } from './types';

export type Runtime = typeof OnnxRuntime;

let fromNpm = false;

/**
 * Loads ONNX Runtime on first use: its native library is tens of megabytes that a command line's `--help` has no need of.
 * For CUDA it comes from `med-sa gpu install`, where that was done. A process can load one ONNX Runtime only: one that has
 * npm's keeps it, and CUDA is then looked for there. (Devices are tried in processes of their own.)
 * @throws RuntimeMissingError, DeviceUnavailableError when an installed library of CUDA cannot be opened
 */
export async function loadRuntime(device: DeviceName = 'cpu'): Promise<Runtime> {
  // Since 1.29 it reports models and runs to its maker, and keeps an identifier of the device in the cache folder.
  process.env.ORT_DISABLE_TELEMETRY = '1';
  try {
    const withCuda = device === 'cuda' && !fromNpm ? (await import('./cudaRuntime')).loadCudaRuntime() : null;
    const runtime = withCuda ?? (await import('onnxruntime-node'));
    fromNpm ||= withCuda === null;
    runtime.env.logLevel = 'error';
    return runtime;
  } catch (error) {
    throw error instanceof DeviceUnavailableError ? error : new RuntimeMissingError(error);
  }
}

export interface SessionSettings {
  /** Threads per operator; the machine's physical cores by default. */
  readonly threads?: number;
  /** The folder that locations of weights in the model start from. */
  readonly weightRoot?: string;
  /** Start of the path of the file to which a session writes the time of every kernel when it is released. */
  readonly profile?: string;
}

/** The options of every session of the project. */
export function sessionOptions(
  device: DeviceName,
  settings: SessionSettings = {},
): OnnxRuntime.InferenceSession.SessionOptions {
  return {
    executionProviders: [device],
    graphOptimizationLevel: 'all',
    // No second block of memory, as large as all values together, for the pattern of the first run.
    enableMemPattern: false,
    intraOpNumThreads: settings.threads ?? defaultThreads(),
    // Failures come back as exceptions; the session's own log line would say the same a second time.
    logSeverityLevel: 4,
    ...(settings.profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: settings.profile }),
    extra: {
      session: {
        // Idle workers sleep instead of spinning: the same speed within noise, and other processes keep their cores.
        intra_op: { allow_spinning: '0' },
        // Weights stay in the files that they are mapped from. Packed for the product, they would be copied for every
        // program, to save a few per cent of one with few rows.
        disable_prepacking: '1',
        ...(settings.weightRoot ? { model_external_initializers_file_folder_path: settings.weightRoot } : {}),
      },
    },
  };
}
