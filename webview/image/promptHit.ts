import type { Prompt, PromptEntry } from '../../src/protocol';
import { type Placement, type Position, toScreen } from './camera';

/** How near a click has to be to a prompt to mean it. In CSS pixels. */
const reach = { point: 8, line: 5 } as const;

/** The prompt under a position of the canvas (CSS pixels), the last one drawn first; null: none. */
export function promptAt(entries: readonly PromptEntry[], at: Position, place: Placement): PromptEntry | null {
  return entries.findLast(({ prompt }) => isNear(prompt, at, place)) ?? null;
}

function isNear(prompt: Prompt, at: Position, place: Placement): boolean {
  const screen = (x: number, y: number) => toScreen(place, { x, y });
  switch (prompt.kind) {
    case 'point': {
      const { x, y } = screen(prompt.x, prompt.y);
      return Math.hypot(x - at.x, y - at.y) <= reach.point;
    }
    case 'box': {
      const corners = [
        screen(prompt.x0, prompt.y0),
        screen(prompt.x1, prompt.y0),
        screen(prompt.x1, prompt.y1),
        screen(prompt.x0, prompt.y1),
      ];
      return corners.some((corner, index) => distance(at, corner, corners[(index + 1) % 4]) <= reach.line);
    }
    case 'scribble': {
      const line = prompt.points.map(([x, y]) => screen(x, y));
      // A line of one position is a dot.
      return line.some((to, index) => distance(at, line[Math.max(0, index - 1)], to) <= reach.line);
    }
    case 'mask':
      return false;
  }
}

/** From a point to a segment. */
function distance(p: Position, a: Position, b: Position): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.min(Math.max(((p.x - a.x) * dx + (p.y - a.y) * dy) / length, 0), 1);
  return Math.hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}

/** The prompt's upper right corner on the canvas; null where it is not on the picture. */
export function cornerOf(prompt: Prompt, place: Placement): Position | null {
  if (prompt.kind === 'mask') return null;
  const places: Position[] =
    prompt.kind === 'point'
      ? [prompt]
      : prompt.kind === 'scribble'
        ? prompt.points.map(([x, y]) => ({ x, y }))
        : [
            { x: prompt.x0, y: prompt.y0 },
            { x: prompt.x1, y: prompt.y1 },
          ];
  const onCanvas = places.map((each) => toScreen(place, each));
  return { x: Math.max(...onCanvas.map(({ x }) => x)), y: Math.min(...onCanvas.map(({ y }) => y)) };
}

/** How a prompt is called in the list beside the picture. */
export function describePrompt(prompt: Prompt): string {
  const whole = Math.floor;
  switch (prompt.kind) {
    case 'point':
      return `${prompt.label === 1 ? 'Include' : 'Exclude'} ${whole(prompt.x)}, ${whole(prompt.y)}`;
    case 'box':
      return `Box ${whole(prompt.x0)}, ${whole(prompt.y0)} – ${whole(prompt.x1)}, ${whole(prompt.y1)}`;
    case 'scribble':
      return `${prompt.label === 1 ? 'Including' : 'Excluding'} scribble`;
    case 'mask':
      return `Mask of slice ${prompt.slice + 1}`;
  }
}
