import { builtEntry, EngineChild } from './engineChild';
import { DeviceUnavailableError, EngineCrashedError, EngineStartError } from './errors';
import { remedies } from './remedies';
import type { DeviceName, DeviceRequest } from './types';

export interface ResolvedDevice {
  readonly device: DeviceName;
  /** One line for each faster device that was not taken, with the reason. */
  readonly notes: string[];
}

export interface DeviceReport {
  readonly device: DeviceName;
  /** Why not, and what to do; null when the device works. */
  readonly problem: DeviceUnavailableError | null;
}

export interface ProbeOptions {
  /** The built engine program; `engine.js` beside the running bundle by default. */
  readonly entry?: string;
  /** How long a device may take to answer. A GPU driver's first start may compile for seconds. */
  readonly timeoutMs?: number;
}

/**
 * The device to compute on. `auto` takes the first that works of `preferredDevices` and says why not the faster ones;
 * a device asked for by name is taken or refused, never replaced.
 * @throws DeviceUnavailableError for a named device that cannot compute here: the reason and what to do
 * @throws RuntimeMissingError when ONNX Runtime itself does not start
 */
export async function resolveDevice(request: DeviceRequest, options: ProbeOptions = {}): Promise<ResolvedDevice> {
  if (request !== 'auto') {
    const { problem } = await probe(request, options);
    if (problem) throw problem;
    return { device: request, notes: [] };
  }
  const notes: string[] = [];
  for (const device of preferredDevices()) {
    const { problem } = await probe(device, options);
    if (!problem) return { device, notes };
    notes.push(`${device}: ${problem.reason}`);
  }
  throw new EngineStartError(`No device computes here: ${notes.join('; ')}.`);
}

/** Every device that may exist on this platform, fastest first, with what came of trying it. */
export async function listDevices(options: ProbeOptions = {}): Promise<DeviceReport[]> {
  const reports: DeviceReport[] = [];
  for (const device of preferredDevices()) reports.push(await probe(device, options));
  return reports;
}

/** The devices worth trying on a platform, fastest first; the CPU ends the list and is always there. */
export function preferredDevices(platform: NodeJS.Platform = process.platform): DeviceName[] {
  const bound: Partial<Record<DeviceName, NodeJS.Platform>> = { cuda: 'linux', dml: 'win32', coreml: 'darwin' };
  const fastestFirst: readonly DeviceName[] = ['cuda', 'dml', 'coreml', 'webgpu', 'cpu'];
  return fastestFirst.filter((device) => (bound[device] ?? platform) === platform);
}

const probes = new Map<string, Promise<DeviceReport>>();

/** Tried once per process: what a machine can do does not change while it runs. */
function probe(device: DeviceName, options: ProbeOptions): Promise<DeviceReport> {
  const key = JSON.stringify([device, options.entry ?? '']);
  const known = probes.get(key);
  if (known) return known;
  const report = tryDevice(device, options);
  probes.set(key, report);
  report.catch(() => probes.delete(key));
  return report;
}

/** In a process of its own, as a broken driver may crash or hang the one that calls it. */
async function tryDevice(device: DeviceName, options: ProbeOptions): Promise<DeviceReport> {
  const { entry = builtEntry(), timeoutMs = 20_000 } = options;
  const never = new AbortController().signal;
  const log = () => undefined;
  try {
    const child = await EngineChild.start({
      device,
      entry,
      startTimeoutMs: timeoutMs,
      log,
      signal: never,
      parent: process.pid,
    });
    await child.kill();
    return { device, problem: null };
  } catch (error) {
    if (error instanceof DeviceUnavailableError) return { device, problem: error };
    const diedTrying = error instanceof EngineStartError && error.cause instanceof EngineCrashedError;
    if (!diedTrying || device === 'cpu') throw error;
    return { device, problem: new DeviceUnavailableError(device, error.message.replace(/\.$/, ''), remedies[device]) };
  }
}
