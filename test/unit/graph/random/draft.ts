import { Random } from '../../../../src/kernel/datasets/random';
import * as graph from '../../../../src/kernel/graph';
import type { Shape, Tensor, TensorData } from '../../../../src/kernel/graph';
import { sameShape } from '../../../../src/kernel/graph/shapes';
import { toFloat64, value64, type Array64, type Feeds64 } from '../../../support/float64';
import { randomTensor } from '../../../support/tensors';
import type { Choices } from './choices';

/** Keeps float64 differences quick and float32 errors small. */
const limits = { inputs: 5, rank: 5, size: 36, magnitude: 8 };

/** One tensor of a graph, built of earlier ones, the same way whatever the batch. */
export interface Step {
  /** Places of the steps that it builds on. */
  readonly operands: readonly number[];
  readonly build: (operands: readonly Tensor[], batch: number) => Tensor;
}

/** The graph at one batch, as far as it has grown, with the value of each tensor: nothing ill-conditioned enters it. */
interface Lane {
  readonly batch: number;
  readonly tensors: Tensor[];
  readonly values: Map<Tensor, Array64>;
  readonly feeds: Record<string, TensorData>;
}

/** What running a graph takes, at one batch. */
export interface Built {
  /** Every tensor that is computed and that no other uses. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** The sum of all outputs' entries, each times a number that is fed. */
  readonly scalar: Tensor;
  readonly inputs: readonly Tensor<'input'>[];
}

export type Fits = (shape: Shape, values: Float64Array, lane: number) => boolean;

/** A graph that grows at several batches at a time. */
export class Draft {
  private readonly lanes: readonly Lane[];
  private readonly steps: Step[] = [];
  private readonly used = new Set<number>();
  /** Places of inputs and constants. */
  private readonly leaves = new Set<number>();

  constructor(
    batches: readonly number[],
    private readonly seed: number,
  ) {
    this.lanes = batches.map((batch) => ({ batch, tensors: [], values: new Map(), feeds: {} }));
  }

  get hasBatch(): boolean {
    return this.lanes.length > 1;
  }

  /** The extents of a tensor; null where one depends on the batch. */
  shapeOf(place: number): (number | null)[] {
    const [first, ...others] = this.shapesOf(place);
    return first.map((extent, axis) => (others.every((shape) => shape[axis] === extent) ? extent : null));
  }

  /** Its shape at each batch. */
  shapesOf(place: number): Shape[] {
    return this.lanes.map(({ tensors }) => tensors[place].shape);
  }

  /** A tensor of the graph that fits at every batch; null when there is none. */
  pick(choices: Choices, fits: Fits = () => true): number | null {
    const everywhere = (place: number): boolean =>
      this.lanes.every(({ tensors, values }, lane) => {
        const tensor = tensors[place];
        return fits(tensor.shape, values.get(tensor)!.data, lane);
      });
    return choices.late([...this.steps.keys()].filter(everywhere));
  }

  /** A new input, or, when there are enough, a constant; null where that would depend on the batch. */
  leaf(shape: (like: Shape, batch: number) => Shape, like: number | null = null): number | null {
    const shapes = this.lanes.map(({ tensors, batch }) => shape(like === null ? [] : tensors[like].shape, batch));
    const name = `x${this.steps.length}`;
    const operands = like === null ? [] : [like];
    if (this.leaves.size < limits.inputs) {
      this.lanes.forEach(({ feeds, batch }, lane) => (feeds[name] = this.draw(`${name}/${batch}`, shapes[lane])));
      return this.addLeaf({
        operands,
        build: ([x], batch) => graph.input(name, shape(operands.length === 0 ? [] : x.shape, batch)),
      });
    }
    if (!shapes.every((other) => sameShape(other, shapes[0]))) return null;
    const value = this.draw(name, shapes[0]);
    return this.addLeaf({ operands: [], build: () => graph.constant(value) });
  }

  private addLeaf(step: Step): number | null {
    const place = this.add(step);
    if (place !== null) this.leaves.add(place);
    return place;
  }

  /** Takes a step, unless its values are too many, large or undefined at some batch, or it changes nothing. */
  accept(step: Step): void {
    if (this.add(step) !== null) for (const operand of step.operands) this.used.add(operand);
  }

  private add(step: Step): number | null {
    const built = this.lanes.map(({ tensors, batch }) =>
      step.build(
        step.operands.map((at) => tensors[at]),
        batch,
      ),
    );
    const small = built.every(({ shape }) => shape.length <= limits.rank && graph.sizeOf(shape) <= limits.size);
    const last = this.lanes.length - 1;
    if (!small || this.lanes[last].tensors.includes(built[last])) return null;
    const values = this.lanes.map((lane, index) => evaluate(lane, built[index]));
    const tame = values.every((value) => value.data.every((entry) => Math.abs(entry) <= limits.magnitude));
    if (!tame) return null;
    this.lanes.forEach((lane, index) => {
      lane.tensors.push(built[index]);
      lane.values.set(built[index], values[index]);
    });
    return this.steps.push(step) - 1;
  }

  /** The graph at any batch. */
  at(batch: number): Built {
    const tensors: Tensor[] = [];
    for (const { operands, build } of this.steps)
      tensors.push(
        build(
          operands.map((at) => tensors[at]),
          batch,
        ),
      );
    // Leaves that nothing uses are left out, but for the first where only its shape tells the batch.
    const isEnd = (place: number): boolean =>
      !this.used.has(place) && (this.leaves.has(place) ? place === 0 && this.hasBatch : true);
    const ends = [...tensors.keys()].filter(isEnd);
    const sinks = (ends.length > 0 ? ends : [0]).map((place) => tensors[place]);
    const weighted = sinks.map((sink, index) =>
      graph.sumAll(graph.mul(sink, graph.input(`weight${index}`, sink.shape))),
    );
    const scalar = weighted.reduce((sum, term) => graph.add(sum, term));
    return {
      outputs: Object.fromEntries(sinks.map((sink, index) => [`y${index}`, sink])),
      scalar,
      inputs: [...this.leaves].map((place) => tensors[place]).filter(isInput),
    };
  }

  /** Feeds for one of the batches that the graph grew at. */
  feedsAt(batch: number): Record<string, TensorData> {
    const { feeds } = this.lanes.find((lane) => lane.batch === batch)!;
    const weights = Object.values(this.at(batch).outputs).map(({ shape }, index) => {
      const random = new Random(this.seed).fork(`weight ${index}`);
      return [`weight${index}`, randomTensor(random, shape)] as const;
    });
    return { ...feeds, ...Object.fromEntries(weights) };
  }

  private draw(name: string, shape: Shape): TensorData {
    return randomTensor(new Random(this.seed).fork(name), shape, 'awayFromZero');
  }
}

const isInput = (tensor: Tensor): tensor is Tensor<'input'> => tensor.primitive === 'input';

/** A tensor's value from those of the lane. */
function evaluate({ values, feeds }: Lane, target: Tensor): Array64 {
  const known = new Map(values);
  const feeds64: Feeds64 = Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, toFloat64(feed)]));
  for (const tensor of graph.topologicalOrder([target])) {
    if (!known.has(tensor)) known.set(tensor, value64(tensor, known, feeds64));
  }
  return known.get(target)!;
}
