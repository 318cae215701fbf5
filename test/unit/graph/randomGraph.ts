import type { Random } from '../../../src/kernel/datasets/random';
import * as graph from '../../../src/kernel/graph';
import type { Primitive, Shape, Tensor, TensorData } from '../../../src/kernel/graph';
import { broadcastShapes, sameShape } from '../../../src/kernel/graph/shapes';
import { toFloat64, value64, type Array64 } from '../../support/float64';
import { randomTensor } from '../../support/tensors';

/** A graph with everything that running it takes. */
export interface RandomGraph {
  readonly inputs: readonly Tensor<'input'>[];
  readonly feeds: Readonly<Record<string, TensorData>>;
  /** Every tensor that no other uses. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** A weighted sum of all outputs' entries. */
  readonly scalar: Tensor;
}

/** Keeps float64 differences quick and float32 errors small. */
const limits = { inputs: 5, rank: 5, size: 32, magnitude: 8 };

/** Values this close to a kink or a pole would let rounding decide the gradient. */
const margin = 0.1;

/** Draws a graph of 20 to 60 operations, of any shapes and sharing that the primitives allow. */
export function drawGraph(random: Random): RandomGraph {
  const draft = new Draft(random);
  const primitives = Object.keys(proposals) as Proposed[];
  for (let left = 20 + random.integer(41); left > 0;) {
    if (draft.accept(proposals[random.pick(primitives)](draft))) left--;
  }
  return draft.finish();
}

type Proposed = Exclude<Primitive, 'input' | 'constant'>;

/** A graph that grows, with the value of each tensor, so that nothing ill-conditioned enters it. */
class Draft {
  private readonly values = new Map<Tensor, Array64>();
  private readonly inputs: Tensor<'input'>[] = [];
  private readonly feeds: Record<string, TensorData> = {};

  constructor(readonly random: Random) {
    for (let count = 2; count > 0; count--) this.leaf(this.shape());
  }

  /** Takes a proposal with whatever it is built of, unless it is null or its values are too many, large or undefined. */
  accept(proposal: Tensor | null): boolean {
    if (proposal === null || proposal.shape.length > limits.rank || graph.sizeOf(proposal.shape) > limits.size)
      return false;
    const value = value64(proposal, this.values, {});
    if (!value.data.every((entry) => Math.abs(entry) <= limits.magnitude)) return false;
    this.values.set(proposal, value);
    return true;
  }

  /** A tensor of the graph, rather a late one: graphs are to be deep. */
  pick(fits: (tensor: Tensor, values: Float64Array) => boolean = () => true): Tensor | null {
    const fitting = [...this.values].filter(([tensor, { data }]) => fits(tensor, data)).map(([tensor]) => tensor);
    return fitting.length === 0 ? null : fitting[Math.floor(fitting.length * Math.sqrt(this.random.next()))];
  }

  /** A new input, or, when there are enough, a constant. */
  leaf(shape: Shape): Tensor {
    const value = randomTensor(this.random, shape, 'awayFromZero');
    const name = `x${this.inputs.length}`;
    const tensor = this.inputs.length < limits.inputs ? graph.input(name, shape) : graph.constant(value);
    if (tensor.primitive === 'input') {
      this.inputs.push(tensor as Tensor<'input'>);
      this.feeds[name] = value;
    }
    this.values.set(tensor, toFloat64(value));
    return tensor;
  }

  /** A tensor of the graph that fits, or a new leaf of the given shape. */
  pickOrLeaf(shape: Shape, fits: (tensor: Tensor, values: Float64Array) => boolean): Tensor {
    return (this.random.chance(0.7) ? this.pick(fits) : null) ?? this.leaf(shape);
  }

  shape(): Shape {
    return Array.from({ length: this.random.integer(4) }, () => 1 + this.random.integer(3));
  }

  finish(): RandomGraph {
    const used = new Set([...this.values.keys()].flatMap(({ inputs }) => inputs));
    const sinks = [...this.values.keys()].filter((tensor) => !used.has(tensor));
    const weighted = sinks.map((sink) =>
      graph.sumAll(graph.mul(sink, graph.constant(randomTensor(this.random, sink.shape)))),
    );
    return {
      inputs: this.inputs,
      feeds: this.feeds,
      outputs: Object.fromEntries(sinks.map((sink, index) => [`y${index}`, sink])),
      scalar: weighted.reduce((sum, term) => graph.add(sum, term)),
    };
  }
}

type Proposal = (draft: Draft) => Tensor | null;
type Condition = (entry: number) => boolean;

const awayFromZero: Condition = (entry) => Math.abs(entry) > margin;
const aboveZero: Condition = (entry) => entry > margin;

const unary =
  (build: (x: Tensor) => Tensor, condition: Condition = () => true): Proposal =>
  (draft) => {
    const x = draft.pick((_, values) => values.every(condition));
    return x && build(x);
  };

const broadcast = (a: Shape, b: Shape): boolean => {
  try {
    return broadcastShapes(a, b).length > 0;
  } catch {
    return false;
  }
};

const binary =
  (build: (a: Tensor, b: Tensor) => Tensor, condition: Condition = () => true): Proposal =>
  (draft) => {
    const { random } = draft;
    const a = draft.pick();
    if (a === null) return null;
    // Some of a's axes, some of those with extent 1.
    const part = a.shape.slice(random.integer(a.shape.length + 1)).map((extent) => (random.chance(0.3) ? 1 : extent));
    const b = draft.pickOrLeaf(part, ({ shape }, values) => broadcast(a.shape, shape) && values.every(condition));
    // What 0 satisfies, every value does: then either may come first.
    return condition(0) && random.chance(0.5) ? build(b, a) : build(a, b);
  };

