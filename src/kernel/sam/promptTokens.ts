import { promptLabel } from './promptEncoder';

/** Prompts of one image, in model pixels. */
export interface ModelPrompts {
  readonly points: readonly { readonly x: number; readonly y: number; readonly label: 0 | 1 }[];
  readonly box: readonly [number, number, number, number] | null;
}

/** Number of tokens that `promptTokens` makes: with or without a box it is one more than the number of prompts. */
export const tokenCount = ({ points, box }: ModelPrompts): number => points.length + (box === null ? 1 : 2);

/** Tokens of one image as SAM orders them: points, then the box's corners or one padding token. → [P, 2], [P] */
export function promptTokens({ points, box }: ModelPrompts): { points: number[]; labels: number[] } {
  const coordinates = points.flatMap(({ x, y }) => [x, y]);
  const labels: number[] = points.map(({ label }) => (label === 1 ? promptLabel.positive : promptLabel.negative));
  if (box === null) return { points: [...coordinates, 0, 0], labels: [...labels, promptLabel.padding] };
  return {
    points: [...coordinates, ...box],
    labels: [...labels, promptLabel.boxTopLeft, promptLabel.boxBottomRight],
  };
}
