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
    intraOpNumThreads: settings.threads ?? defaultThreads(),
    // Failures come back as exceptions; the session's own log line would say the same a second time.
    logSeverityLevel: 4,
    ...(settings.profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: settings.profile }),
    extra: {
      session: {
        // Idle workers sleep instead of spinning: the same speed within noise, and other processes keep their cores.
        intra_op: { allow_spinning: '0' },
        ...(settings.deviceOnly ? { disable_cpu_ep_fallback: '1' } : {}),
      },
    },
  };
}
