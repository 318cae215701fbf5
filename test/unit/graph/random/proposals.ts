import * as graph from '../../../../src/kernel/graph';
import type { Primitive, Shape, Tensor } from '../../../../src/kernel/graph';
import { broadcastShapes, sameShape } from '../../../../src/kernel/graph/shapes';
import type { Choices } from './choices';
import type { Draft, Fits, Step } from './draft';
import { reshapes } from './reshapes';

/** Values this close to a kink or a pole would let rounding decide the gradient. */
const margin = 0.1;

/** A step that a graph may take next; null where it holds nothing to apply the primitive to. */
type Proposal = (draft: Draft, choices: Choices) => Step | null;
type Condition = (entry: number) => boolean;

const awayFromZero: Condition = (entry) => Math.abs(entry) > margin;
const aboveZero: Condition = (entry) => entry > margin;

const of = (operands: readonly (number | null)[], build: Step['build']): Step | null =>
  operands.every((place) => place !== null) ? { operands, build } : null;

/** Of one operand that fits. */
const unary =
  (build: (x: Tensor) => Tensor, fits: Fits = () => true): Proposal =>
  (draft, choices) =>
    of([draft.pick(choices, fits)], ([x]) => build(x));

const where =
  (condition: Condition): Fits =>
  (_, values) =>
    values.every(condition);

const ofRank =
  (least: number): Fits =>
  ({ length }) =>
    length >= least;

function broadcast(a: Shape, b: Shape): boolean {
  try {
    return broadcastShapes(a, b).length >= 0;
  } catch {
    return false;
  }
}

/** A tensor that fits, or a new leaf: of some of another's axes, say. */
function pickOrLeaf(
  draft: Draft,
  choices: Choices,
  like: number,
  shape: (like: Shape) => Shape,
  fits: (shape: Shape, like: Shape, values: Float64Array) => boolean,
): number | null {
  const likes = draft.shapesOf(like);
  const found = choices.chance(0.7)
    ? draft.pick(choices, (candidate, values, lane) => fits(candidate, likes[lane], values))
    : null;
  return found ?? draft.leaf(shape, like);
}

const binary =
  (build: (a: Tensor, b: Tensor) => Tensor, condition: Condition = () => true): Proposal =>
  (draft, choices) => {
    const a = draft.pick(choices);
    if (a === null) return null;
    // Some of a's axes, some of those with extent 1.
    const { length } = draft.shapeOf(a);
    const from = choices.integer(length + 1);
    const flat = Array.from({ length }, () => choices.chance(0.3));
    const part = (shape: Shape): Shape => shape.map((extent, axis) => (flat[axis] ? 1 : extent)).slice(from);
    const fits = (b: Shape, like: Shape, values: Float64Array): boolean =>
      broadcast(b, like) && values.every(condition);
    const b = pickOrLeaf(draft, choices, a, part, fits);
    // What 0 satisfies, every value does: then either may come first.
    const turned = condition(0) && choices.chance(0.5);
    return of([a, b], ([x, y]) => (turned ? build(y, x) : build(x, y)));
  };

/** One proposal for each primitive. */
export const proposals: { readonly [P in Exclude<Primitive, 'input' | 'constant'>]: Proposal } = {
  neg: unary(graph.neg),
  exp: unary(graph.exp),
  log: unary(graph.log, where(aboveZero)),
  sqrt: unary(graph.sqrt, where(aboveZero)),
  sin: unary(graph.sin),
  cos: unary(graph.cos),
  abs: unary(graph.abs, where(awayFromZero)),
  erf: unary(graph.erf),
  relu: unary(graph.relu, where(awayFromZero)),
  sigmoid: unary(graph.sigmoid),
  softplus: unary(graph.softplus),
  gelu: unary(graph.gelu),
  step: unary(graph.step, where(awayFromZero)),
  add: binary(graph.add),
  sub: binary(graph.sub),
  mul: binary(graph.mul),
  div: binary(graph.div, awayFromZero),
  softmax: unary(graph.softmax, ofRank(1)),

  matMul: (draft, choices) => {
    const a = draft.pick(choices, ofRank(2));
    if (a === null) return null;
    const columns = 1 + choices.integer(3);
    const batches = choices.chance(0.5);
    const inner = (shape: Shape): number => shape[shape.length - 1];
    const fits = (b: Shape, like: Shape): boolean =>
      b.length >= 2 && b[b.length - 2] === inner(like) && broadcast(b.slice(0, -2), like.slice(0, -2));
    const shape = (like: Shape): Shape => [...(batches ? like.slice(0, -2) : []), inner(like), columns];
    return of([a, pickOrLeaf(draft, choices, a, shape, fits)], ([x, y]) => graph.matMul(x, y));
  },

  affine: (draft, choices) => {
    const x = draft.pick(choices, ofRank(1));
    if (x === null) return null;
    const out = 1 + choices.integer(3);
    const same = (shape: (like: Shape) => Shape): number | null =>
      pickOrLeaf(draft, choices, x, shape, (found, like) => sameShape(found, shape(like)));
    const weight = same((like) => [out, like[like.length - 1]]);
    return of([x, weight, same(() => [out])], ([a, b, c]) => graph.affine(a, b, c));
  },

  layerNorm: (draft, choices) => {
    const x = draft.pick(choices, ofRank(1));
    if (x === null) return null;
    const perChannel = (): number | null =>
      pickOrLeaf(
        draft,
        choices,
        x,
        (like) => like.slice(-1),
        (found, like) => sameShape(found, like.slice(-1)),
      );
    return of([x, perChannel(), perChannel()], ([a, b, c]) => graph.layerNorm(a, b, c, margin));
  },

  concat: (draft, choices) => {
    const x = draft.pick(choices, ofRank(1));
    if (x === null) return null;
    const axis = choices.integer(draft.shapeOf(x).length);
    const others = (shape: Shape): Shape => shape.map((extent, a) => (a === axis ? 0 : extent));
    const fits = (found: Shape, like: Shape): boolean => sameShape(others(found), others(like));
    const other = pickOrLeaf(draft, choices, x, (like) => like, fits);
    return of(choices.shuffle([x, other]), (operands) => graph.concat(operands, axis));
  },

  after: (draft, choices) => of([draft.pick(choices), draft.pick(choices)], ([x, other]) => graph.after(x, [other])),

  ...reshapes,
};
