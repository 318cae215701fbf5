import { sameShape, show } from '../graph/shapes';
import { mentions, symbolOf, valueOf, type Sizes } from '../graph/sizes';
import { sizeOf } from '../graph/tensorData';
import { FeedError } from './errors';
import type { Feed, HeldTensor, PortSpec, ProgramSpec, RunOptions } from './types';

export const isHeld = (feed: Feed): feed is HeldTensor => 'held' in feed;

/**
 * What the feeds say of the program's symbols.
 * @throws FeedError naming the first input that is missing, unknown or of a shape that does not fit.
 */
export function checkFeeds(program: ProgramSpec, feeds: Readonly<Record<string, Feed>>): Sizes {
  const known = new Set(program.inputs.map(({ name }) => name));
  const unknown = Object.keys(feeds).find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new FeedError(program.name, `it has no input "${unknown}" (its inputs: ${names(program.inputs)})`);
  }
  const bound = new Map<string, Binding>();
  for (const { name, shape } of program.inputs) {
    const feed = Object.hasOwn(feeds, name) ? feeds[name] : undefined;
    if (feed === undefined) throw new FeedError(program.name, `its input "${name}" ${show(shape)} is missing`);
    if (feed.shape.length !== shape.length) throw misfit(program, { name, shape }, feed);
    shape.forEach((extent, axis) => {
      const symbol = symbolOf(extent);
      if (symbol !== null && !bound.has(symbol)) bound.set(symbol, { size: feed.shape[axis], by: name });
    });
  }
  const sizes = Object.fromEntries([...bound].map(([symbol, { size }]) => [symbol, size]));
  for (const port of program.inputs) {
    const feed = feeds[port.name];
    const expected = port.shape.map((extent) => valueOf(extent, sizes));
    if (!sameShape(feed.shape, expected) || expected.includes(0)) throw misfit(program, port, feed, bound);
    if (!isHeld(feed) && feed.data.length !== sizeOf(expected)) {
      const came = `its input "${port.name}" ${show(expected)} came with ${feed.data.length} values`;
      throw new FeedError(program.name, came);
    }
  }
  return sizes;
}

/** The size that a symbol has in a run, and the input that told it first. */
interface Binding {
  readonly size: number;
  readonly by: string;
}

function misfit(
  program: ProgramSpec,
  { name, shape }: PortSpec,
  feed: Feed,
  bound: ReadonlyMap<string, Binding> = new Map(),
): FeedError {
  const symbols = [...bound].filter(([symbol]) => shape.some((extent) => mentions(extent, symbol)));
  const told = symbols.map(([symbol, { size, by }]) => `${symbol} is ${size} in "${by}"`);
  const why = told.length === 0 ? '' : `: ${told.join(', ')}`;
  return new FeedError(program.name, `its input "${name}" has the shape ${show(shape)}, not ${show(feed.shape)}${why}`);
}

export interface OutputPlan {
  /** Outputs returned as values, in the program's order. */
  readonly returned: readonly string[];
  /** Outputs that stay inside the executor. */
  readonly kept: readonly string[];
}

/**
 * Which outputs a run computes: `fetch` (all by default) and `keep`; an output that is kept is not returned as well.
 * @throws FeedError for an output that the program does not have.
 */
export function planOutputs(program: ProgramSpec, options: Pick<RunOptions, 'fetch' | 'keep'>): OutputPlan {
  const all = program.outputs.map(({ name }) => name);
  const unknown = [...(options.fetch ?? []), ...(options.keep ?? [])].find((name) => !all.includes(name));
  if (unknown !== undefined) {
    throw new FeedError(program.name, `it has no output "${unknown}" (its outputs: ${names(program.outputs)})`);
  }
  const kept = all.filter((name) => options.keep?.includes(name));
  const returned = all.filter((name) => !kept.includes(name) && (options.fetch?.includes(name) ?? true));
  return { returned, kept };
}

const names = (ports: readonly PortSpec[]): string => ports.map(({ name }) => name).join(', ');
