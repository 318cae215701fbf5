import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, NodeProtoSchema, TensorProtoSchema, TensorProto_DataType, type NodeProto } from 'onnx-buf';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { CompiledGraph } from '../../src/kernel/graph';
import { createLocalExecutor } from '../../src/kernel/runtime/localExecutor';
import type { Executor } from '../../src/kernel/runtime/types';
import { checkParity, parityTolerances } from '../../src/kernel/training/parity';
import { projectRoot } from '../support/projectRoot';

/** TF32 keeps 11 significant bits of float32's 24: x rounded to them is c − (c − x) with c = (2¹³ + 1)·x (Veltkamp). */
const splitter = 2 ** 13 + 1;

/** The same program with the factors of every matrix product rounded as a tensor core does in TF32. */
function withRoundedFactors(program: CompiledGraph): CompiledGraph {
  const model = fromBinary(ModelProtoSchema, program.emit());
  const graph = model.graph!;
  const node = (opType: string, input: string[], output: string): NodeProto =>
    create(NodeProtoSchema, { opType, input, output: [output], name: output });
  let rounded = 0;
  graph.node = graph.node.flatMap((one) => {
    if (one.opType !== 'MatMul' && one.opType !== 'Gemm') return [one];
    // The third input of Gemm is added, in float32.
    const steps = one.input.slice(0, 2).flatMap((factor, index) => {
      const name = `tf32.${rounded++}`;
      one.input[index] = name;
      return [
        node('Mul', [factor, 'tf32.splitter'], `${name}.c`),
        node('Sub', [`${name}.c`, factor], `${name}.low`),
        node('Sub', [`${name}.c`, `${name}.low`], name),
      ];
    });
    return [...steps, one];
  });
  if (rounded === 0 && program.name.startsWith('parity-medsa')) throw new Error('no product was found');
  const { FLOAT: dataType } = TensorProto_DataType;
  graph.initializer.push(
    create(TensorProtoSchema, { name: 'tf32.splitter', dataType, floatData: [splitter], dims: [] }),
  );
  return { ...program, emit: () => toBinary(ModelProtoSchema, model) };
}

it('holds at the tolerance of the precision fast when products are in TF32, and not at that of exact', async () => {
  const local = await createLocalExecutor({ device: 'cpu', threads: 1 });
  const rounding: Executor = Object.assign(Object.create(local) as Executor, {
    load: (program: CompiledGraph) => local.load(withRoundedFactors(program)),
    run: local.run.bind(local),
    release: local.release.bind(local),
  });
  try {
    const tiny = path.join(projectRoot, 'test', 'fixtures', 'parity', 'tiny');
    const rows = await checkParity(tiny, rounding, 'fast');
    expect(
      rows.filter(({ holds }) => !holds),
      JSON.stringify(rows, null, 1),
    ).toEqual([]);
    const worst = Math.max(...rows.map((row) => row.worst));
    expect(worst).toBeGreaterThan(parityTolerances.exact.gradients);
    // Room for a tensor core that cuts off instead of rounding: twice the error.
    for (const row of rows.filter(({ tolerance }) => tolerance === parityTolerances.fast.outputs)) {
      expect(2 * row.worst, row.group).toBeLessThanOrEqual(row.tolerance);
    }
  } finally {
    await local.dispose();
  }
});
