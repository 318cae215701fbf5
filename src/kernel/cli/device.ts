import { createLocalExecutor } from '../runtime/localExecutor';
import { resolveDevice } from '../runtime/devices';
import { precisionOf, precisions, type Precision } from '../runtime/precision';
import { deviceNames, type DeviceRequest, type Executor } from '../runtime/types';
import { choice } from './options';

export const deviceRequests: readonly DeviceRequest[] = ['auto', ...deviceNames];

export const device = choice(
  deviceRequests,
  'Device to compute on (default auto: the fastest that works here; a named one is never replaced)',
);

export const precision = choice(
  precisions,
  'fast: CUDA may multiply in TF32 (the default); exact: in float32. Other devices always compute in float32',
);

/**
 * An executor in this process on the device asked for.
 * @throws DeviceUnavailableError with the reason and what to do
 */
export async function openExecutor(
  request: DeviceRequest,
  threads?: number,
  precision: Precision = 'fast',
): Promise<{ readonly executor: Executor; readonly notes: readonly string[] }> {
  // The CPU needs no trial in a process of its own: its driver cannot hang or crash this one.
  const { device, notes } = request === 'cpu' ? { device: request, notes: [] } : await resolveDevice(request);
  return { executor: await createLocalExecutor({ device, threads, precision }), notes };
}

/** Where work runs and why not on something faster. */
export const deviceLines = (executor: Executor, notes: readonly string[]): string[] => [
  `device ${executor.device}${precisionOf(executor.device) === 'fast' ? ', in TF32 (--precision exact forbids it)' : ''}`,
  ...notes.map((note) => `not on ${note}`),
];
