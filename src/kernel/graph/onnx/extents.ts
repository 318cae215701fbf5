import { isKnown, productOf, sameExtent, showExtent, sumOf, symbolOf, type Expression, type Extent } from '../sizes';
import type { Shape } from '../primitives';

/** What the extents of a program are written with: nodes, and vectors of known numbers. */
interface Integers {
  node(type: string, inputs: readonly string[], attributes?: Readonly<Record<string, number>>): string;
  integers(values: readonly number[]): string;
}

/**
 * Writes what computes extents from the shapes of the program's inputs, at run time and each extent once. All values
 * are 1-D int64.
 */
export class ExtentWriter {
  private readonly written = new Map<string, string>();
  private readonly places = new Map<string, { readonly input: string; readonly axis: number }>();

  constructor(
    private readonly writer: Integers,
    inputs: readonly { readonly name: string; readonly shape: Shape<Extent> }[],
  ) {
    for (const { name, shape } of inputs) {
      shape.forEach((extent, axis) => {
        const symbol = symbolOf(extent);
        if (symbol !== null && !this.places.has(symbol)) this.places.set(symbol, { input: name, axis });
      });
    }
  }

  /** [n]: the values of n extents. */
  vector(extents: readonly Extent[]): string {
    if (extents.every(isKnown)) return this.writer.integers(extents);
    return this.once(extents.map(showExtent).join(','), () => {
      const each = extents.map((extent) =>
        isKnown(extent) ? this.writer.integers([extent]) : this.expression(extent),
      );
      return each.length === 1 ? each[0] : this.writer.node('Concat', each, { axis: 0 });
    });
  }

  /** [1] */
  private expression(extent: Expression): string {
    return extent.map((term) => this.product(term)).reduce((sum, term) => this.operator('Add', sum, term));
  }

  /** [1] */
  private product({ coefficient, symbols }: Expression[number]): string {
    const factors = symbols.map((name) => this.size(name));
    if (coefficient !== 1 || factors.length === 0) factors.push(this.writer.integers([coefficient]));
    return factors.reduce((a, b) => this.operator('Mul', a, b));
  }

  /** [1]: what a symbol stands for. */
  private size(symbol: string): string {
    return this.once(symbol, () => {
      const { input, axis } = this.places.get(symbol)!;
      return this.writer.node('Shape', [input], { start: axis, end: axis + 1 });
    });
  }

  private operator(type: 'Mul' | 'Add', a: string, b: string): string {
    return this.once(`${type}(${a},${b})`, () => this.writer.node(type, [a, b]));
  }

  private once(key: string, write: () => string): string {
    const known = this.written.get(key);
    if (known !== undefined) return known;
    const name = write();
    this.written.set(key, name);
    return name;
  }
}

/** For a Slice: beyond any axis. */
const farEnd = 2 ** 31 - 1;

/**
 * The shape for a Reshape from one shape to another: as it is where it is known; where it is not, 0 for what an axis
 * keeps, and −1 where all but one extent can be told, so that nothing needs to be computed.
 */
export function reshapeTarget(from: Shape<Extent>, to: Shape<Extent>): Shape<Extent> {
  const kept = to.map((extent, axis) => {
    return !isKnown(extent) && axis < from.length && sameExtent(extent, from[axis]) ? 0 : extent;
  });
  const open = kept.filter((extent) => !isKnown(extent));
  return open.length === 1 ? kept.map((extent) => (isKnown(extent) ? extent : -1)) : open.length === 0 ? kept : to;
}

/** The shape for an Expand: 1, which keeps an axis as it is, in the place of unknown extents that do not change. */
export function expandTarget(from: Shape<Extent>, to: Shape<Extent>): Shape<Extent> {
  const lead = to.length - from.length;
  return to.map((extent, axis) => {
    return !isKnown(extent) && axis >= lead && sameExtent(extent, from[axis - lead]) ? 1 : extent;
  });
}

/** A position on an axis for a Slice: counted from the axis's end where only that is known. */
export function slicePosition(position: Extent, extent: Extent): Extent {
  if (isKnown(position)) return position;
  const fromEnd = sumOf(position, productOf(-1, extent));
  return fromEnd === 0 ? farEnd : isKnown(fromEnd) && fromEnd < 0 ? fromEnd : position;
}
