import type { InferenceSession } from 'onnxruntime-node';
import { messageOf } from './errors';
import type { DeviceName } from './types';

type Options = InferenceSession.SessionOptions;

/** How ONNX Runtime refuses a program of which some node has no kernel on the device. */
const needsCpu = /fallback to CPU EP has been explicitly disabled/i;

/**
 * Opens a session of which every node runs on the device. Where a node has no kernel there, the program is opened with
 * that node on the CPU and `tell` says so, once: right but slow is better than not at all, and nobody is left to wonder
 * why it is slow. (Whether the device works at all, `probe.ts` decides, and never lets the CPU answer for it.)
 */
export async function openPlaced<Session>(
  program: string,
  device: DeviceName,
  options: Options,
  open: (options: Options) => Promise<Session>,
  tell: (line: string) => void = console.warn,
): Promise<Session> {
  if (device === 'cpu') return open(options);
  try {
    return await open(onlyOn(options));
  } catch (error) {
    if (!needsCpu.test(messageOf(error))) throw error;
    const session = await open(options);
    tell(`a part of the program "${program}" runs on the CPU: the device "${device}" has no kernel for it`);
    return session;
  }
}

/** Options under which the CPU takes no node over. */
export function onlyOn(options: Options): Options {
  const extra = options.extra as { session?: Record<string, unknown> } | undefined;
  return { ...options, extra: { ...extra, session: { ...extra?.session, disable_cpu_ep_fallback: '1' } } };
}
