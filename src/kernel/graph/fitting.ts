import { productOf, sumOf, symbol, valueOf, type Extent, type Sizes } from './sizes';

/**
 * Where a number that depends on sizes must be known for its polynomial of some degree to be found: for each symbol's
 * values v₀, v₁, …, the points (v_a, v_b, …) with a + b + … ≤ degree. Those of a lower degree come first.
 */
export class Lattice {
  /** Per symbol, the primes of its samples: no two alike, and none a size that models have. */
  private readonly values: ReadonlyMap<string, readonly number[]>;

  constructor(
    private readonly symbols: readonly string[],
    private readonly highest: number,
  ) {
    const checks = 2;
    const primes = primesFrom(101, symbols.length * (highest + 1 + checks));
    this.values = new Map(
      symbols.map((name, at) => [name, primes.filter((_, index) => index % symbols.length === at)]),
    );
  }

  /** Two points outside of the lattice, different in every size: there a fitted polynomial is put to the test. */
  get checks(): readonly Sizes[] {
    return [1, 2].map((beyond) => this.sizesAt(this.symbols.map(() => this.highest + beyond)));
  }

  /** The points that polynomials of the degree need beyond those of the degree below. */
  pointsOf(degree: number): readonly Sizes[] {
    return indices(this.symbols.length, degree).map((index) => this.sizesAt(index));
  }

  /**
   * The polynomial with whole coefficients through the values at the points of degree 0, 1, … `degree`, in their order;
   * null if there is none. Newton's interpolation: each point adds the product that vanishes at all points before it.
   */
  fit(values: readonly number[], degree: number): Extent | null {
    const order = Array.from({ length: degree + 1 }, (_, d) => indices(this.symbols.length, d)).flat();
    let polynomial: Extent = 0;
    for (const [place, index] of order.entries()) {
      const at = this.sizesAt(index);
      const missing = values[place] - valueOf(polynomial, at);
      if (missing === 0) continue;
      const vanishing = this.vanishingBefore(index);
      const factor = missing / valueOf(vanishing, at);
      if (!Number.isInteger(factor)) return null;
      polynomial = sumOf(polynomial, productOf(factor, vanishing));
    }
    return polynomial;
  }

  /** ∏ over symbols s, ∏ over j below s's index: (s − v_j) */
  private vanishingBefore(index: readonly number[]): Extent {
    return this.symbols
      .flatMap((name, at) =>
        this.values
          .get(name)!
          .slice(0, index[at])
          .map((value) => sumOf(symbol(name), -value)),
      )
      .reduce(productOf, 1);
  }

  private sizesAt(index: readonly number[]): Sizes {
    return Object.fromEntries(this.symbols.map((name, at) => [name, this.values.get(name)![index[at]]]));
  }
}

/** All lists of `length` whole numbers ≥ 0 with the given sum. */
function indices(length: number, sum: number): number[][] {
  if (length === 0) return sum === 0 ? [[]] : [];
  return Array.from({ length: sum + 1 }, (_, first) =>
    indices(length - 1, sum - first).map((rest) => [first, ...rest]),
  ).flat();
}

function primesFrom(start: number, count: number): number[] {
  const primes: number[] = [];
  for (let n = start; primes.length < count; n++) {
    let divisor = 2;
    while (divisor * divisor <= n && n % divisor !== 0) divisor++;
    if (divisor * divisor > n) primes.push(n);
  }
  return primes;
}
