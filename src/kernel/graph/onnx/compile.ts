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
 * @throws Error when two different inputs carry one name.
 */
export function compile(name: string, outputs: Readonly<Record<string, Tensor>>): CompiledGraph {
  const writer = new OnnxWriter();
  const names = new Map<Tensor, string>();
  const inputs: { name: string; shape: Shape }[] = [];
  for (const tensor of topologicalOrder(Object.values(outputs))) {
    if (tensor.primitive === 'input') {
      const port = { name: (tensor as Tensor<'input'>).attributes.name, shape: tensor.shape };
      if (inputs.some((other) => other.name === port.name)) {
        throw new Error(`program ${name} has two inputs named ${port.name}`);
      }
      inputs.push(port);
    }
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
  const ports = Object.entries(outputs).map(([port, tensor]) => ({ name: port, shape: tensor.shape, tensor }));
  for (const port of ports) writer.output(names.get(port.tensor)!, port.name);
  return {
    name,
    model: writer.model(name, ports),
    inputs,
    outputs: ports.map(({ name: port, shape }) => ({ name: port, shape })),
  };
}
