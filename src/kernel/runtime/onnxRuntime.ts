import type * as OnnxRuntime from 'onnxruntime-node';
import { RuntimeMissingError } from './errors';
import { defaultThreads } from './threads';
import type { DeviceName } from './types';

export type Runtime = typeof OnnxRuntime;

/**
 * Loads ONNX Runtime on first use: its native library is tens of megabytes that a command line's `--help` has no need of.
 * @throws RuntimeMissingError
 */
export async function loadRuntime(): Promise<Runtime> {
  try {
    const runtime = await import('onnxruntime-node');
    runtime.env.logLevel = 'error';
    return runtime;
  } catch (error) {
    throw new RuntimeMissingError(error);
  }
}

export interface SessionSettings {
  /** Threads per operator; the machine's physical cores by default. */
  readonly threads?: number;
  /** Refuse a program of which some node would run on the CPU instead of the device. */
  readonly deviceOnly?: boolean;
  /** The folder that locations of weights in the model start from. */
  readonly weightRoot?: string;
}

/** The options of every session of the project. */
export function sessionOptions(
  device: DeviceName,
  settings: SessionSettings = {},
): OnnxRuntime.InferenceSession.SessionOptions {
  return {
    executionProviders: [device],
    graphOptimizationLevel: 'all',
    // Buffers are freed when their last reader has run, not kept for the next run: an idle engine is small, and the peak
    // is what the program needs.
    enableMemPattern: false,
    enableCpuMemArena: false,
    intraOpNumThreads: settings.threads ?? defaultThreads(),
    // Failures come back as exceptions; the session's own log line would say the same a second time.
    logSeverityLevel: 4,
    extra: {
      session: {
        // Idle workers sleep instead of spinning: the same speed within noise, and other processes keep their cores.
        intra_op: { allow_spinning: '0' },
        // Weights stay in the files that they are mapped from. Packed for the product, they would be copied for every
        // program, to save a few per cent of one with few rows.
        disable_prepacking: '1',
        ...(settings.weightRoot ? { model_external_initializers_file_folder_path: settings.weightRoot } : {}),
        ...(settings.deviceOnly ? { disable_cpu_ep_fallback: '1' } : {}),
      },
    },
  };
}
