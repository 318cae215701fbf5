import { CancelledError } from '../errors';
import { builtEntry, EngineChild, type Activity } from './engineChild';
import { ExecutionError, HeldTensorLost } from './errors';
import { checkFeeds, isHeld, planOutputs } from './feeds';
import type { Precision } from './precision';
import { ProgramFolder, type ProgramFile } from './programFile';
import { RequestQueue } from './requestQueue';
import type { DeviceName, Executor, ExecutorStatus, Feed, HeldTensor, Loaded, Program, RunOptions } from './types';

export interface EngineOptions {
  readonly device: DeviceName;
  /** Threads per operator; the machine's physical cores by default. */
  readonly threads?: number;
  /** How CUDA multiplies; `fast` by default. */
  readonly precision?: Precision;
  /** Receives what the process writes, line by line. */
  readonly log?: (line: string) => void;
  /** The built engine program; `engine.js` beside the running bundle by default. */
  readonly entry?: string;
  /** How long the process may take until its device works; a GPU driver's first start is slow. */
  readonly startTimeoutMs?: number;
}

/** A cancelled run that ends within this time does not cost the engine its programs and held tensors. */
const graceMs = 250;

/**
 * An executor in a process of its own, started by the first request. Requests queue. A cancelled or crashed run ends
 * that process only: the next request starts another and loads its programs again; tensors held there are lost
 * (HeldTensorLost). Feeds must stay unchanged until the run has resolved.
 */
export function createEngine(options: EngineOptions): Executor {
  return new Engine(options);
}

/** One life of the process: what the client's handles are called there. */
interface Life {
  readonly child: EngineChild;
  readonly programs: Map<number, Loaded>;
  readonly held: Map<number, HeldTensor>;
}

class Engine implements Executor {
  readonly device: DeviceName;
  readonly #queue = new RequestQueue();
  readonly #closing = new AbortController();
  readonly #programs = new Map<number, ProgramFile>();
  #folder: ProgramFolder | null = null;
  #life: Life | null = null;
  #nextId = 1;

  constructor(private readonly options: EngineOptions) {
    this.device = options.device;
  }

  load(program: Program): Promise<Loaded> {
    return this.#request(async () => {
      const id = this.#nextId++;
      this.#folder ??= new ProgramFolder();
      this.#programs.set(id, await this.#folder.add(id, program));
      try {
        return { id, program: (await this.#loadedIn(await this.#alive(), { id, program })).program };
      } catch (error) {
        await this.#forget(id);
        throw error;
      }
    });
  }

  async run(loaded: Loaded, feeds: Readonly<Record<string, Feed>>, options: RunOptions = {}) {
    const { outputs } = await this.runKeeping(loaded, feeds, { ...options, keep: [] });
    return outputs;
  }

