import { topologicalOrder } from '../differentiate';
import type { Primitive, Shape, Tensor } from '../primitives';
import { onnxLowering } from './lowering';
import { OnnxWriter, type Placement } from './writer';

export interface Port {
  readonly name: string;
  readonly shape: Shape;
}

/** One graph with names for its inputs and outputs, all float32, ready to be written as an ONNX model. */
export interface CompiledGraph {
  readonly name: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** The outputs' tensors, for executors that compute the graph themselves. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** The ONNX model; without `place` all weights stand in it. */
  emit(place?: Placement): Uint8Array;
}

/**
 * The graph of the named outputs as a program. Its inputs are the `input` nodes that they depend on.
 * @throws Error when two of its inputs and outputs carry one name.
 */
export function compile(name: string, outputs: Readonly<Record<string, Tensor>>): CompiledGraph {
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
    tensors: outputs,
    emit(place = () => null) {
      const writer = new OnnxWriter(taken, place);
      const names = new Map<Tensor, string>();
      for (const tensor of order) {
        const lower = onnxLowering[tensor.primitive] as (typeof onnxLowering)[Primitive & 'add'];
        const sources = tensor.inputs.map((source) => names.get(source)!);
        names.set(tensor, lower(writer, tensor as Tensor<'add'>, sources));
      }
      for (const port of ports) writer.output(names.get(outputs[port.name])!, port.name);
      return writer.model(name, ports);
    },
  };
}

const isInput = (tensor: Tensor): tensor is Tensor<'input'> => tensor.primitive === 'input';
