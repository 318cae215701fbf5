import { setImmediate as nextTurn } from 'node:timers/promises';
import type * as tfjs from '@tensorflow/tfjs';
import { CancelledError } from '../../errors';
import { topologicalOrder } from '../../graph/differentiate';
import type { CompiledGraph } from '../../graph/onnx/compile';
import { isConstant, type Tensor } from '../../graph/primitives';
import type { Sizes } from '../../graph/sizes';
import type { TensorData } from '../../graph/tensorData';
import type { Tfjs } from '../../graph/tfjs/lowering';
import { evaluateStepwise, type StepwiseSources } from '../../graph/tfjs/stepwise';
import { ExecutionError, messageOf } from '../errors';
import { checkFeeds, isHeld, planOutputs } from '../feeds';
import { InProcessExecutor } from '../inProcessExecutor';
import type { DeviceName, Executor, Feed, Loaded, Program, ProgramSpec, RunOptions } from '../types';
import { TfjsWeights } from './weights';

/** A program's graph at the sizes of a run. */
interface SizedGraph {
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly constants: ReadonlyMap<Tensor, tfjs.Tensor>;
}

interface OpenProgram {
  readonly program: ProgramSpec;
  readonly tensorsAt: CompiledGraph['tensorsAt'];
  /** By sizes: a program of symbols is another graph for each. */
  readonly graphs: Map<string, SizedGraph>;
}

/** How long operations may follow one another before the event loop gets its turn, ms. */
const turnMs = 20;

/**
 * An executor in this process that computes a program's graph by TensorFlow.js, operation by operation. The event loop
 * gets its turn between operations, and a signal is heeded there. Weights are brought into the library's memory when a
 * program is loaded, once for all programs that share them.
 */
export function createTfjsExecutor(library: { readonly tf: Tfjs; readonly device: DeviceName }): Executor {
  return new TfjsExecutor(library.tf, library.device);
}

class TfjsExecutor extends InProcessExecutor<OpenProgram, tfjs.Tensor> {
  readonly #weights: TfjsWeights;

  constructor(
    private readonly tf: Tfjs,
    device: DeviceName,
  ) {
    super(device);
    this.#weights = new TfjsWeights(tf);
  }

  load(program: Program): Promise<Loaded> {
    return this.inTurn(async () => {
      const { name, inputs, outputs, tensorsAt } = program;
      if (tensorsAt === undefined) {
        throw new ExecutionError(name, 'load', 'it is an ONNX model without its graph, which the engine "tfjs" needs');
      }
      const id = this.nextId();
      const open = { program: { name, inputs, outputs }, tensorsAt, graphs: new Map<string, SizedGraph>() };
      this.open.set(id, open);
      const sized = inputs.every(({ shape }) => shape.every((extent) => typeof extent === 'number'));
      try {
        if (sized) this.#graphAt(id, open, {});
      } catch (error) {
        this.close(id);
        throw new ExecutionError(name, 'load', messageOf(error));
      }
      return { id, program: { name, inputs, outputs } };
    });
  }

  runKeeping(
    loaded: Loaded,
    feeds: Readonly<Record<string, Feed>>,
    options: RunOptions & { readonly keep: readonly string[] },
  ) {
    return this.inTurn(async () => {
      if (options.signal?.aborted) throw new CancelledError();
      const open = this.programOf(loaded);
      const sizes = checkFeeds(open.program, feeds);
      for (const feed of Object.values(feeds)) if (isHeld(feed)) this.heldValue(feed);
      const { returned, kept } = planOutputs(open.program, options);
      const graph = this.#graphAt(loaded.id, open, sizes);
      const values = await this.#compute(open.program, graph, feeds, [...returned, ...kept], options.signal);
      const outputs: Record<string, TensorData> = {};
      for (const [index, name] of returned.entries()) {
        outputs[name] = await read(values[index]);
        values[index].dispose();
      }
      const held = kept.map(
        (name, index) =>
          [name, this.hold(values[returned.length + index], values[returned.length + index].shape)] as const,
      );
      return { outputs, held: Object.fromEntries(held) };
    });
  }

  async #compute(
    program: ProgramSpec,
    { outputs, constants }: SizedGraph,
    feeds: Readonly<Record<string, Feed>>,
    names: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<tfjs.Tensor[]> {
    const sources: StepwiseSources = {
      input: ({ attributes: { name } }) => this.#toTensor(feeds[name]),
      constant: (tensor) => constants.get(tensor)!,
      pause: pauseEvery(turnMs, signal),
    };
    const targets = names.map((name) => outputs[name]);
    try {
      return await this.whileRunning(() => evaluateStepwise(this.tf, targets, sources));
    } catch (error) {
      if (error instanceof CancelledError) throw error;
      throw new ExecutionError(program.name, 'run', messageOf(error));
    }
  }

  #graphAt(id: number, { tensorsAt, graphs }: OpenProgram, sizes: Sizes): SizedGraph {
    const key = JSON.stringify(sizes);
    const known = graphs.get(key);
    if (known !== undefined) return known;
    const outputs = tensorsAt(sizes);
    const constants = new Map<Tensor, tfjs.Tensor>();
    const graph = { outputs, constants };
    graphs.set(key, graph);
    for (const tensor of topologicalOrder(Object.values(outputs)).filter(isConstant)) {
      constants.set(tensor, this.#weights.use(id, tensor.attributes.value));
    }
    return graph;
  }

  protected close(id: number): void {
    for (const { constants } of this.open.get(id)?.graphs.values() ?? []) {
      for (const view of constants.values()) view.dispose();
    }
    this.open.delete(id);
    this.#weights.release(id);
  }

  /** Copied: the library keeps the array that it is given, and an output that is held may be an input. */
  #toTensor(feed: Feed): tfjs.Tensor {
    if (isHeld(feed)) return this.tf.clone(this.heldValue(feed));
    return this.tf.tensor(feed.data.slice(), [...feed.shape], 'float32');
  }
}

/** Lets the event loop have its turn now and then. It throws CancelledError when the signal has been raised. */
function pauseEvery(ms: number, signal: AbortSignal | undefined): () => Promise<void> | void {
  let last = performance.now();
  return () => {
    if (signal?.aborted) throw new CancelledError();
    if (performance.now() - last < ms) return;
    return nextTurn().then(() => {
      last = performance.now();
    });
  };
}

/** Copied: the library may hand out the array that a weight or a held tensor lies in. */
async function read(value: tfjs.Tensor): Promise<TensorData> {
  const data = (await value.data<'float32'>()).slice();
  return { dtype: 'float32', shape: [...value.shape], data };
}
