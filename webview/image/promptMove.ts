import type { Prompt, PromptEntry } from '../../src/protocol';
import type { Position } from './camera';

/** A prompt that is dragged from one place to another. */
export interface Move {
  entry: PromptEntry;
  from: Position;
  to: Position;
}

/** The prompt where it was dragged to, no further than the edge of the plane. */
export function movedEntry({ entry, from, to }: Move, plane: { width: number; height: number }): PromptEntry {
  const places = placesOf(entry.prompt);
  const dx = within(
    to.x - from.x,
    places.map(([x]) => x),
    plane.width,
  );
  const dy = within(
    to.y - from.y,
    places.map(([, y]) => y),
    plane.height,
  );
  return { ...entry, prompt: shifted(entry.prompt, dx, dy) };
}

/** The shift, so far as all values stay in [0, extent). */
function within(shift: number, values: readonly number[], extent: number): number {
  if (values.length === 0) return 0;
  return Math.max(Math.min(shift, extent - 0.01 - Math.max(...values)), -Math.min(...values));
}

function placesOf(prompt: Prompt): readonly (readonly [number, number])[] {
  switch (prompt.kind) {
    case 'point':
      return [[prompt.x, prompt.y]];
    case 'box':
      return [
        [prompt.x0, prompt.y0],
        [prompt.x1, prompt.y1],
      ];
    case 'scribble':
      return prompt.points;
    case 'mask':
      return [];
  }
}

function shifted(prompt: Prompt, dx: number, dy: number): Prompt {
  switch (prompt.kind) {
    case 'point':
      return { ...prompt, x: prompt.x + dx, y: prompt.y + dy };
    case 'box': {
      const { x0, y0, x1, y1 } = prompt;
      return { ...prompt, x0: x0 + dx, y0: y0 + dy, x1: x1 + dx, y1: y1 + dy };
    }
    case 'scribble':
      return { ...prompt, points: prompt.points.map(([x, y]) => [x + dx, y + dy]) };
    case 'mask':
      return prompt;
  }
}
