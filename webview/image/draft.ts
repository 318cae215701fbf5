// What is being drawn and not yet sent, as a small state machine without a screen: begun, led on, finished or given up.
import type { Prompt } from '../../src/protocol';
import type { Position } from './camera';

export const tools = ['point', 'box', 'scribble', 'brush', 'eraser', 'move'] as const;
export type Tool = (typeof tools)[number];
export type Sign = 0 | 1;

export type BoxPrompt = Extract<Prompt, { kind: 'box' }>;

/** A stroke of brush or eraser; positions and radius in pixels of the slice. */
export interface Stroke {
  erase: boolean;
  points: [x: number, y: number][];
  radius: number;
}

export type Draft =
  | { kind: 'press'; tool: 'point' | 'box' | 'scribble'; from: Position; sign: Sign }
  | { kind: 'box'; from: Position; to: Position; /** Waits for the second click. */ held: boolean }
  | { kind: 'scribble'; points: [number, number][]; sign: Sign; held: boolean }
  | { kind: 'stroke'; stroke: Stroke; held: boolean };

/** What a finished draft asks for. */
export type Drawn = { kind: 'prompt'; prompt: Prompt } | { kind: 'stroke'; stroke: Stroke } | null;

export interface DraftOptions {
  tool: Exclude<Tool, 'move'>;
  /** What a click means: 1 include, 0 exclude; for the brush: 0 erases. */
  sign: Sign;
  /** Of the brush, pixels. */
  radius: number;
}

export function begin({ tool, sign, radius }: DraftOptions, at: Position): Draft {
  if (tool !== 'brush' && tool !== 'eraser') return { kind: 'press', tool, from: at, sign };
  const erase = (tool === 'eraser') === (sign === 1);
  return { kind: 'stroke', stroke: { erase, points: [[at.x, at.y]], radius }, held: false };
}

/** The pointer is at `at`; `dragged`: it has left the place where it was pressed. */
export function lead(draft: Draft, at: Position, dragged: boolean): Draft {
  switch (draft.kind) {
    case 'press': {
      if (!dragged) return draft;
      const { tool, from, sign } = draft;
      if (tool === 'scribble')
        return lead({ kind: 'scribble', points: [[from.x, from.y]], sign, held: false }, at, true);
      return { kind: 'box', from, to: at, held: false };
    }
    case 'box':
      return { ...draft, to: at };
    case 'scribble':
      return { ...draft, points: onward(draft.points, at, 0.5) };
    case 'stroke':
      return { ...draft, stroke: { ...draft.stroke, points: onward(draft.stroke.points, at, 0.25) } };
  }
}

/** The pointer was let go: what there is to send, and what goes on being drawn (a box that waits for its other corner). */
export function finish(draft: Draft): { drawn: Drawn; rest: Draft | null } {
  const done = (drawn: Drawn) => ({ drawn, rest: null });
  switch (draft.kind) {
    case 'press': {
      const { tool, from, sign } = draft;
      if (tool === 'box') return { drawn: null, rest: { kind: 'box', from, to: from, held: true } };
      return done({ kind: 'prompt', prompt: { kind: 'point', x: from.x, y: from.y, label: sign } });
    }
    case 'box': {
      const box = boxBetween(draft.from, draft.to);
      // A line along the edge of the picture encloses nothing.
      return done(box.x1 > box.x0 && box.y1 > box.y0 ? { kind: 'prompt', prompt: box } : null);
    }
    case 'scribble': {
      const { points, sign } = draft;
      if (points.length < 2) {
        const [[x, y]] = points;
        return done({ kind: 'prompt', prompt: { kind: 'point', x, y, label: sign } });
      }
      return done({ kind: 'prompt', prompt: { kind: 'scribble', points, label: sign } });
    }
    case 'stroke':
      return done({ kind: 'stroke', stroke: draft.stroke });
  }
}

/** A draft begun with the keyboard waits for a second Enter wherever one place does not say it all. */
export function hold(draft: Draft): Draft {
  if (draft.kind === 'stroke') return { ...draft, held: true };
  if (draft.kind !== 'press' || draft.tool === 'point') return draft;
  const { from, sign } = draft;
  return draft.tool === 'box'
    ? { kind: 'box', from, to: from, held: true }
    : { kind: 'scribble', points: [[from.x, from.y]], sign, held: true };
}

/** The box between two corners, in whichever order they were set. */
export function boxBetween(a: Position, b: Position): BoxPrompt {
  return {
    kind: 'box',
    x0: Math.min(a.x, b.x),
    y0: Math.min(a.y, b.y),
    x1: Math.max(a.x, b.x),
    y1: Math.max(a.y, b.y),
  };
}

/** Adds a place to a line, unless it is nearer than `least` pixels to the last one. */
function onward(points: [number, number][], { x, y }: Position, least: number): [number, number][] {
  const [lastX, lastY] = points[points.length - 1];
  return Math.hypot(x - lastX, y - lastY) < least ? points : [...points, [x, y]];
}
