import type { Random } from '../random';

/** A texture: one value per pixel, about −1..1 around zero. */
export type Texture = Float32Array;

/** Smooth value noise: random values on a grid of `cell` pixels, joined by smoothsteps. */
export function valueNoise(random: Random, width: number, height: number, cell: number, stretch = 1): Texture {
  const out = new Float32Array(width * height);
  addNoise(out, random, width, height, cell, stretch, 1);
  return out;
}

/** Value noise at several scales, each finer one weaker: tissue, clouds, skin. */
export function fractalNoise(
  random: Random,
  width: number,
  height: number,
  cell: number,
  octaves: number,
  gain = 0.6,
): Texture {
  const out = new Float32Array(width * height);
  let weight = 1;
  let total = 0;
  for (let octave = 0; octave < octaves; octave++) {
    total += weight * weight;
    weight *= gain;
  }
  weight = 1 / Math.sqrt(total);
  for (let octave = 0; octave < octaves; octave++, weight *= gain) {
    addNoise(out, random, width, height, Math.max(1.5, cell / 2 ** octave), 1, weight);
  }
  return out;
}

function addNoise(
  out: Float32Array,
  random: Random,
  width: number,
  height: number,
  cell: number,
  stretch: number,
  weight: number,
): void {
  const cellX = cell * stretch;
  const columns = Math.ceil(width / cellX) + 2;
  const rows = Math.ceil(height / cell) + 2;
  const grid = new Float32Array(columns * rows);
  for (let i = 0; i < grid.length; i++) grid[i] = random.bits() / 0x80000000;
  const column = new Uint16Array(width);
  const blend = new Float32Array(width);
  for (let x = 0; x < width; x++) {
    column[x] = Math.floor(x / cellX);
    blend[x] = smooth(x / cellX - column[x]);
  }
  const line = new Float32Array(columns);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / cell);
    const v = smooth(y / cell - row);
    const upper = row * columns;
    for (let i = 0; i < columns; i++) {
      line[i] = weight * (grid[upper + i] + v * (grid[upper + columns + i] - grid[upper + i]));
    }
    for (let x = 0, o = y * width; x < width; x++, o++) {
      const a = line[column[x]];
      out[o] += a + blend[x] * (line[column[x] + 1] - a);
    }
  }
}

function smooth(t: number): number {
  return t * t * (3 - 2 * t);
}

/** Parallel waves in one direction, `period` pixels long, bent by the given noise. */
export function stripes(
  width: number,
  height: number,
  angle: number,
  period: number,
  warp: Texture,
  warpPixels: number,
): Texture {
  const out = new Float32Array(width * height);
  const u = (2 * Math.PI * Math.cos(angle)) / period;
  const v = (2 * Math.PI * Math.sin(angle)) / period;
  const w = (2 * Math.PI * warpPixels) / period;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) out[i] = wave(u * x + v * y + w * warp[i]);
  }
  return out;
}

/** A parabola's stand-in for the sine: right to 6 %, an order of magnitude quicker. */
function wave(phase: number): number {
  const t = phase * (1 / (2 * Math.PI));
  const f = t - Math.floor(t) - 0.5;
  return f * (16 * Math.abs(f) - 8);
}

/** One independent value per pixel, optionally grains of more than one pixel, uniform in −1..1. */
export function grain(random: Random, width: number, height: number): Texture {
  const out = new Float32Array(width * height);
  for (let i = 0; i < out.length; i++) out[i] = random.bits() / 0x80000000;
  return out;
}

/** One of the textures above at a random scale: what fills a region when any tissue will do. */
export function anyTexture(random: Random, width: number, height: number): Texture {
  const unit = Math.min(width, height);
  const kind = random.next();
  if (kind < 0.45) return fractalNoise(random, width, height, random.logUniform(unit / 64, unit / 5), 3);
  if (kind < 0.65) return valueNoise(random, width, height, random.logUniform(2, 10), random.logUniform(0.5, 3));
  if (kind < 0.85) {
    const warp = valueNoise(random, width, height, unit / 6);
    const period = random.logUniform(5, unit / 8);
    return stripes(width, height, random.uniform(0, Math.PI), period, warp, random.uniform(0, period * 1.5));
  }
  return grain(random, width, height);
}
