import { topologicalOrder } from '../differentiate';
import { Lattice } from '../fitting';
import type { Primitive, Tensor } from '../primitives';
import { countsOf, describe, differenceOf, sampleOf, showSizes, type Sample } from '../samples';
import { sameShape, show } from '../shapes';
import { symbolOf, valueOf, type Extent, type Sizes } from '../sizes';
import { programOf, type CompiledGraph } from './compile';

/** Nothing that a model asks for is of a higher degree in the symbols. */
const highestDegree = 4;

/**
 * One program for all sizes from 1 on. `build` counts in plain numbers; it is called at sample sizes, where it must
 * build the same graph each time: every number that changes with the sizes becomes a polynomial of the symbols, found
 * from some samples and put to the test at others. So `build` may not choose by a size what it builds, nor compute a
 * constant from one (for 1/n there are `reduceMean` and `meanAll`). Each symbol must be an extent of an input.
 * @throws Error naming the program, the node and the sizes where this does not hold.
 */
export function compileSymbolic<S extends string>(
  name: string,
  symbols: readonly S[],
  build: (sizes: Readonly<Record<S, number>>) => Readonly<Record<string, Tensor>>,
): CompiledGraph {
  const refusal = (reason: string): Error => new Error(`program ${name} has no symbolic sizes: ${reason}`);
  const tensorsAt = (sizes: Sizes) => build(sizes as Readonly<Record<S, number>>);
  const lattice = new Lattice(symbols, highestDegree);
  const [origin] = lattice.pointsOf(0);
  const first = sampleOf(tensorsAt(origin), origin);
  const further = (sizes: Sizes): Sample => {
    const sample = sampleOf(tensorsAt(sizes), sizes);
    const difference = differenceOf(first, sample);
    if (difference !== null) throw refusal(difference);
    return sample;
  };

  const checks = lattice.checks.map(further);
  const samples = [first];
  let misfit: Tensor = first.order[0];
  for (let degree = 1; degree <= highestDegree; degree++) {
    samples.push(...lattice.pointsOf(degree).map(further));
    const fitted = withExtents(samples, checks, (values) => lattice.fit(values, degree));
    if ('misfit' in fitted) {
      misfit = fitted.misfit;
      continue;
    }
    const program = programOf(name, fitted.outputs, tensorsAt);
    const fault = unboundSymbol(program, symbols) ?? differenceAtOne(program, symbols);
    if (fault !== null) throw refusal(fault);
    return program;
  }
  throw refusal(`${describe(first, misfit)} has extents that are no polynomials of ${symbols.join(', ')}`);
}

type Fitted = { readonly outputs: Record<string, Tensor<Primitive, Extent>> } | { readonly misfit: Tensor };

/** The graph of the samples with an extent for each count, or the first node for which `polynomial` finds none. */
function withExtents(
  samples: readonly Sample[],
  checks: readonly Sample[],
  polynomial: (values: readonly number[]) => Extent | null,
): Fitted {
  const found = new Map<string, Extent | null>();
  const fit = (values: readonly number[], tests: readonly number[]): Extent | null => {
    const extent = polynomial(values);
    const holds = extent !== null && checks.every(({ sizes }, test) => valueOf(extent, sizes) === tests[test]);
    return holds ? extent : null;
  };
  const all = [...samples, ...checks];
  /** The extent of each entry of a list, whose values at all samples are given. */
  const extentsOf = (lists: readonly (readonly number[])[]): (Extent | null)[] =>
    lists[0].map((value, index) => {
      const values = lists.map((list) => list[index]);
      if (values.every((other) => other === value)) return value;
      const key = values.join();
      const known = found.get(key);
      if (known !== undefined) return known;
      const extent = fit(values.slice(0, samples.length), values.slice(samples.length));
      found.set(key, extent);
      return extent;
    });

  const [{ order, outputs }] = samples;
  const lifted = new Map<Tensor, Tensor<Primitive, Extent>>();
  for (const [place, tensor] of order.entries()) {
    const counts = all.map((sample) => countsOf(sample.order[place]));
    const shape = extentsOf(counts.map((count) => count.shape));
    const sized = Object.keys(counts[0].attributes).map(
      (name) => [name, extentsOf(counts.map(({ attributes }) => attributes[name]))] as const,
    );
    const known = (extents: readonly (Extent | null)[]): extents is readonly Extent[] => !extents.includes(null);
    if (!known(shape) || !sized.every(([, extents]) => known(extents))) return { misfit: tensor };
    const attributes = { ...tensor.attributes, ...Object.fromEntries(sized) };
    const inputs = tensor.inputs.map((source) => lifted.get(source)!);
    lifted.set(tensor, { primitive: tensor.primitive, attributes, inputs, shape });
  }
  return { outputs: Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, lifted.get(tensor)!])) };
}

function unboundSymbol({ inputs }: CompiledGraph, symbols: readonly string[]): string | null {
  const bound = new Set(inputs.flatMap(({ shape }) => shape.map(symbolOf)));
  const unbound = symbols.find((name) => !bound.has(name));
  return unbound === undefined ? null : `no input has an axis of ${unbound} entries`;
}

/** The samples' sizes are large; their ports must be right for the smallest, too. */
function differenceAtOne({ inputs, outputs, tensorsAt }: CompiledGraph, symbols: readonly string[]): string | null {
  const sizes = Object.fromEntries(symbols.map((name) => [name, 1]));
  const built = tensorsAt(sizes);
  const shapes = new Map(Object.entries(built).map(([name, { shape }]) => [name, shape]));
  for (const tensor of topologicalOrder(Object.values(built))) {
    if (tensor.primitive === 'input') shapes.set((tensor as Tensor<'input'>).attributes.name, tensor.shape);
  }
  const other = [...inputs, ...outputs].find(({ name, shape }) => {
    const expected = shape.map((extent) => valueOf(extent, sizes));
    return !sameShape(shapes.get(name) ?? [], expected);
  });
  return other === undefined ? null : `at ${showSizes(sizes)}, "${other.name}" is not ${show(other.shape)}`;
}
