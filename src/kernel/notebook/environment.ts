import { UsageError } from '../errors';
import { embeddedModel, openPredictor } from '../inference';
import { openInspector } from '../inspection';
import { resolveDevice } from '../runtime/devices';
import { createEngine } from '../runtime/engine';
import { type Precision, precisions } from '../runtime/precision';
import { type DeviceRequest, deviceNames, type EngineName, engineNames, type Executor } from '../runtime/types';
import type { KernelOptions } from './kernel';

/** Settings of the kernel as its parent gives them. */
export interface KernelEnvironment {
  /** `auto` or the name of a device. */
  readonly MEDSA_DEVICE?: string;
  /** What trains and evaluates. */
  readonly MEDSA_ENGINE?: string;
  readonly MEDSA_THREADS?: string;
  /** `fast` or `exact`. */
  readonly MEDSA_PRECISION?: string;
  /** Name or file. */
  readonly MEDSA_MODEL?: string;
  /** Folder that runs are written to. */
  readonly MEDSA_RUNS?: string;
}

/**
 * The kernel on its real parts: one engine process for all models, started by the first prompt.
 * @throws UsageError for a setting that means nothing
 */
export function kernelOptions(environment: KernelEnvironment, log: (line: string) => void): KernelOptions {
  const device = deviceOf(environment.MEDSA_DEVICE || 'auto');
  const engine = engineOf(environment.MEDSA_ENGINE || 'onnx');
  const threads = threadsOf(environment.MEDSA_THREADS);
  const precision = precisionNamed(environment.MEDSA_PRECISION || 'fast');
  const model = environment.MEDSA_MODEL || embeddedModel;
  let notes: string[] = [];
  let answering: Promise<Executor> | null = null;

  const startEngine = async (): Promise<Executor> => {
    const resolved = await resolveDevice(device);
    notes = resolved.notes;
    return createEngine({ device: resolved.device, threads, precision, log });
  };
  const engineOnce = (): Promise<Executor> => {
    answering ??= startEngine().catch((error: unknown) => {
      // A driver may be mended while the kernel runs: the next prompt tries again.
      answering = null;
      throw error;
    });
    return answering;
  };

  return {
    createPredictor: async (adapters) => openPredictor({ model, adapters, executor: await engineOnce() }),
    createInspector: async (adapters) => openInspector({ model, adapters, executor: await engineOnce() }),
    deviceNotes: () => notes,
    engineMemoryMB: async () => (answering === null ? 0 : (await (await answering).status()).rssMB),
    dispose: async () => (await answering)?.dispose(),
    runsFolder: environment.MEDSA_RUNS || null,
    defaults: { model, device, engine, precision },
  };
}

function deviceOf(name: string): DeviceRequest {
  const known: readonly DeviceRequest[] = ['auto', ...deviceNames];
  const device = known.find((one) => one === name);
  if (device !== undefined) return device;
  throw new UsageError(`unknown device ${name}: choose one of ${known.join(', ')}`);
}

function engineOf(name: string): EngineName {
  const engine = engineNames.find((one) => one === name);
  if (engine !== undefined) return engine;
  throw new UsageError(`unknown engine ${name}: choose one of ${engineNames.join(', ')}`);
}

function precisionNamed(name: string): Precision {
  const precision = precisions.find((one) => one === name);
  if (precision !== undefined) return precision;
  throw new UsageError(`unknown precision ${name}: choose one of ${precisions.join(', ')}`);
}

function threadsOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const threads = Number(text);
  if (Number.isInteger(threads) && threads > 0) return threads;
  throw new UsageError(`${text} is no number of threads: give a whole number from 1`);
}
