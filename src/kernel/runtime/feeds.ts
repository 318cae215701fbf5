import { sameShape, show } from '../graph/shapes';
import { sizeOf } from '../graph/tensorData';
import { FeedError } from './errors';
import type { Feed, HeldTensor, PortSpec, ProgramSpec, RunOptions } from './types';

export const isHeld = (feed: Feed): feed is HeldTensor => 'held' in feed;

/** @throws FeedError naming the first input that is missing, unknown or of another shape. */
export function checkFeeds(program: ProgramSpec, feeds: Readonly<Record<string, Feed>>): void {
  const known = new Set(program.inputs.map(({ name }) => name));
  const unknown = Object.keys(feeds).find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new FeedError(program.name, `it has no input "${unknown}" (its inputs: ${names(program.inputs)})`);
  }
  for (const { name, shape } of program.inputs) {
    const feed = Object.hasOwn(feeds, name) ? feeds[name] : undefined;
    if (feed === undefined) throw new FeedError(program.name, `its input "${name}" ${show(shape)} is missing`);
    if (!sameShape(feed.shape, shape)) {
      throw new FeedError(program.name, `its input "${name}" has the shape ${show(shape)}, not ${show(feed.shape)}`);
    }
    if (!isHeld(feed) && feed.data.length !== sizeOf(shape)) {
      throw new FeedError(program.name, `its input "${name}" ${show(shape)} came with ${feed.data.length} values`);
    }
  }
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
