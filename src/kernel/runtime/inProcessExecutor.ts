import { ExecutionError, HeldTensorLost } from './errors';
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

/** A tensor of the library that computes. */
interface Disposable {
  dispose(): void;
}

type Feeds = Readonly<Record<string, Feed>>;
type Keeping = RunOptions & { readonly keep: readonly string[] };

/**
 * What executors in this process have in common: requests take their turn, so that releasing a program never meets a run
 * of it; programs and held tensors have numbers.
 */
export abstract class InProcessExecutor<
  Open extends { readonly program: ProgramSpec },
  Value extends Disposable,
> implements Executor {
  protected readonly open = new Map<number, Open>();
  readonly #held = new Map<number, Value>();
  #turn: Promise<unknown> = Promise.resolve();
  #running = false;
  #nextId = 1;

  constructor(readonly device: DeviceName) {}

  abstract load(program: Program): Promise<Loaded>;
  abstract runKeeping(loaded: Loaded, feeds: Feeds, options: Keeping): ReturnType<Executor['runKeeping']>;
  /** Takes a program out of `open`, where it is there, and frees what is its own. */
  protected abstract close(id: number): Promise<void> | void;

  async run(loaded: Loaded, feeds: Feeds, options: RunOptions = {}) {
    const { outputs } = await this.runKeeping(loaded, feeds, { ...options, keep: [] });
    return outputs;
  }

  async free(held: HeldTensor): Promise<void> {
    await this.inTurn(async () => {
      this.#held.get(held.held)?.dispose();
      this.#held.delete(held.held);
    });
  }

  async release(loaded: Loaded): Promise<void> {
    await this.inTurn(async () => this.close(loaded.id));
  }

  async status(): Promise<ExecutorStatus> {
    const rssMB = Math.round(process.memoryUsage.rss() / 2 ** 20);
    return { device: this.device, state: this.#running ? 'running' : 'idle', rssMB };
  }

  async dispose(): Promise<void> {
    await this.inTurn(async () => {
      for (const tensor of this.#held.values()) tensor.dispose();
      this.#held.clear();
      for (const id of [...this.open.keys()]) await this.close(id);
    });
  }

  protected nextId(): number {
    return this.#nextId++;
  }

  protected inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** Computes, and says so to whoever asks for the status meanwhile. */
  protected async whileRunning<T>(work: () => Promise<T>): Promise<T> {
    this.#running = true;
    try {
      return await work();
    } finally {
      this.#running = false;
    }
  }

  protected programOf({ id, program }: Loaded): Open {
    const open = this.open.get(id);
    if (!open) throw new ExecutionError(program.name, 'run', 'it was released, or another executor loaded it');
    return open;
  }

  /** @throws HeldTensorLost when it was freed */
  protected heldValue({ held }: HeldTensor): Value {
    const tensor = this.#held.get(held);
    if (!tensor) throw new HeldTensorLost(held);
    return tensor;
  }

  protected hold(tensor: Value, shape: readonly number[]): HeldTensor {
    const held = this.nextId();
    this.#held.set(held, tensor);
    return { held, shape: [...shape] };
  }
}
