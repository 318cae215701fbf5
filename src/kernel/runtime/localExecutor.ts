import { readFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { CancelledError } from '../errors';
import type { TensorData } from '../graph/tensorData';
import { DeviceUnavailableError, ExecutionError, HeldTensorLost, messageOf } from './errors';
import { checkFeeds, isHeld, planOutputs } from './feeds';
import { loadRuntime, sessionOptions, type Runtime, type SessionSettings } from './onnxRuntime';
import { openPlaced } from './placement';
import { applyPrecision, type Precision } from './precision';
import { probeDevice } from './probe';
import { ProgramFolder, type ProgramFile } from './programFile';
import type {
  DeviceName,
  Executor,
  ExecutorStatus,
  Feed,
  HeldTensor,
  Loaded,
  Program,
  ProgramSpec,
  RunOptions,
} from './types';

/** An executor in this process. A run blocks the event loop until it ends, and a signal is heeded before it starts only. */
export interface LocalExecutor extends Executor {
  load(program: Program | ProgramFile): Promise<Loaded>;
}

export interface LocalExecutorOptions {
  readonly device: DeviceName;
  /** Threads per operator; the machine's physical cores by default. */
  readonly threads?: number;
  /** How CUDA multiplies; `fast` by default. */
  readonly precision?: Precision;
  /** Start of the path of the files to which programs write the time of every kernel when they are released. */
  readonly profile?: string;
}

/**
 * Opens ONNX Runtime in this process, on exactly the device asked for.
 * @throws DeviceUnavailableError when that device cannot compute here; never falls back to another.
 * @throws RuntimeMissingError when ONNX Runtime has no build for this platform.
 */
export async function createLocalExecutor(options: LocalExecutorOptions): Promise<LocalExecutor> {
  const { device, threads, precision = 'fast', profile } = options;
  applyPrecision(device, precision);
  const runtime = await loadRuntime(device);
  const unavailable = await probeDevice(runtime, device);
  if (unavailable) throw new DeviceUnavailableError(device, unavailable.reason, unavailable.remedy);
  return new SessionExecutor(runtime, device, { threads, profile });
}

/** Bytes of results after which the collector is called. */
const mostUncollected = 64 * 2 ** 20;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

interface OpenProgram {
  readonly program: ProgramSpec;
  readonly session: InferenceSession;
}

class SessionExecutor implements LocalExecutor {
  readonly #open = new Map<number, OpenProgram>();
  readonly #held = new Map<number, Tensor>();
  /** Requests take their turn, so that releasing a program never meets a run of it. */
  #turn: Promise<unknown> = Promise.resolve();
  #folder: ProgramFolder | null = null;
  #running = false;
  #returnedBytes = 0;
  #nextId = 1;

  constructor(
    private readonly runtime: Runtime,
    readonly device: DeviceName,
    private readonly settings: SessionSettings,
  ) {}

  load(program: Program | ProgramFile): Promise<Loaded> {
    return this.#inTurn(async () => {
      const id = this.#nextId++;
      const { name, inputs, outputs } = program;
      const spec = { name, inputs, outputs };
      try {
        const session = await this.#openSession('modelFile' in program ? program : await this.#toFile(id, program));
        this.#open.set(id, { program: spec, session });
        requireSamePorts(spec, session);
        return { id, program: spec };
      } catch (error) {
        await this.#close(id);
        throw error;
      }
    });
  }

  async run(loaded: Loaded, feeds: Readonly<Record<string, Feed>>, options: RunOptions = {}) {
    const { outputs } = await this.runKeeping(loaded, feeds, { ...options, keep: [] });
    return outputs;
  }

  runKeeping(
    loaded: Loaded,
    feeds: Readonly<Record<string, Feed>>,
    options: RunOptions & { readonly keep: readonly string[] },
  ) {
    return this.#inTurn(async () => {
      if (options.signal?.aborted) throw new CancelledError();
      const { program, session } = this.#programOf(loaded);
      checkFeeds(program, feeds);
      const { returned, kept } = planOutputs(program, options);
      const tensors = Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, this.#toTensor(feed)]));
      this.#collectGarbage();
      const results = await this.#runSession(program.name, session, tensors, [...returned, ...kept]);
      const outputs = returned.map((name) => [name, toTensorData(program.name, name, results[name])] as const);
      for (const [, { data }] of outputs) this.#returnedBytes += data.byteLength;
      return {
        outputs: Object.fromEntries(outputs),
        held: Object.fromEntries(kept.map((name) => [name, this.#hold(results[name])])),
      };
    });
  }

  async free(held: HeldTensor): Promise<void> {
    await this.#inTurn(async () => {
      this.#held.get(held.held)?.dispose();
      this.#held.delete(held.held);
    });
  }

  async release(loaded: Loaded): Promise<void> {
    await this.#inTurn(() => this.#close(loaded.id));
  }

  async status(): Promise<ExecutorStatus> {
    const rssMB = Math.round(process.memoryUsage.rss() / 2 ** 20);
    return { device: this.device, state: this.#running ? 'running' : 'idle', rssMB };
  }

  async dispose(): Promise<void> {
    await this.#inTurn(async () => {
      for (const tensor of this.#held.values()) tensor.dispose();
      this.#held.clear();
      for (const id of [...this.#open.keys()]) await this.#close(id);
      this.#folder?.remove();
      this.#folder = null;
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  #toFile(id: number, program: Program): Promise<ProgramFile> {
    this.#folder ??= new ProgramFolder();
    return this.#folder.add(id, program);
  }

  async #openSession({ name, modelFile, weightRoot }: ProgramFile): Promise<InferenceSession> {
    try {
      const model = await readFile(modelFile);
      const settings = sessionOptions(this.device, { ...this.settings, weightRoot });
      return await openPlaced(name, this.device, settings, (options) =>
        this.runtime.InferenceSession.create(model, options),
      );
    } catch (error) {
      throw new ExecutionError(name, 'load', messageOf(error));
    }
  }

  async #close(id: number): Promise<void> {
    const open = this.#open.get(id);
    this.#open.delete(id);
    await open?.session.release();
    await this.#folder?.delete(id);
  }

  /**
   * Results that nobody holds any more are megabytes that JavaScript's collector does not feel, since a step allocates
   * hardly any objects: without a call it lets several states of a training pile up.
   */
  #collectGarbage(): void {
    if (this.#returnedBytes < mostUncollected) return;
    this.#returnedBytes = 0;
    collect();
  }

  async #runSession(name: string, session: InferenceSession, feeds: Record<string, Tensor>, fetches: string[]) {
    this.#running = true;
    try {
      return await session.run(feeds, fetches);
    } catch (error) {
      throw new ExecutionError(name, 'run', messageOf(error));
    } finally {
      this.#running = false;
    }
  }

  #programOf(loaded: Loaded): OpenProgram {
    const open = this.#open.get(loaded.id);
    if (!open) throw new ExecutionError(loaded.program.name, 'run', 'it was released, or another executor loaded it');
    return open;
  }

  #toTensor(feed: Feed): Tensor {
    if (!isHeld(feed)) return new this.runtime.Tensor('float32', feed.data, feed.shape);
    const tensor = this.#held.get(feed.held);
    if (!tensor) throw new HeldTensorLost(feed.held);
    return tensor;
  }

  #hold(tensor: Tensor): HeldTensor {
    const held = this.#nextId++;
    this.#held.set(held, tensor);
    return { held, shape: [...tensor.dims] };
  }
}

/** The program's description and its model must name the same ports, or feeds would be checked against the wrong list. */
function requireSamePorts(program: ProgramSpec, session: InferenceSession): void {
  const sides = [
    ['inputs', program.inputs, session.inputNames],
    ['outputs', program.outputs, session.outputNames],
  ] as const;
  for (const [kind, described, inModel] of sides) {
    const names = described.map(({ name }) => name);
    if ([...names].sort().join() !== [...inModel].sort().join()) {
      const difference = `its model has the ${kind} ${inModel.join(', ')}; its description names ${names.join(', ')}`;
      throw new ExecutionError(program.name, 'load', difference);
    }
  }
}

/** Takes over the runtime's buffer: no copy. */
function toTensorData(program: string, output: string, tensor: Tensor): TensorData {
  const { data, dims, type } = tensor;
  if (!(data instanceof Float32Array)) {
    throw new ExecutionError(program, 'run', `its output "${output}" is ${type}; outputs are float32`);
  }
  return { dtype: 'float32', shape: [...dims], data };
}
