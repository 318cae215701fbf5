import { readFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { CancelledError } from '../errors';
import type { TensorData } from '../graph/tensorData';
import { DeviceUnavailableError, ExecutionError, messageOf } from './errors';
import { checkFeeds, isHeld, planOutputs } from './feeds';
import { InProcessExecutor } from './inProcessExecutor';
import { loadRuntime, sessionOptions, type Runtime, type SessionSettings } from './onnxRuntime';
import { openPlaced } from './placement';
import { applyPrecision, type Precision } from './precision';
import { probeDevice } from './probe';
import { ProgramFolder, type PlacedModel, type ProgramFile } from './programFile';
import type { DeviceName, Executor, Feed, Loaded, Program, ProgramSpec, RunOptions } from './types';

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

class SessionExecutor extends InProcessExecutor<OpenProgram, Tensor> implements LocalExecutor {
  #folder: ProgramFolder | null = null;
  #returnedBytes = 0;

  constructor(
    private readonly runtime: Runtime,
    device: DeviceName,
    private readonly settings: SessionSettings,
  ) {
    super(device);
  }

  load(program: Program | ProgramFile): Promise<Loaded> {
    return this.inTurn(async () => {
      const id = this.nextId();
      const { name, inputs, outputs } = program;
      const spec = { name, inputs, outputs };
      try {
        const session = await this.#openSession(name, await this.#placed(id, program));
        this.open.set(id, { program: spec, session });
        requireSamePorts(spec, session);
        return { id, program: spec };
      } catch (error) {
        await this.close(id);
        throw error;
      }
    });
  }

  runKeeping(
    loaded: Loaded,
    feeds: Readonly<Record<string, Feed>>,
    options: RunOptions & { readonly keep: readonly string[] },
  ) {
    return this.inTurn(async () => {
      if (options.signal?.aborted) throw new CancelledError();
      const { program, session } = this.programOf(loaded);
      checkFeeds(program, feeds);
      const { returned, kept } = planOutputs(program, options);
      const tensors = Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, this.#toTensor(feed)]));
      this.#collectGarbage();
      const results = await this.#runSession(program.name, session, tensors, [...returned, ...kept]);
      const outputs = returned.map((name) => [name, toTensorData(program.name, name, results[name])] as const);
      for (const [, { data }] of outputs) this.#returnedBytes += data.byteLength;
      return {
        outputs: Object.fromEntries(outputs),
        held: Object.fromEntries(kept.map((name) => [name, this.hold(results[name], results[name].dims)])),
      };
    });
  }

  override async dispose(): Promise<void> {
    await super.dispose();
    await this.inTurn(async () => {
      this.#folder?.remove();
      this.#folder = null;
    });
  }

  protected async close(id: number): Promise<void> {
    const open = this.open.get(id);
    this.open.delete(id);
    await open?.session.release();
    await this.#folder?.delete(id);
  }

  /** The model with its weights where the runtime finds them. */
  async #placed(id: number, program: Program | ProgramFile): Promise<PlacedModel> {
    if (!('modelFile' in program)) return (this.#folder ??= new ProgramFolder()).place(id, program);
    try {
      return { model: await readFile(program.modelFile), weightRoot: program.weightRoot };
    } catch (error) {
      throw new ExecutionError(program.name, 'load', messageOf(error));
    }
  }

  async #openSession(name: string, { model, weightRoot }: PlacedModel): Promise<InferenceSession> {
    const settings = sessionOptions(this.device, { ...this.settings, weightRoot });
    try {
      return await openPlaced(name, this.device, settings, (options) =>
        this.runtime.InferenceSession.create(model, options),
      );
    } catch (error) {
      throw new ExecutionError(name, 'load', messageOf(error));
    }
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
    try {
      return await this.whileRunning(() => session.run(feeds, fetches));
    } catch (error) {
      throw new ExecutionError(name, 'run', messageOf(error));
    }
  }

  #toTensor(feed: Feed): Tensor {
    return isHeld(feed) ? this.heldValue(feed) : new this.runtime.Tensor('float32', feed.data, feed.shape);
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