/** One proposal per primitive; null where the graph holds nothing to apply it to. */
const proposals: { readonly [P in Proposed]: Proposal } = {
  neg: unary(graph.neg),
  exp: unary(graph.exp),
  log: unary(graph.log, aboveZero),
  sqrt: unary(graph.sqrt, aboveZero),
  sin: unary(graph.sin),
  cos: unary(graph.cos),
  abs: unary(graph.abs, awayFromZero),
  erf: unary(graph.erf),
  relu: unary(graph.relu, awayFromZero),
  sigmoid: unary(graph.sigmoid),
  softplus: unary(graph.softplus),
  gelu: unary(graph.gelu),
  step: unary(graph.step, awayFromZero),
  add: binary(graph.add),
  sub: binary(graph.sub),
  mul: binary(graph.mul),
  div: binary(graph.div, awayFromZero),

  matMul: (draft) => {
    const a = draft.pick(({ shape }) => shape.length >= 2);
    if (a === null) return null;
    const inner = a.shape[a.shape.length - 1];
    const batch = a.shape.slice(0, -2);
    const fits = ({ shape }: Tensor): boolean =>
      shape.length >= 2 &&
      shape[shape.length - 2] === inner &&
      (shape.length === 2 || broadcast(batch, shape.slice(0, -2)));
    const columns = 1 + draft.random.integer(3);
    return graph.matMul(a, draft.pickOrLeaf([...(draft.random.chance(0.5) ? batch : []), inner, columns], fits));
  },

  affine: (draft) => {
    const x = draft.pick(({ shape }) => shape.length >= 1);
    if (x === null) return null;
    const shape = [1 + draft.random.integer(3), x.shape[x.shape.length - 1]];
    const weight = draft.pickOrLeaf(shape, (y) => sameShape(y.shape, shape));
    return graph.affine(
      x,
      weight,
      draft.pickOrLeaf(shape.slice(0, 1), (y) => sameShape(y.shape, shape.slice(0, 1))),
    );
  },

  reshape: (draft) => {
    const x = draft.pick();
    if (x === null) return null;
    const factors: number[] = [];
    for (let left = graph.sizeOf(x.shape), factor = 2; left > 1;) {
      if (left % factor === 0) {
        factors.splice(draft.random.integer(factors.length + 1), 0, factor);
        left /= factor;
      } else factor++;
    }
    if (draft.random.chance(0.5)) factors.splice(draft.random.integer(factors.length + 1), 0, 1);
    return changed(x, graph.reshape(x, factors));
  },
  transpose: (draft) => {
    const x = draft.pick(({ shape }) => shape.length >= 2);
    return x && changed(x, graph.transpose(x, draft.random.shuffle([...x.shape.keys()])));
  },
  broadcastTo: (draft) => {
    const x = draft.pick();
    if (x === null) return null;
    const shape = x.shape.map((extent) => (extent === 1 ? 1 + draft.random.integer(3) : extent));
    return changed(x, graph.broadcastTo(x, draft.random.chance(0.5) ? [2, ...shape] : shape));
  },
  slice: (draft) => {
    const x = draft.pick();
    if (x === null) return null;
    const starts = x.shape.map((extent) => draft.random.integer(extent));
    const ends = x.shape.map((extent, axis) => starts[axis] + 1 + draft.random.integer(extent - starts[axis]));
    return changed(x, graph.sliceAll(x, starts, ends));
  },
  pad: (draft) => {
    const x = draft.pick();
    if (x === null) return null;
    const counts = (): number[] => x.shape.map(() => draft.random.integer(2));
    return changed(x, graph.pad(x, counts(), counts()));
  },
  concat: (draft) => {
    const x = draft.pick(({ shape }) => shape.length >= 1);
    if (x === null) return null;
    const axis = draft.random.integer(x.shape.length);
    const others = (shape: Shape): Shape => shape.map((extent, a) => (a === axis ? 0 : extent));
    const other = draft.pickOrLeaf(x.shape, ({ shape }) => sameShape(others(shape), others(x.shape)));
    return graph.concat(draft.random.shuffle([x, other]), axis);
  },
  reduceSum: (draft) => {
    const x = draft.pick();
    return (
      x &&
      changed(x, graph.reduceSum(x, draft.random.shuffle([...x.shape.keys()].filter(() => draft.random.chance(0.5)))))
    );
  },
  after: (draft) => {
    const [x, other] = [draft.pick(), draft.pick()];
    return x && other && graph.after(x, [other]);
  },
  softmax: (draft) => {
    const x = draft.pick(({ shape }) => shape.length >= 1);
    return x && graph.softmax(x);
  },
  layerNorm: (draft) => {
    const x = draft.pick(({ shape }) => shape.length >= 1);
    if (x === null) return null;
    const channels = x.shape.slice(-1);
    const perChannel = (): Tensor => draft.pickOrLeaf(channels, ({ shape }) => sameShape(shape, channels));
    return graph.layerNorm(x, perChannel(), perChannel(), margin);
  },
};

/** Null where the operation left x as it is. */
const changed = (x: Tensor, y: Tensor): Tensor | null => (x === y ? null : y);
