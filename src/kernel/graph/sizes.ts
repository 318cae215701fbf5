/** Numbers that are chosen when a program runs, by symbol: { batch: 4, tokens: 2 }. */
export type Sizes = Readonly<Record<string, number>>;

/** A product of a whole number and symbols, in alphabetical order; a square stands twice. */
interface Term {
  readonly coefficient: number;
  readonly symbols: readonly string[];
}

/** A sum of terms of which at least one has a symbol: a polynomial with whole coefficients. Plain data, in one form. */
export type Expression = readonly Term[];

/** How many entries: a number, or an expression of the symbols of a program. */
export type Extent = number | Expression;

export const isKnown = (extent: Extent): extent is number => typeof extent === 'number';

/** The extent that is this symbol and nothing else. */
export const symbol = (name: string): Expression => [{ coefficient: 1, symbols: [name] }];

/** The symbol that an extent consists of; null for a number and for anything more than a symbol. */
export function symbolOf(extent: Extent): string | null {
  if (isKnown(extent) || extent.length > 1) return null;
  const [{ coefficient, symbols }] = extent;
  return coefficient === 1 && symbols.length === 1 ? symbols[0] : null;
}

export const mentions = (extent: Extent, name: string): boolean =>
  !isKnown(extent) && extent.some(({ symbols }) => symbols.includes(name));

/** As it is written: `2*batch*tokens + 5`. Equal extents are written equally. */
export const showExtent = (extent: Extent): string =>
  isKnown(extent) ? String(extent) : extent.map(showTerm).join(' + ');

const showTerm = ({ coefficient, symbols }: Term): string =>
  (coefficient === 1 && symbols.length > 0 ? symbols : [coefficient, ...symbols]).join('*');

export const sameExtent = (a: Extent, b: Extent): boolean => showExtent(a) === showExtent(b);

export function valueOf(extent: Extent, sizes: Sizes): number {
  if (isKnown(extent)) return extent;
  const product = ({ coefficient, symbols }: Term): number =>
    symbols.reduce((value, name) => value * sizes[name], coefficient);
  return extent.reduce((sum, term) => sum + product(term), 0);
}

export function sumOf(a: Extent, b: Extent): Extent {
  const coefficients = new Map<string, Term>();
  for (const { coefficient, symbols } of [...termsOf(a), ...termsOf(b)]) {
    const key = symbols.join('*');
    coefficients.set(key, { coefficient: coefficient + (coefficients.get(key)?.coefficient ?? 0), symbols });
  }
  return extentOf([...coefficients.values()]);
}

export function productOf(a: Extent, b: Extent): Extent {
  return termsOf(a)
    .flatMap((x) =>
      termsOf(b).map((y): Term => ({
        coefficient: x.coefficient * y.coefficient,
        symbols: [...x.symbols, ...y.symbols].sort(),
      })),
    )
    .reduce<Extent>((sum, term) => sumOf(sum, [term]), 0);
}

const termsOf = (extent: Extent): readonly Term[] =>
  isKnown(extent) ? [{ coefficient: extent, symbols: [] }] : extent;

/** The one form: no term twice, none of nothing, those of most symbols first. */
function extentOf(terms: readonly Term[]): Extent {
  const some = terms.filter(({ coefficient }) => coefficient !== 0);
  if (some.length === 0) return 0;
  if (some.length === 1 && some[0].symbols.length === 0) return some[0].coefficient;
  return some.sort(
    (x, y) => y.symbols.length - x.symbols.length || (x.symbols.join('*') < y.symbols.join('*') ? -1 : 1),
  );
}
