import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProto_DataType,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import type { GraphProto, NodeProto, TensorProto, ValueInfoProto } from 'onnx-buf';
import type { PortSpec, Program } from '../../../src/kernel/runtime/types';

const opset = 17n;

/** Programs small enough to read, one per behaviour under test. */
export function addProgram(shape: readonly number[] = [2, 3]): Program {
  return program(
    'add',
    [port('a', shape), port('b', shape)],
    [port('sum', shape)],
    [node('Add', ['a', 'b'], ['sum'], 'adder')],
  );
}

/** negated = −x, doubled = x + x, squared = x · x: three outputs to fetch and to keep in any order. */
export function threeOutputsProgram(shape: readonly number[] = [4]): Program {
  return program(
    'three-outputs',
    [port('x', shape)],
    [port('negated', shape), port('doubled', shape), port('squared', shape)],
    [node('Neg', ['x'], ['negated']), node('Add', ['x', 'x'], ['doubled']), node('Mul', ['x', 'x'], ['squared'])],
  );
}

/** Loads, then fails in its node named `crop`: it reshapes x to the size that the input `size` asks for. */
export function failingProgram(): Program {
  return program(
    'failing',
    [port('x', [4]), port('size', [1])],
    [port('y', [4])],
    [
      node('Cast', ['size'], ['sizeAsInteger'], 'cast', [integer('to', TensorProto_DataType.INT64)]),
      node('Reshape', ['x', 'sizeAsInteger'], ['y'], 'crop'),
    ],
  );
}

/** Multiplies a [side, side] matrix by itself `count` times in a Loop: as long a run as a test wants. */
export function longProgram(count: number, side = 256): Program {
  const body = create(GraphProtoSchema, {
    name: 'body',
    input: [
      scalar('i', TensorProto_DataType.INT64),
      scalar('again', TensorProto_DataType.BOOL),
      valueInfo(port('carried', [side, side])),
    ],
    output: [scalar('againOut', TensorProto_DataType.BOOL), valueInfo(port('product', [side, side]))],
    node: [node('Identity', ['again'], ['againOut']), node('MatMul', ['carried', 'carried'], ['product'])],
  });
  const loop = node('Loop', ['count', 'always', 'x'], ['y'], 'loop', [
    create(AttributeProtoSchema, { name: 'body', type: AttributeProto_AttributeType.GRAPH, g: body }),
  ]);
  const initializers = [
    create(TensorProtoSchema, { name: 'count', dataType: TensorProto_DataType.INT64, int64Data: [BigInt(count)] }),
    create(TensorProtoSchema, { name: 'always', dataType: TensorProto_DataType.BOOL, int32Data: [1] }),
  ];
  return program('long', [port('x', [side, side])], [port('y', [side, side])], [loop], initializers);
}

/** The file of `addProgram` cut short: no valid model. */
export function truncatedProgram(): Program {
  const whole = addProgram();
  const model = whole.emit();
  return { ...whole, name: 'truncated', emit: () => model.slice(0, model.length >> 1) };
}

function program(
  name: string,
  inputs: PortSpec[],
  outputs: PortSpec[],
  nodes: NodeProto[],
  initializer: TensorProto[] = [],
): Program {
  const graph: GraphProto = create(GraphProtoSchema, {
    name,
    input: inputs.map(valueInfo),
    output: outputs.map(valueInfo),
    node: nodes,
    initializer,
  });
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: '', version: opset })],
    graph,
  });
  return { name, emit: () => toBinary(ModelProtoSchema, model), inputs, outputs };
}

const port = (name: string, shape: readonly number[]): PortSpec => ({ name, shape });

const node = (
  opType: string,
  input: string[],
  output: string[],
  name = '',
  attribute: NodeProto['attribute'] = [],
): NodeProto => create(NodeProtoSchema, { opType, input, output, name, attribute });

const integer = (name: string, value: number) =>
  create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) });

const valueInfo = ({ name, shape }: PortSpec): ValueInfoProto => typed(name, TensorProto_DataType.FLOAT, shape);

const scalar = (name: string, type: TensorProto_DataType): ValueInfoProto => typed(name, type, []);

const typed = (name: string, elemType: TensorProto_DataType, shape: readonly number[]): ValueInfoProto =>
  create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, {
      value: {
        case: 'tensorType',
        value: create(TypeProto_TensorSchema, {
          elemType,
          shape: create(TensorShapeProtoSchema, {
            dim: shape.map((extent) =>
              create(TensorShapeProto_DimensionSchema, { value: { case: 'dimValue', value: BigInt(extent) } }),
            ),
          }),
        }),
      },
    }),
  });
