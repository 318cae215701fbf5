import { topologicalOrder } from './differentiate';
import { input } from './ops';
import { isInput, type Tensor } from './primitives';

/** A graph in two: what one input decides, and the rest, which reads that as inputs of its own. */
export interface SplitGraph {
  /** By the names of the inputs that `late` has in its place. */
  readonly early: Readonly<Record<string, Tensor>>;
  readonly late: Readonly<Record<string, Tensor>>;
}

/**
 * Splits a graph by when its inputs are known: everything that depends on the input `name` and on no other is computed
 * `early`, once; the `late` part takes the results of it that it reads, named `name.0`, `name.1`, … in an order that the
 * graph decides. An image is there long before the clicks on it.
 */
export function splitByInput(outputs: Readonly<Record<string, Tensor>>, name: string): SplitGraph {
  const order = topologicalOrder(Object.values(outputs));
  const depends = new Map<Tensor, 'nothing' | 'early' | 'late'>();
  for (const tensor of order) {
    const sources = tensor.inputs.map((source) => depends.get(source)!);
    const own = isInput(tensor) ? (tensor.attributes.name === name ? 'early' : 'late') : 'nothing';
    depends.set(
      tensor,
      [own, ...sources].includes('late') ? 'late' : [own, ...sources].includes('early') ? 'early' : own,
    );
  }

  const early: Record<string, Tensor> = {};
  const inLate = new Map<Tensor, Tensor>();
  const lateOf = (tensor: Tensor): Tensor => {
    if (depends.get(tensor) !== 'early') return inLate.get(tensor) ?? tensor;
    const known = inLate.get(tensor);
    if (known !== undefined) return known;
    const port = `${name}.${Object.keys(early).length}`;
    early[port] = tensor;
    const replaced = input(port, tensor.shape);
    inLate.set(tensor, replaced);
    return replaced;
  };
  for (const tensor of order) {
    if (depends.get(tensor) === 'late') inLate.set(tensor, { ...tensor, inputs: tensor.inputs.map(lateOf) });
  }
  const late = Object.fromEntries(Object.entries(outputs).map(([port, tensor]) => [port, lateOf(tensor)]));
  return { early, late };
}
