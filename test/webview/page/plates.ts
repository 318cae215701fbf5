// Runs in the page: masks of a whole slice, painted plainly, so that the viewer's own painting has something to differ from.
import type { MaskPatch, PlaneInfo, Prompt } from '../../../src/protocol';
import { base64 } from './drawnVolume';

export interface Plate {
  width: number;
  height: number;
  data: Uint8Array;
}

/** What the "model" answers: around every point a disc, smaller for the later candidates; inside of a box, all. */
export function discs(empty: Plate, prompts: readonly Prompt[], candidate: number): Plate {
  const asked = prompts.filter((prompt) => prompt.kind !== 'point' || prompt.label === 1);
  return asked.reduce((mask, prompt) => discAround(mask, prompt, 26 - 6 * candidate), empty);
}

/** A plane across the slices: each of its rows is a column or a row of a slice's mask. */
export function cut(plane: PlaneInfo, index: number, maskOf: (slice: number) => Plate | undefined): Plate {
  const { width, height, axes } = plane;
  const data = new Uint8Array(width * height);
  for (let slice = 0; slice < height; slice++) {
    const mask = maskOf(slice);
    for (let x = 0; mask && x < width; x++)
      data[slice * width + x] = mask.data[axes[0] === 0 ? index * mask.width + x : x * mask.width + index];
  }
  return { width, height, data };
}

/** `mask` with what a prompt asks for. */
function discAround(mask: Plate, prompt: Prompt, radius: number): Plate {
  return painted(mask, (x, y) => {
    if (prompt.kind === 'point') return Math.hypot(x - prompt.x, y - prompt.y) <= radius;
    if (prompt.kind === 'box') return x > prompt.x0 && x < prompt.x1 && y > prompt.y0 && y < prompt.y1;
    if (prompt.kind === 'scribble') return prompt.points.some(([px, py]) => Math.hypot(x - px, y - py) <= radius);
    return false;
  });
}

/** Every pixel whose centre lies within `radius` of the line becomes `value`. */
export function strokeOn(mask: Plate, points: [number, number][], radius: number, value: 0 | 1): Plate {
  const covered = (x: number, y: number) =>
    points.some((from, at) => {
      const [ax, ay] = from;
      const [bx, by] = points[Math.min(at + 1, points.length - 1)];
      const length = (bx - ax) ** 2 + (by - ay) ** 2;
      const along = length === 0 ? 0 : Math.min(Math.max(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length, 0), 1);
      return Math.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay)) <= radius;
    });
  return painted(mask, covered, value);
}

/** The mask without holes: what is not reached from the edge. */
export function holes(mask: Plate): Plate {
  const outside = flood({ ...mask, data: mask.data.map((value) => 1 - value) }, (x, y) => x * y === 0);
  return { ...mask, data: outside.map((value) => 1 - value) };
}

/** The piece of the first pixel that is set. */
export function largestPiece(mask: Plate): Plate {
  const first = mask.data.indexOf(1);
  const [x0, y0] = [first % mask.width, Math.floor(first / mask.width)];
  return { ...mask, data: flood(mask, (x, y) => x === x0 && y === y0) };
}

/** [x0, y0, x1, y1) of what is set; null: nothing. */
export function bounds({ width, height, data }: Plate): [number, number, number, number] | null {
  let [x0, y0, x1, y1] = [width, height, 0, 0];
  for (let at = 0; at < data.length; at++) {
    if (!data[at]) continue;
    const [x, y] = [at % width, Math.floor(at / width)];
    [x0, y0, x1, y1] = [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x + 1), Math.max(y1, y + 1)];
  }
  return x1 > 0 ? [x0, y0, x1, y1] : null;
}

/** The mask as a patch of its box; with `before`, of the box in which the two differ. */
export function patchOf(mask: Plate, before: Plate | null): MaskPatch | null {
  const differs = before ? mask.data.map((value, at) => (value === before.data[at] ? 0 : 1)) : mask.data;
  const box = bounds({ ...mask, data: differs });
  if (!box) return null;
  const [x0, y0, x1, y1] = box;
  const bytes: number[] = [];
  const push = (run: number) => {
    let rest = run;
    for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
    bytes.push(rest);
  };
  let [value, run] = [0, 0];
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) {
      if (mask.data[y * mask.width + x] !== value) {
        push(run);
        [value, run] = [1 - value, 0];
      }
      run++;
    }
  }
  push(run);
  return { x: x0, y: y0, width: x1 - x0, height: y1 - y0, runs: base64(Uint8Array.from(bytes)) };
}

function painted(mask: Plate, covers: (x: number, y: number) => boolean, value: 0 | 1 = 1): Plate {
  const data = mask.data.slice();
  for (let y = 0; y < mask.height; y++)
    for (let x = 0; x < mask.width; x++) if (covers(x + 0.5, y + 0.5)) data[y * mask.width + x] = value;
  return { ...mask, data };
}

/** 1 for every set pixel that is connected with a set one that `starts` names. */
function flood({ width, height, data }: Plate, starts: (x: number, y: number) => boolean): Uint8Array {
  const reached = new Uint8Array(data.length);
  const open: number[] = [];
  for (let at = 0; at < data.length; at++) if (data[at] && starts(at % width, Math.floor(at / width))) open.push(at);
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (reached[at]) continue;
    reached[at] = 1;
    const x = at % width;
    const beside = [x > 0 ? at - 1 : -1, x < width - 1 ? at + 1 : -1, at - width, at + width];
    open.push(...beside.filter((next) => next >= 0 && next < width * height && data[next] && !reached[next]));
  }
  return reached;
}
