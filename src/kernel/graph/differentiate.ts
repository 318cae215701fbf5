import { gradientRules, type GradientRule } from './gradients';
import { add, constant, zeros } from './ops';
import type { Primitive, Tensor } from './primitives';

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
 * @throws RangeError when `of` is not a scalar.
 */
export function gradients(of: Tensor, withRespectTo: readonly Tensor[]): Tensor[] {
  if (of.shape.length !== 0) throw new RangeError(`only a scalar has gradients here, not [${of.shape.join(', ')}]`);
  const order = topologicalOrder([of]);

  const active = new Set<Tensor>(withRespectTo);
  for (const tensor of order) {
    if (tensor.inputs.some((source) => active.has(source))) active.add(tensor);
  }

  const gradient = new Map<Tensor, Tensor>([[of, constant(1)]]);
  for (const tensor of order.reverse()) {
    const dy = gradient.get(tensor);
    if (dy === undefined || !active.has(tensor) || tensor.inputs.length === 0) continue;
    const rule = gradientRules[tensor.primitive] as GradientRule<Primitive>;
    const needed = tensor.inputs.map((source) => active.has(source));
    rule(tensor, dy, needed).forEach((contribution, index) => {
      if (contribution === null || !needed[index]) return;
      const source = tensor.inputs[index];
      const sum = gradient.get(source);
      gradient.set(source, sum === undefined ? contribution : add(sum, contribution));
    });
  }
  return withRespectTo.map((tensor) => gradient.get(tensor) ?? zeros(tensor.shape));
}