  async runKeeping(
    loaded: Loaded,
    feeds: Readonly<Record<string, Feed>>,
    options: RunOptions & { readonly keep: readonly string[] },
  ) {
    checkFeeds(loaded.program, feeds);
    planOutputs(loaded.program, options);
    const { signal, fetch, keep } = options;
    return this.#request(async () => {
      const life = await this.#alive();
      const request = { loaded: await this.#loadedIn(life, loaded), feeds: feedsIn(life, feeds), fetch, keep };
      if (signal?.aborted) throw new CancelledError();
      const { outputs, held } = await life.child.request('run', doing('running', loaded.program.name), request);
      if (signal?.aborted) {
        await this.#discard(life, Object.values(held));
        throw new CancelledError();
      }
      return { outputs, held: mapValues(held, (tensor) => this.#hold(life, tensor)) };
    }, signal);
  }

  async free(held: HeldTensor): Promise<void> {
    if (this.#closing.signal.aborted) return;
    await this.#request(async () => {
      const tensor = this.#life?.held.get(held.held);
      this.#life?.held.delete(held.held);
      if (tensor && this.#life?.child.alive) await this.#discard(this.#life, [tensor]);
    });
  }

  async release(loaded: Loaded): Promise<void> {
    if (this.#closing.signal.aborted) return;
    await this.#request(async () => {
      await this.#forget(loaded.id);
      const remote = this.#life?.programs.get(loaded.id);
      this.#life?.programs.delete(loaded.id);
      if (!remote || !this.#life?.child.alive) return;
      await this.#life.child.request('release', doing('releasing', loaded.program.name), { loaded: remote });
    });
  }

  async status(): Promise<ExecutorStatus> {
    const child = this.#life?.child;
    if (!child?.alive) return { device: this.device, state: this.#queue.running ? 'running' : 'stopped', rssMB: 0 };
    return { device: this.device, state: this.#queue.running ? 'running' : 'idle', rssMB: child.rssMB };
  }

  /** Drops what waits, ends the process, removes its files. What was under way rejects with CancelledError. */
  async dispose(): Promise<void> {
    this.#closing.abort();
    this.#queue.close();
    await this.#life?.child.kill();
    await this.#queue.drained();
    this.#folder?.remove();
    this.#folder = null;
  }

  #request<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    let grace: NodeJS.Timeout | undefined;
    return this.#queue.add({
      signal,
      work: async () => {
        try {
          return await work();
        } catch (error) {
          throw this.#closing.signal.aborted ? new CancelledError('the engine was closed') : error;
        } finally {
          clearTimeout(grace);
        }
      },
      stop: () => {
        grace = setTimeout(() => void this.#life?.child.kill(), graceMs);
      },
    });
  }

  /** The process of now: started when there is none, or when the last one has ended. */
  async #alive(): Promise<Life> {
    if (this.#closing.signal.aborted) throw new CancelledError();
    if (this.#life?.child.alive) return this.#life;
    await this.#life?.child.kill(); // it has ended: this waits for its last words
    this.#life = null;
    this.#folder ??= new ProgramFolder();
    const { device, threads, precision, log = () => undefined } = this.options;
    const { entry = builtEntry(), startTimeoutMs = 60_000 } = this.options;
    const { signal } = this.#closing;
    const programs = this.#folder.path;
    const parent = process.pid;
    const child = await EngineChild.start({
      device,
      threads,
      precision,
      log,
      entry,
      startTimeoutMs,
      signal,
      programs,
      parent,
    });
    this.#life = { child, programs: new Map(), held: new Map() };
    return this.#life;
  }

  /** The program as the process knows it; loads it again into a process that does not. */
  async #loadedIn(life: Life, loaded: Loaded): Promise<Loaded> {
    const known = life.programs.get(loaded.id);
    if (known) return known;
    const program = this.#programs.get(loaded.id);
    if (!program)
      throw new ExecutionError(loaded.program.name, 'run', 'it was released, or another executor loaded it');
    const remote = await life.child.request('load', doing('loading', program.name), { program });
    life.programs.set(loaded.id, remote);
    return remote;
  }

  async #forget(id: number): Promise<void> {
    if (this.#programs.delete(id)) await this.#folder?.delete(id);
  }

  #hold(life: Life, tensor: HeldTensor): HeldTensor {
    const held = this.#nextId++;
    life.held.set(held, tensor);
    return { held, shape: tensor.shape };
  }

  async #discard(life: Life, held: readonly HeldTensor[]): Promise<void> {
    if (held.length > 0) await life.child.request('free', { words: 'freeing a tensor', program: null }, { held });
  }
}

const doing = (what: string, program: string): Activity => ({ words: `${what} the program "${program}"`, program });

function feedsIn(life: Life, feeds: Readonly<Record<string, Feed>>): Record<string, Feed> {
  return mapValues(feeds, (feed) => {
    if (!isHeld(feed)) return feed;
    const tensor = life.held.get(feed.held);
    if (!tensor) throw new HeldTensorLost(feed.held);
    return tensor;
  });
}

const mapValues = <A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
