import { tensorData, type TensorData } from '../graph';
import { promptTokens, tokenCount, type ModelPrompts } from './promptTokens';

/** Prompt sets of equally many tokens: one run of the decoder. */
export interface PromptBatch {
  /** Places of its sets in the list that was given. */
  readonly members: readonly number[];
  /** [members, P, 2], x and y in model pixels */
  readonly points: TensorData;
  /** [members, P], of `promptLabel` */
  readonly labels: TensorData;
}

/**
 * Batches of prompt sets with different numbers of prompts (several objects of an image, several images). SAM's "not a
 * point" token is attended to, and counts in HyP-Adpt's mean, so a set padded to the length of another would get another
 * answer than alone. Sets are therefore grouped by their number of tokens, in order of first appearance, and never padded.
 */
export function promptBatches(sets: readonly ModelPrompts[]): PromptBatch[] {
  const groups = new Map<number, number[]>();
  sets.forEach((set, place) => {
    const count = tokenCount(set);
    groups.set(count, [...(groups.get(count) ?? []), place]);
  });
  return [...groups].map(([count, members]) => {
    const tokens = members.map((place) => promptTokens(sets[place]));
    return {
      members,
      points: tensorData(
        [members.length, count, 2],
        tokens.flatMap(({ points }) => points),
      ),
      labels: tensorData(
        [members.length, count],
        tokens.flatMap(({ labels }) => labels),
      ),
    };
  });
}
