import type { Random } from '../random';
import type { Contour } from './region';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where a shape stands: centre and half axes in pixels, angle in radians (clockwise on the screen). */
export interface Placement {
  readonly x: number;
  readonly y: number;
  readonly rx: number;
  readonly ry: number;
  readonly angle?: number;
}

const vertices = 96;

/** A closed outline from its radius in each direction, 1 = the ellipse of the placement. */
export function polar(at: Placement, radius: (angle: number) => number): Contour {
  const out = new Float64Array(vertices * 2);
  const cos = Math.cos(at.angle ?? 0);
  const sin = Math.sin(at.angle ?? 0);
  for (let i = 0; i < vertices; i++) {
    const theta = (2 * Math.PI * i) / vertices;
    const r = radius(theta);
    const u = r * at.rx * Math.cos(theta);
    const v = r * at.ry * Math.sin(theta);
    out[2 * i] = at.x + u * cos - v * sin;
    out[2 * i + 1] = at.y + u * sin + v * cos;
  }
  return out;
}

export function ellipse(at: Placement): Contour {
  return polar(at, () => 1);
}

/** |x|^p + |y|^p = 1: p 2 an ellipse, larger nearer to a rectangle, 1 a rhombus. */
export function superellipse(at: Placement, power: number): Contour {
  return polar(
    at,
    (theta) => (Math.abs(Math.cos(theta)) ** power + Math.abs(Math.sin(theta)) ** power) ** (-1 / power),
  );
}

/** A random radius profile around 1: a short Fourier series whose terms fall off with their frequency. */
export function wobble(random: Random, roughness: number, harmonics = 6, falloff = 1.2): (angle: number) => number {
  const amplitudes: number[] = [];
  const phases: number[] = [];
  for (let k = 0; k < harmonics; k++) {
    amplitudes.push((roughness * random.uniform(-1, 1)) / (k + 1) ** falloff);
    phases.push(random.uniform(0, 2 * Math.PI));
  }
  return (theta) => {
    let r = 1;
    for (let k = 0; k < harmonics; k++) r += amplitudes[k] * Math.cos((k + 2) * theta + phases[k]);
    return Math.max(0.2, r);
  };
}

/** A smooth star-shaped blob. Roughness 0 is an ellipse, 0.4 an amoeba. */
export function blob(random: Random, at: Placement, roughness: number, harmonics?: number): Contour {
  return polar(at, wobble(random, roughness, harmonics));
}

/** A polygon with the given number of corners, irregular by `jitter` (0 regular). */
export function polygon(random: Random, at: Placement, corners: number, jitter: number): Contour {
  const out = new Float64Array(corners * 2);
  const cos = Math.cos(at.angle ?? 0);
  const sin = Math.sin(at.angle ?? 0);
  for (let i = 0; i < corners; i++) {
    const theta = (2 * Math.PI * (i + jitter * random.uniform(-0.45, 0.45))) / corners;
    const r = 1 - jitter * random.uniform(0, 0.5);
    const u = r * at.rx * Math.cos(theta);
    const v = r * at.ry * Math.sin(theta);
    out[2 * i] = at.x + u * cos - v * sin;
    out[2 * i + 1] = at.y + u * sin + v * cos;
  }
  return out;
}

/** A smooth path through random turns: `steps` + 1 points from `from`, each `stride` pixels on. */
export function wander(
  random: Random,
  from: Point,
  heading: number,
  steps: number,
  stride: number,
  turn: number,
): Point[] {
  const points: Point[] = [from];
  let { x, y } = from;
  let direction = heading;
  let curvature = random.uniform(-turn, turn);
  for (let i = 0; i < steps; i++) {
    curvature = 0.8 * curvature + 0.4 * random.uniform(-turn, turn);
    direction += curvature;
    x += stride * Math.cos(direction);
    y += stride * Math.sin(direction);
    points.push({ x, y });
  }
  return points;
}

/** Points of a quadratic curve from `a` to `b`, pulled aside by `bend` times their distance. */
export function arc(a: Point, b: Point, bend: number, steps = 16): Point[] {
  const cx = (a.x + b.x) / 2 - bend * 2 * (b.y - a.y);
  const cy = (a.y + b.y) / 2 + bend * 2 * (b.x - a.x);
  return Array.from({ length: steps + 1 }, (_, i) => {
    const t = i / steps;
    const s = 1 - t;
    return { x: s * s * a.x + 2 * s * t * cx + t * t * b.x, y: s * s * a.y + 2 * s * t * cy + t * t * b.y };
  });
}

/** A band around a path; `halfWidth` gives its half width at each point, t from 0 to 1. */
export function tube(path: readonly Point[], halfWidth: (t: number) => number): Contour {
  const n = path.length;
  const out = new Float64Array(n * 4);
  for (let i = 0; i < n; i++) {
    const before = path[Math.max(0, i - 1)];
    const after = path[Math.min(n - 1, i + 1)];
    const length = Math.hypot(after.x - before.x, after.y - before.y) || 1;
    const w = halfWidth(i / (n - 1)) / length;
    const nx = -(after.y - before.y) * w;
    const ny = (after.x - before.x) * w;
    out[2 * i] = path[i].x + nx;
    out[2 * i + 1] = path[i].y + ny;
    out[4 * n - 2 - 2 * i] = path[i].x - nx;
    out[4 * n - 1 - 2 * i] = path[i].y - ny;
  }
  return out;
}

/** A band along part of an ellipse, thickest in its middle: a crescent. Angles in radians. */
export function crescent(at: Placement, from: number, to: number, thickness: number): Contour {
  const half = vertices / 2;
  const out = new Float64Array(vertices * 2);
  const cos = Math.cos(at.angle ?? 0);
  const sin = Math.sin(at.angle ?? 0);
  const put = (i: number, t: number, inward: number) => {
    const theta = from + (to - from) * t;
    const r = 1 - inward * thickness * Math.sin(Math.PI * t) ** 0.7;
    const u = r * at.rx * Math.cos(theta);
    const v = r * at.ry * Math.sin(theta);
    out[2 * i] = at.x + u * cos - v * sin;
    out[2 * i + 1] = at.y + u * sin + v * cos;
  };
  for (let i = 0; i < half; i++) {
    put(i, i / (half - 1), 0);
    put(vertices - 1 - i, i / (half - 1), 1);
  }
  return out;
}

/** An axis-parallel or turned rectangle. */
export function rectangle(at: Placement): Contour {
  const cos = Math.cos(at.angle ?? 0);
  const sin = Math.sin(at.angle ?? 0);
  const out = new Float64Array(8);
  [
    [-1, -1],
    [1, -1],
    [1, 1],
    [-1, 1],
  ].forEach(([u, v], i) => {
    out[2 * i] = at.x + u * at.rx * cos - v * at.ry * sin;
    out[2 * i + 1] = at.y + u * at.rx * sin + v * at.ry * cos;
  });
  return out;
}
