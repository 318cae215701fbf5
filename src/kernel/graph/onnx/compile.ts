import { topologicalOrder } from '../differentiate';
import { isInput, type Primitive, type Tensor } from '../primitives';
import type { Extent, Sizes } from '../sizes';
import { onnxLowering } from './lowering';
import { OnnxWriter, type Placement, type Port } from './writer';

/** One graph with names for its inputs and outputs, all float32, ready to be written as an ONNX model. */
export interface CompiledGraph {
  readonly name: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** The outputs' tensors where the program's symbols have these sizes, for executors that compute the graph themselves. */
  tensorsAt(sizes: Sizes): Readonly<Record<string, Tensor>>;
  /** The ONNX model; without `place` all weights stand in it. */
  emit(place?: Placement): Uint8Array;
}

/**
 * The graph of the named outputs as a program. Its inputs are the `input` nodes that they depend on.
 * @throws Error when two of its inputs and outputs carry one name.
 */
export const compile = (name: string, outputs: Readonly<Record<string, Tensor>>): CompiledGraph =>
  programOf(name, outputs, () => outputs);

/** The same of a graph whose extents may be symbols; `tensorsAt` builds it with numbers. */
export function programOf(
  name: string,
  outputs: Readonly<Record<string, Tensor<Primitive, Extent>>>,
  tensorsAt: CompiledGraph['tensorsAt'],
): CompiledGraph {
  const order = topologicalOrder(Object.values(outputs));
  const inputs = order.filter(isInput).map(({ attributes, shape }) => ({ name: attributes.name, shape }));
  const ports = Object.entries(outputs).map(([port, { shape }]) => ({ name: port, shape }));
  const taken = new Set<string>();
  for (const port of [...ports, ...inputs]) {
    if (taken.has(port.name)) throw new Error(`program ${name} has two inputs or outputs named ${port.name}`);
    taken.add(port.name);
  }
  return {
    name,
    inputs,
    outputs: ports,
    tensorsAt,
    emit(place = () => null) {
      const writer = new OnnxWriter(inputs, ports, place);
      const names = new Map<Tensor<Primitive, Extent>, string>();
      for (const tensor of order) {
        const lower = onnxLowering[tensor.primitive] as (typeof onnxLowering)[Primitive & 'add'];
        const sources = tensor.inputs.map((source) => names.get(source)!);
        names.set(tensor, lower(writer, tensor as Tensor<'add', Extent>, sources));
      }
      for (const port of ports) writer.output(names.get(outputs[port.name])!, port.name);
      return writer.model(name);
    },
  };
}
