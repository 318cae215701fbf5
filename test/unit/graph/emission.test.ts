import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, TensorProto_DataType, type GraphProto } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import {
  add,
  broadcastTo,
  compile,
  constant,
  input,
  mul,
  reduceSum,
  reshape,
  sumAll,
  tensorData,
  type CompiledGraph,
  type Tensor,
} from '../../../src/kernel/graph';
import { runWithOrt } from '../../support/ort';

const parse = (program: CompiledGraph): GraphProto => fromBinary(ModelProtoSchema, program.emit()).graph!;
const x = input('x', [2, 3]);
const feeds = { x: tensorData([2, 3], [1, 2, 3, 4, 5, 6]) };

describe('compile', () => {
  it('writes a model that parses back, with its ports, shapes and opset', () => {
    const program = compile('sum', { total: sumAll(x), doubled: mul(x, 2) });
    expect(program.inputs).toEqual([{ name: 'x', shape: [2, 3] }]);
    expect(program.outputs).toEqual([
      { name: 'total', shape: [] },
      { name: 'doubled', shape: [2, 3] },
    ]);
    const model = fromBinary(ModelProtoSchema, program.emit());
    expect([model.irVersion, model.opsetImport[0].version]).toEqual([9n, 20n]);
    const graph = parse(program);
    expect(graph.name).toBe('sum');
    const ports = [...graph.input, ...graph.output].map(({ name, type }) => {
      const tensor = type?.value.case === 'tensorType' ? type.value.value : undefined;
      expect(tensor?.elemType).toBe(TensorProto_DataType.FLOAT);
      return [name, tensor?.shape?.dim.map(({ value }) => value.value)];
    });
    expect(ports).toEqual([
      ['x', [2n, 3n]],
      ['total', []],
      ['doubled', [2n, 3n]],
    ]);
  });

  it('gives every value a name of its own, whatever the ports and weights are called', async () => {
    const named = [input('Add', [1]), input('constant', [1]), input('integers', [1]), input('Mul_1', [1])];
    const weights = [1, 2, 3].map((value) => constant(tensorData([1], [value + 0.5]), 'w'));
    let y: Tensor = weights.reduce<Tensor>((sum, weight) => add(sum, mul(weight, 2)), constant(7));
    for (const port of named) y = add(mul(y, port), reshape(port, [1, 1]));
    const outputs = { Reshape: y, Mul: reduceSum(y, [0]), Identity: mul(y, y), w: broadcastTo(y, [2, 1]) };
    const graph = parse(compile('names', outputs));
    const values = [
      ...graph.input.map(({ name }) => name),
      ...graph.initializer.map(({ name }) => name),
      ...graph.node.flatMap(({ output }) => output),
    ];
    expect(new Set(values).size).toBe(values.length);
    const nodes = graph.node.map(({ name }) => name);
    expect(new Set(nodes).size).toBe(nodes.length);

    const ones = Object.fromEntries(named.map(({ attributes }) => [attributes.name, tensorData([1], [1])]));
    // 7 + 2·(1.5 + 2.5 + 3.5) = 22, and 1 more for each of the four inputs
    expect((await runWithOrt(outputs, ones)).Identity.data).toEqual(Float32Array.of(26 * 26));
  });

  it('keeps the names of weights', () => {
    const weight = constant(tensorData([3], [1, 2, 3]), 'image_encoder.neck.bias');
    expect(parse(compile('weights', { y: add(x, weight) })).initializer[0].name).toBe('image_encoder.neck.bias');
  });

  it('refuses two ports of one name', () => {
    const other = input('x', [3]);
    expect(() => compile('twins', { y: add(x, other) })).toThrow('program twins has two inputs or outputs named x');
    expect(() => compile('echo', { x: mul(x, 2) })).toThrow('program echo has two inputs or outputs named x');
  });

  it('writes equal integers once and each constant once', () => {
    const one = constant(2.5);
    const rows = reduceSum(x, [1]);
    const y = add(mul(reshape(rows, [2]), one), mul(reshape(reduceSum(mul(x, one), [1]), [2]), one));
    const { initializer } = parse(compile('shared', { y }));
    const integers = initializer.filter(({ dataType }) => dataType === TensorProto_DataType.INT64);
    // the axes [1] and the shape [2]
    expect(integers).toHaveLength(2);
    expect(initializer).toHaveLength(3);
  });

  it('writes a scalar constant without axes, in little-endian float32', () => {
    const [scalar] = parse(compile('scalar', { y: mul(x, 2.5) })).initializer;
    expect(scalar.dims).toEqual([]);
    expect([...scalar.rawData]).toEqual([0, 0, 0x20, 0x40]);
  });

  it('writes only the part of a larger buffer that a constant covers', async () => {
    const all = Float32Array.of(9, 1, 2, 3, 9);
    const y = add(x, constant(tensorData([3], all.subarray(1, 4))));
    expect((await runWithOrt({ y }, feeds)).y.data).toEqual(Float32Array.of(2, 4, 6, 5, 7, 9));
  });

  it('lists only the inputs that the outputs depend on', () => {
    const program = compile('part', { y: mul(input('used', [1]), 2) });
    expect(program.inputs.map(({ name }) => name)).toEqual(['used']);
  });

  it('passes an input, a constant and one value under two names through', async () => {
    const y = mul(x, 2);
    const results = await runWithOrt({ same: x, fixed: constant(3), first: y, second: y }, feeds);
    expect(results.same).toEqual(feeds.x);
    expect(results.fixed).toEqual(tensorData([], [3]));
    expect(results.first).toEqual(results.second);
  });
});
