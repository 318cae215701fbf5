import { topologicalOrder, type Tensor } from '../graph';

/** The same graph, computed from another tensor in the place of one of its own. */
export function substitute(output: Tensor, own: Tensor, other: Tensor): Tensor {
  const replaced = new Map<Tensor, Tensor>([[own, other]]);
  for (const tensor of topologicalOrder([output])) {
    if (replaced.has(tensor) || !tensor.inputs.some((source) => replaced.has(source))) continue;
    replaced.set(tensor, { ...tensor, inputs: tensor.inputs.map((source) => replaced.get(source) ?? source) });
  }
  return replaced.get(output) ?? output;
}
