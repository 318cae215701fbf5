import { fromBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { ModelProtoSchema, type GraphProto } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import {
  add,
  broadcastTo,
  compileSymbolic,
  concat,
  constant,
  gradients,
  input,
  matMul,
  meanAll,
  mul,
  pad,
  reduceMean,
  relu,
  reshape,
  slice,
  sumAll,
  tensorData,
  valueOf,
  type CompiledGraph,
  type Tensor,
} from '../../../src/kernel/graph';
import { Lattice } from '../../../src/kernel/graph/fitting';
import { show } from '../../../src/kernel/graph/shapes';
import { productOf, showExtent, sumOf, symbol, type Extent } from '../../../src/kernel/graph/sizes';
import { openOrt, runWithOrt } from '../../support/ort';
import { expectClose } from '../../support/tensors';

const parse = (program: CompiledGraph): GraphProto => fromBinary(ModelProtoSchema, program.emit()).graph!;
const symbols = ['batch', 'tokens'] as const;
type Counts = Readonly<Record<(typeof symbols)[number], number>>;
const shapesOf = (program: CompiledGraph): string[] => program.outputs.map(({ shape }) => show(shape));

const size = fc.integer({ min: 1, max: 9 });

/** Polynomials of two symbols up to the degree that is looked for. */
const polynomial: fc.Arbitrary<Extent> = fc
  .array(fc.tuple(fc.integer({ min: -20, max: 20 }), fc.array(fc.constantFrom(...symbols), { maxLength: 4 })), {
    maxLength: 5,
  })
  .map((terms) =>
    terms.map(([coefficient, names]) => names.map(symbol).reduce(productOf, coefficient)).reduce(sumOf, 0),
  );

describe('an extent', () => {
  it('is found from its values at the points of its degree', () => {
    const lattice = new Lattice(symbols, 4);
    const points = [0, 1, 2, 3, 4].flatMap((degree) => [...lattice.pointsOf(degree)]);
    const property = fc.property(polynomial, (extent) => {
      expect(
        lattice.fit(
          points.map((sizes) => valueOf(extent, sizes)),
          4,
        ),
      ).toEqual(extent);
    });
    fc.assert(property, { numRuns: 300, seed: 1 });
  });

  it('has the value of its terms, and one form however it was added up', () => {
    const property = fc.property(polynomial, polynomial, size, size, (a, b, batch, tokens) => {
      const sizes = { batch, tokens };
      expect(valueOf(sumOf(a, b), sizes)).toBe(valueOf(a, sizes) + valueOf(b, sizes));
      expect(valueOf(productOf(a, b), sizes) === valueOf(a, sizes) * valueOf(b, sizes)).toBe(true);
      expect(sumOf(a, b)).toEqual(sumOf(b, a));
      expect(sumOf(sumOf(a, b), productOf(-1, b))).toEqual(a);
    });
    fc.assert(property, { numRuns: 300, seed: 1 });
  });

  it('no polynomial with whole coefficients is told from its values', () => {
    const lattice = new Lattice(['n'], 4);
    const values = lattice
      .pointsOf(0)
      .concat(lattice.pointsOf(1))
      .map(({ n }) => Math.ceil(n / 2));
    expect(lattice.fit(values, 1)).toBeNull();
  });

  it('is written with what has most symbols first', () => {
    const extent = sumOf(5, productOf(2, productOf(symbol('tokens'), symbol('batch'))));
    expect(showExtent(extent)).toBe('2*batch*tokens + 5');
  });
});

describe('compileSymbolic', () => {
  const x = ({ batch, tokens }: Counts): Tensor => input('x', [batch, tokens, 4]);

  it('finds the extents of inputs and outputs', () => {
    const program = compileSymbolic('p', symbols, (sizes) => {
      const given = x(sizes);
      return {
        rows: reshape(given, [sizes.batch * sizes.tokens, 4]),
        longer: concat([broadcastTo(constant(tensorData([5, 4], Array(20).fill(1))), [sizes.batch, 5, 4]), given], 1),
        padded: pad(given, [0, sizes.tokens, 0], [0, 1, 0]),
        mean: meanAll(given),
      };
    });
    expect(show(program.inputs[0].shape)).toBe('[batch, tokens, 4]');
    expect(shapesOf(program)).toEqual([
      '[batch*tokens, 4]',
      '[batch, tokens + 5, 4]',
      '[batch, 2*tokens + 1, 4]',
      '[]',
    ]);
  });

  it('writes symbols as ONNX does, and no shape that need not be computed', () => {
    const program = compileSymbolic('p', symbols, (sizes) => {
      const given = x(sizes);
      const heads = reshape(given, [sizes.batch, sizes.tokens, 2, 2]);
      const rows = reshape(given, [sizes.batch * sizes.tokens, 4]);
      const last = slice(heads, 1, sizes.tokens - 1, sizes.tokens);
      const wide = broadcastTo(last, [sizes.batch, 7, 2, 2]);
      return { a: relu(heads), b: relu(rows), c: relu(wide) };
    });
    const graph = parse(program);
    const [port] = graph.input;
    const tensor = port.type?.value.case === 'tensorType' ? port.type.value.value : undefined;
    expect(tensor?.shape?.dim.map(({ value }) => value.value)).toEqual(['batch', 'tokens', 4n]);
    expect(graph.node.map(({ opType }) => opType)).not.toContain('Shape');
  });

  it('computes each size once', () => {
    const program = compileSymbolic('p', symbols, (sizes) => {
      const { batch, tokens } = sizes;
      const rows = reshape(x(sizes), [batch * tokens * 4]);
      const backs = [0, 1, 2].map((index) => reshape(mul(rows, index + 2), [tokens, batch, 4]));
      return { y: backs.reduce(add) };
    });
    const count = (type: string): number => parse(program).node.filter(({ opType }) => opType === type).length;
    expect([count('Shape'), count('Concat')]).toEqual([2, 1]);
  });

  it('takes the mean and its gradient over an axis of any length', async () => {
    const build = (sizes: Counts): Record<string, Tensor> => {
      const port = x(sizes) as Tensor<'input'>;
      const y = reduceMean(mul(port, port), [1]);
      return { y, slope: gradients(meanAll(mul(y, y)), [port])[0] };
    };
    const session = await openOrt(compileSymbolic('p', symbols, build));
    for (const sizes of [
      { batch: 1, tokens: 1 },
      { batch: 3, tokens: 2 },
    ]) {
      const shape = [sizes.batch, sizes.tokens, 4];
      const feeds = {
        x: tensorData(
          shape,
          Array.from({ length: 4 * sizes.batch * sizes.tokens }, (_, i) => i / 7 - 1),
        ),
      };
      const [once, anew] = [await session.run(feeds), await runWithOrt(build(sizes), feeds)];
      for (const name of ['y', 'slope']) expectClose(once[name], anew[name], 1e-6, name);
    }
    await session.release();
  });

  it.each<[string, (sizes: Counts) => Tensor, string]>([
    [
      'another primitive at some size',
      (sizes) => (sizes.batch > 103 ? relu(x(sizes)) : mul(x(sizes), 2)),
      'node 1 (constant [] for mul [101, 103, 4]) at batch = 101, tokens = 103 is node 1 (relu [151, 157, 4]) at batch',
    ],
    [
      'more nodes for a larger size',
      (sizes) => Array<Tensor>(sizes.batch).fill(x(sizes)).reduce(add),
      'it has 101 nodes at batch = 101, tokens = 103, but 151 at batch = 151, tokens = 157',
    ],
    [
      'other operands',
      (sizes) => {
        const [a, b] = [relu(x(sizes)), input('bias', [4])];
        return sizes.tokens > 103 ? add(a, b) : add(b, a);
      },
      'tokens = 157',
    ],
    [
      'a constant that depends on a size',
      (sizes) => mul(x(sizes), 1 / sizes.tokens),
      'node 1 (constant [] for mul [101, 103, 4]) depends on the sizes',
    ],
    [
      'an extent that is no polynomial',
      (sizes) => slice(x(sizes), 1, 0, Math.ceil(sizes.tokens / 2)),
      'node 1 (slice [101, 52, 4]) has extents that are no polynomials of batch, tokens',
    ],
    [
      'a symbol that no input tells',
      ({ batch, tokens }) => input('x', [batch * tokens, batch]),
      'no input has an axis of tokens entries',
    ],
    [
      'an exception for the smallest size',
      (sizes) => (sizes.tokens === 1 ? reshape(x(sizes), [sizes.batch, 4]) : x(sizes)),
      'at batch = 1, tokens = 1, "y" is not [batch, tokens, 4]',
    ],
  ])('refuses %s', (_, build, message) => {
    const compiling = (): CompiledGraph => compileSymbolic('p', symbols, (sizes) => ({ y: build(sizes) }));
    expect(compiling).toThrow('program p has no symbolic sizes: ');
    expect(compiling).toThrow(message);
  });

  it('refuses what does not build at the smallest size', () => {
    const build = (sizes: Counts) => ({ y: slice(x(sizes), 1, 0, 2) });
    expect(() => compileSymbolic('p', symbols, build)).toThrow('slice');
  });

  it('gives executors of its own kind the graph of the sizes in question', () => {
    const program = compileSymbolic('p', symbols, (sizes) => ({ y: sumAll(matMul(x(sizes), input('w', [4, 2]))) }));
    const { y } = program.tensorsAt({ batch: 2, tokens: 3 });
    expect(y.inputs[0].inputs[0].shape).toEqual([2, 3, 2]);
  });
});
