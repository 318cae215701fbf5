import { topologicalOrder } from '../differentiate';
import type { Primitive, Shape, Tensor } from '../primitives';
import { onnxLowering } from './lowering';
import { OnnxWriter } from './writer';

/** One compiled graph: an ONNX model with its inputs and outputs, all float32. */
export interface CompiledGraph {
  readonly name: string;
  readonly model: Uint8Array;
  readonly inputs: readonly { readonly name: string; readonly shape: Shape }[];
  readonly outputs: readonly { readonly name: string; readonly shape: Shape }[];
}

/**
 * Writes the graph of the named outputs as one ONNX model. Its inputs are the `input` nodes that they depend on.
 * @throws Error when two of its inputs and outputs carry one name.
 */
export function compile(name: string, outputs: Readonly<Record<string, Tensor>>): CompiledGraph {
  const order = topologicalOrder(Object.values(outputs));
  const inputs = order.filter(isInput).map(({ attributes, shape }) => ({ name: attributes.name, shape }));
  const portNames = new Set(Object.keys(outputs));
  for (const port of inputs) {
    if (portNames.has(port.name)) throw new Error(`program ${name} has two inputs or outputs named ${port.name}`);
    portNames.add(port.name);
  }

  const writer = new OnnxWriter(portNames);
  const names = new Map<Tensor, string>();
  for (const tensor of order) {
    const lower = onnxLowering[tensor.primitive] as (typeof onnxLowering)[Primitive & 'add'];
    names.set(
      tensor,
      lower(
        writer,
        tensor as Tensor<'add'>,
        tensor.inputs.map((source) => names.get(source)!),
      ),
    );
  }
  const ports = Object.entries(outputs).map(([port, { shape }]) => ({ name: port, shape }));
  for (const port of ports) writer.output(names.get(outputs[port.name])!, port.name);
  return { name, model: writer.model(name, ports), inputs, outputs: ports };
}

const isInput = (tensor: Tensor): tensor is Tensor<'input'> => tensor.primitive === 'input';
