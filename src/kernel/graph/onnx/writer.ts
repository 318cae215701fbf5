import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataLocation,
  TensorProto_DataType,
  TensorProtoSchema,
  ValueInfoProtoSchema,
  type AttributeProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from 'onnx-buf';
import type { Shape } from '../primitives';
import { sizeOf, type TensorData, type TensorSource } from '../tensorData';

/** Opset 20 is the first with Gelu; IR 9 is what belongs to it. */
const opset = 20n;
const irVersion = 9n;

/** Values. What is smaller stands in the model, where the runtime can compute with it in advance. */
const smallestWeight = 256;

/** Says where the runtime finds a weight outside of the model; null: it is written into the model. */
export type Placement = (weight: TensorData) => TensorSource | null;

type AttributeValue = number | readonly number[] | { readonly float: number };

/** Collects nodes, initializers and ports, and writes them as an ONNX model. Knows ONNX, not the graph's primitives. */
export class OnnxWriter {
  readonly float32 = TensorProto_DataType.FLOAT;
  private readonly nodes: NodeProto[] = [];
  private readonly initializers: TensorProto[] = [];
  private readonly inputs: ValueInfoProto[] = [];
  private readonly integerNames = new Map<string, string>();
  private readonly used: Set<string>;
  private count = 0;

  /** @param ports the names of the model's inputs and outputs: no other value may take one of them. */
  constructor(
    ports: Iterable<string>,
    private readonly place: Placement,
  ) {
    this.used = new Set(ports);
  }

  /** Declares a graph input; its name is the one that is fed. */
  input(name: string, shape: Shape): string {
    this.inputs.push(valueInfo(name, shape));
    return name;
  }

  /** A float32 initializer, in the model or at its place. A name that is taken gets a number. */
  floats(value: TensorData, name: string | null = null): string {
    const unique = this.unique(name ?? 'constant');
    const place = sizeOf(value.shape) < smallestWeight ? null : this.place(value);
    this.initializers.push(
      create(TensorProtoSchema, {
        name: unique,
        dataType: TensorProto_DataType.FLOAT,
        dims: value.shape.map(BigInt),
        ...(place === null ? { rawData: bytesOf(value.data) } : external(place, 4 * sizeOf(value.shape))),
      }),
    );
    return unique;
  }

  /** A 1-D int64 initializer (a shape, axes); equal ones are shared. */
  integers(values: readonly number[]): string {
    const key = values.join(',');
    const known = this.integerNames.get(key);
    if (known !== undefined) return known;
    const name = this.unique('integers');
    this.integerNames.set(key, name);
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    this.initializers.push(
      create(TensorProtoSchema, {
        name,
        dataType: TensorProto_DataType.INT64,
        dims: [BigInt(values.length)],
        rawData: bytes,
      }),
    );
    return name;
  }

  /** A node with one output, whose name is returned. */
  node(type: string, inputs: readonly string[], attributes: Readonly<Record<string, AttributeValue>> = {}): string {
    const output = this.unique(type);
    this.nodes.push(
      create(NodeProtoSchema, {
        opType: type,
        name: output,
        input: [...inputs],
        output: [output],
        attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
      }),
    );
    return output;
  }

  /** Gives a value the name under which it is fetched. */
  output(value: string, name: string): void {
    this.nodes.push(create(NodeProtoSchema, { opType: 'Identity', name, input: [value], output: [name] }));
  }

  model(name: string, outputs: readonly { readonly name: string; readonly shape: Shape }[]): Uint8Array {
    const graph = create(GraphProtoSchema, {
      name,
      node: this.nodes,
      initializer: this.initializers,
      input: this.inputs,
      output: outputs.map((port) => valueInfo(port.name, port.shape)),
    });
    const model = create(ModelProtoSchema, {
      irVersion,
      producerName: 'med-sa-notebook',
      opsetImport: [create(OperatorSetIdProtoSchema, { domain: '', version: opset })],
      graph,
    });
    return toBinary(ModelProtoSchema, model);
  }

  private unique(base: string): string {
    let name = base;
    while (this.used.has(name)) name = `${base}_${++this.count}`;
    this.used.add(name);
    return name;
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

const external = ({ file, offset }: TensorSource, length: number) => ({
  dataLocation: TensorProto_DataLocation.EXTERNAL,
  externalData: Object.entries({ location: file, offset, length }).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value: String(value) }),
  ),
});

function valueInfo(name: string, shape: Shape): ValueInfoProto {
  return create(ValueInfoProtoSchema, {
    name,
    type: {
      value: {
        case: 'tensorType',
        value: {
          elemType: TensorProto_DataType.FLOAT,
          shape: { dim: shape.map((extent) => ({ value: { case: 'dimValue' as const, value: BigInt(extent) } })) },
        },
      },
    },
  });
}

function attribute(name: string, value: AttributeValue): AttributeProto {
  if (typeof value === 'number') {
    return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) });
  }
  if ('float' in value) {
    return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.FLOAT, f: value.float });
  }
  return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INTS, ints: value.map(BigInt) });
}
