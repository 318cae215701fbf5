// Masks and hand-drawn lines as the model takes them: low-resolution logits beside points and boxes.
import type { Prompt } from '../../protocol';
import { decodeMaskPatch, type Mask, mostInterior, boundingBox } from '../imaging';
import type { PromptSet } from '../datasets/types';
import type { LowResMask } from '../inference/types';
import type { Layer } from './content';
import type { KeptPrompt } from './edits';

type Size = { readonly width: number; readonly height: number };
type Scribble = Extract<Prompt, { kind: 'scribble' }>;

/** Logit of a pixel that is certainly inside; SAM's own answers reach about this far. */
const certain = 8;

/** How many points say what a line says; SAM was trained with few. */
const pointsOfLine = 6;

/** Width of a line in logits' cells: less would be lost between them. */
const lineReach = 0.75;

/**
 * A mask as logits for the model: share of each cell that is inside, brought to ±8. The longest side of the image fills
 * the square, as in SAM's preprocessing; what is beyond is outside.
 */
export function logitsOf(mask: Mask, side: number): LowResMask {
  const data = new Float32Array(side * side).fill(-certain);
  const scale = Math.max(mask.width, mask.height) / side;
  const [columns, rows] = [Math.ceil(mask.width / scale), Math.ceil(mask.height / scale)];
  for (let row = 0; row < Math.min(side, rows); row++) {
    const [top, bottom] = span(row, scale, mask.height);
    for (let column = 0; column < Math.min(side, columns); column++) {
      const [left, right] = span(column, scale, mask.width);
      let inside = 0;
      for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) inside += mask.data[y * mask.width + x];
      data[row * side + column] = certain * ((2 * inside) / ((bottom - top) * (right - left)) - 1);
    }
  }
  return { data, side };
}

function span(cell: number, scale: number, extent: number): [number, number] {
  const from = Math.min(extent - 1, Math.floor(cell * scale));
  return [from, Math.max(from + 1, Math.min(extent, Math.floor((cell + 1) * scale)))];
}

/** The logits with a line drawn into them; without any, a line that says "inside" stands alone. */
export function withScribble(previous: LowResMask | null, { points, label }: Scribble, image: Size, side: number) {
  if (previous === null && label === 0) return null;
  const data = previous === null ? new Float32Array(side * side).fill(-certain) : Float32Array.from(previous.data);
  const scale = side / Math.max(image.width, image.height);
  for (const [x, y] of sampled(points, 2 / scale)) {
    const [column, row] = [x * scale, y * scale];
    for (let r = Math.max(0, Math.floor(row - lineReach)); r <= Math.min(side - 1, row + lineReach); r++) {
      for (let c = Math.max(0, Math.floor(column - lineReach)); c <= Math.min(side - 1, column + lineReach); c++) {
        data[r * side + c] = label === 1 ? certain : -certain;
      }
    }
  }
  return { data, side };
}

/** Positions along a line, no farther apart than `step` pixels. */
function sampled(points: Scribble['points'], step: number): [number, number][] {
  return points.flatMap(([x1, y1], index): [number, number][] => {
    const [x0, y0] = points[Math.max(0, index - 1)];
    const pieces = Math.max(1, Math.ceil(Math.hypot(x1 - x0, y1 - y0) / step));
    return Array.from({ length: pieces }, (_, piece) => {
      const part = (piece + 1) / pieces;
      return [x0 + part * (x1 - x0), y0 + part * (y1 - y0)];
    });
  });
}

/**
 * The prompts of one layer up to a given one, as the model takes them: every point, some points of every line, and the
 * newest box. A mask that was handed on asks by its innermost pixel, a mask that was given as a prompt by its box too: as
 * in propagation, logits of a neighbour would hand wrong edges on (inference/volume.ts).
 */
export function promptSet({ base }: Pick<Layer, 'base'>, prompts: readonly KeptPrompt[], image: Size): PromptSet {
  const points: PromptSet['points'][number][] = [];
  let box: PromptSet['box'] = null;
  const add = (x: number, y: number, label: 0 | 1) => {
    const clamp = (value: number, extent: number) => Math.min(extent - 1, Math.max(0, Math.floor(value)));
    points.push({ x: clamp(x, image.width), y: clamp(y, image.height), label });
  };
  const addMask = (patch: KeptPrompt['patch'], withBox: boolean) => {
    if (!patch) return;
    const mask = decodeMaskPatch(patch, image.width, image.height);
    const centre = mostInterior(mask);
    if (centre !== null) add(centre.x, centre.y, 1);
    if (withBox) box = boundingBox(mask);
  };
  addMask(base, false);
  for (const { prompt, patch } of prompts) {
    if (prompt.kind === 'point') add(prompt.x, prompt.y, prompt.label);
    else if (prompt.kind === 'box') box = [prompt.x0, prompt.y0, prompt.x1, prompt.y1];
    else if (prompt.kind === 'mask') addMask(patch, true);
    else for (const [x, y] of evenly(prompt.points)) add(x, y, prompt.label);
  }
  return { points, box };
}

/** Points of a line at equal distances from each other, not at its very ends: those slip off the object. */
function evenly(points: Scribble['points']): [number, number][] {
  const length = points.reduce(
    (sum, [x, y], index) =>
      sum + Math.hypot(x - points[Math.max(0, index - 1)][0], y - points[Math.max(0, index - 1)][1]),
    0,
  );
  if (length < 2) return [points[0]];
  const along = sampled(points, length / (8 * pointsOfLine));
  const count = Math.min(pointsOfLine, along.length);
  return Array.from({ length: count }, (_, index) => along[Math.floor(((index + 0.5) * along.length) / count)]);
}
