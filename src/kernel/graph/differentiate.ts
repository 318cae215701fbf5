import { gradientRules, type GradientRule } from './gradients';
import { add, after, constant, zeros } from './ops';
import { isMadeBy, type Primitive, type Tensor } from './primitives';
import { copySegment, type Segment } from './recompute';
import { ofSlices, type SliceGradient } from './sliceGradients';

/** All nodes that the outputs depend on, inputs before users. Iterative: a deep model must not end the stack. */
export function topologicalOrder<E = number>(outputs: readonly Tensor<Primitive, E>[]): Tensor<Primitive, E>[] {
  const order: Tensor<Primitive, E>[] = [];
  const entered = new Set<Tensor<Primitive, E>>();
  const stack: { tensor: Tensor<Primitive, E>; next: number }[] = [];
  const enter = (tensor: Tensor<Primitive, E>): void => {
    if (entered.has(tensor)) return;
    entered.add(tensor);
    stack.push({ tensor, next: 0 });
  };
  for (const output of outputs) {
    enter(output);
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      if (top.next < top.tensor.inputs.length) enter(top.tensor.inputs[top.next++]);
      else order.push(stack.pop()!.tensor);
    }
  }
  return order;
}

/**
 * Reverse-mode differentiation: the gradients of a scalar with respect to tensors of its graph, as new tensors of the
 * same graph. Only the nodes between `of` and `withRespectTo` are visited; a tensor that `of` does not depend on gets zeros.
 * The insides of `segments` are computed again in the backward pass, one segment after another, from inputs that wait
 * for the gradient of its output: no value in them lives from the forward pass to the backward one.
 * @throws RangeError when `of` is not a scalar.
 */
export function gradients(of: Tensor, withRespectTo: readonly Tensor[], segments: Iterable<Segment> = []): Tensor[] {
  if (of.shape.length !== 0) throw new RangeError(`only a scalar has gradients here, not [${of.shape.join(', ')}]`);
  const backward = new Backward(withRespectTo, segments);
  backward.seed(of, constant(1));
  backward.through(topologicalOrder([of]));
  return withRespectTo.map((tensor) => backward.gradientOf(tensor) ?? zeros(tensor.shape));
}

/** The backward pass: gradients by tensor, as far as they are known. */
class Backward {
  /** What depends on a tensor that is differentiated by. */
  readonly #active: Set<Tensor>;
  readonly #gradients = new Map<Tensor, Tensor>();
  /** Gradients of slices of a tensor, until all are there. */
  readonly #slices = new Map<Tensor, SliceGradient[]>();
  readonly #segmentOf: Map<Tensor, Segment>;
  /** Gradients that the segment before came to: the next one begins after them, or its values would lie beside. */
  #finished: readonly Tensor[] = [];

  constructor(withRespectTo: readonly Tensor[], segments: Iterable<Segment>) {
    this.#active = new Set(withRespectTo);
    this.#segmentOf = new Map([...segments].map((segment) => [segment.output, segment]));
  }

  gradientOf(tensor: Tensor): Tensor | undefined {
    const slices = this.#slices.get(tensor);
    if (slices !== undefined) {
      this.#slices.delete(tensor);
      this.seed(tensor, ofSlices(slices));
    }
    return this.#gradients.get(tensor);
  }

  /** Adds to a tensor's gradient. */
  seed(tensor: Tensor, contribution: Tensor): void {
    const sum = this.#gradients.get(tensor);
    this.#gradients.set(tensor, sum === undefined ? contribution : add(sum, contribution));
  }

  /** @param order nodes, inputs before users */
  through(order: readonly Tensor[]): Set<Tensor> {
    for (const tensor of order) {
      if (tensor.inputs.some((source) => this.#active.has(source))) this.#active.add(tensor);
    }
    const reached = new Set<Tensor>();
    for (const tensor of [...order].reverse()) {
      const dy = this.gradientOf(tensor);
      if (dy === undefined || !this.#active.has(tensor) || tensor.inputs.length === 0) continue;
      const segment = this.#segmentOf.get(tensor);
      if (segment === undefined) this.#pull(tensor, dy, reached);
      else this.#again(segment, dy).forEach((source) => reached.add(source));
    }
    return reached;
  }

  /** Adds what dy contributes to the gradients of a node's inputs. */
  #pull(tensor: Tensor, dy: Tensor, reached: Set<Tensor>): void {
    const needed = tensor.inputs.map((source) => this.#active.has(source));
    if (isMadeBy('slice')(tensor) && needed[0]) {
      const [source] = tensor.inputs;
      this.#slices.set(source, [...(this.#slices.get(source) ?? []), { slice: tensor, dy }]);
      reached.add(source);
      return;
    }
    const rule = gradientRules[tensor.primitive] as GradientRule<Primitive>;
    rule(tensor, dy, needed).forEach((contribution, index) => {
      if (contribution === null || !needed[index]) return;
      this.seed(tensor.inputs[index], contribution);
      reached.add(tensor.inputs[index]);
    });
  }

  /** Through a copy of the segment. Returns the tensors outside of it whose gradients grew. */
  #again(segment: Segment, dy: Tensor): Tensor[] {
    const from = segment.inputs.map((source) => after(source, [dy, ...this.#finished]));
    const copy = copySegment(segment, from);
    const inside = new Set(copy.nodes);
    for (const [output, { inputs }] of [...this.#segmentOf]) {
      const inner = copy.of(output);
      if (output === segment.output || !inside.has(inner)) continue;
      this.#segmentOf.set(inner, { inputs: inputs.map((source) => copy.of(source)), output: inner });
    }
    this.seed(copy.output, dy);
    const reached = this.through([...from, ...copy.nodes]);
    const outside = [...reached].filter((source) => !inside.has(source) && !from.includes(source));
    this.#finished = outside.map((source) => this.gradientOf(source)!);
    return outside;
  }
}
