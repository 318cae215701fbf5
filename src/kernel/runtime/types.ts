import type { CompiledGraph, Port } from '../graph/onnx/compile';
import type { TensorData } from '../graph/tensorData';

export const deviceNames = ['cpu', 'cuda', 'webgpu', 'dml', 'coreml'] as const;
export type DeviceName = (typeof deviceNames)[number];

/** What the caller asks for; `auto` takes the fastest device that works. */
export type DeviceRequest = DeviceName | 'auto';

export type PortSpec = Port;

/** What is known of a program wherever it is loaded. */
export type ProgramSpec = Pick<CompiledGraph, 'name' | 'inputs' | 'outputs'>;

/** What an executor loads: a compiled graph, or an ONNX model from elsewhere. */
export type Program = ProgramSpec & Pick<CompiledGraph, 'emit'> & Partial<CompiledGraph>;

/** A tensor that stays inside the executor (an image embedding, say); valid until freed or the executor ends. */
export interface HeldTensor {
  readonly held: number;
  readonly shape: readonly number[];
}

export type Feed = TensorData | HeldTensor;

export interface RunOptions {
  /** Outputs that stay inside the executor and come back as HeldTensor. */
  readonly keep?: readonly string[];
  /** Outputs to compute; all of them by default. */
  readonly fetch?: readonly string[];
  readonly signal?: AbortSignal;
}

export interface Loaded {
  readonly id: number;
  readonly program: ProgramSpec;
}

/** What the status bar shows of an executor. */
export interface ExecutorStatus {
  readonly device: DeviceName;
  /** `stopped`: no process is up; the next request starts one. */
  readonly state: 'idle' | 'running' | 'stopped';
  /** Resident memory of the process that computes, in MiB, as of its last answer. */
  readonly rssMB: number;
}

/**
 * Runs programs on one device. `createLocalExecutor` runs in this process (CLI, training run);
 * `createEngine` runs in a child process, so that the caller never blocks and a crash is an error, not an end.
 */
export interface Executor {
  readonly device: DeviceName;
  load(program: Program): Promise<Loaded>;
  /** @throws ExecutionError naming the program and, where the runtime tells, the node that failed. */
  run(loaded: Loaded, feeds: Readonly<Record<string, Feed>>, options?: RunOptions): Promise<Record<string, TensorData>>;
  /** As run, but the outputs named in `keep` come back as handles. */
  runKeeping(
    loaded: Loaded,
    feeds: Readonly<Record<string, Feed>>,
    options: RunOptions & { readonly keep: readonly string[] },
  ): Promise<{ readonly outputs: Record<string, TensorData>; readonly held: Record<string, HeldTensor> }>;
  free(held: HeldTensor): Promise<void>;
  release(loaded: Loaded): Promise<void>;
  /** Never waits for a run in progress. */
  status(): Promise<ExecutorStatus>;
  dispose(): Promise<void>;
}
