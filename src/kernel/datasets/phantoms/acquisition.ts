import type { Random } from '../random';
import { boxBlur } from './blur';
import type { Canvas } from './canvas';
import { valueNoise } from './textures';

/** What a scanner or camera does to what it sees; all amounts in intensities of 0..1. */
export interface Acquisition {
  /** Slow brightness change over the picture, as a fraction. */
  readonly bias?: number;
  /** Radius in pixels of the blur of the optics or the reconstruction; below 0.5: none. */
  readonly blur?: number;
  /** Standard deviation of added noise. */
  readonly noise?: number;
  /** Gaussian as on a camera or CT, Rician as on magnitude MR images. */
  readonly noiseKind?: 'gaussian' | 'rician';
  /** Speckle: standard deviation of noise that grows with the signal. */
  readonly speckle?: number;
}

const tableSize = 4096;

/** Normal values, drawn once: a look-up by random bits is far quicker than a logarithm and a cosine per pixel. */
const normals = buildNormals();

function buildNormals(): Float32Array {
  const table = new Float32Array(tableSize);
  for (let i = 0; i < tableSize / 2; i++) {
    // Box–Muller with radii and angles spread evenly over the table, each value with its opposite: mean exactly 0.
    const u = (i + 0.5) / (tableSize / 2);
    const radius = Math.sqrt(-2 * Math.log(u));
    const value = radius * Math.cos(2 * Math.PI * ((i * 0.6180339887498949) % 1));
    table[2 * i] = value;
    table[2 * i + 1] = -value;
  }
  return table;
}

/** Puts bias, blur and noise on a drawn canvas, in the order in which they happen. */
export function acquire(canvas: Canvas, random: Random, settings: Acquisition): void {
  const { width, height } = canvas;
  if (settings.bias) applyBias(canvas, random, settings.bias);
  const radius = Math.round(settings.blur ?? 0);
  // A stream of its own: the slices of a volume share all but the noise.
  const noise = random.fork('noise');
  for (const plane of canvas.planes) {
    if (radius > 0) {
      boxBlur(plane, width, height, radius);
      boxBlur(plane, width, height, radius);
    } else antialias(plane, width, height);
    if (settings.speckle) multiplySpeckle(plane, noise, settings.speckle);
    if (settings.noise) addNoise(plane, noise, settings.noise, settings.noiseKind === 'rician');
  }
}

function applyBias(canvas: Canvas, random: Random, bias: number): void {
  const { width, height } = canvas;
  const field = valueNoise(random, width, height, Math.max(width, height) * random.uniform(0.5, 1));
  for (const plane of canvas.planes) {
    for (let i = 0; i < plane.length; i++) plane[i] *= 1 + bias * field[i];
  }
}

/** A 1-2-1 blur in both directions: edges of a real picture are never a step between two pixels. */
function antialias(plane: Float32Array, width: number, height: number): void {
  for (let y = 0; y < height; y++) {
    let before = plane[y * width];
    for (let i = y * width, end = i + width - 1; i < end; i++) {
      const here = plane[i];
      plane[i] = 0.25 * (before + plane[i + 1]) + 0.5 * here;
      before = here;
    }
  }
  const above = plane.slice(0, width);
  for (let y = 0; y < height - 1; y++) {
    for (let x = 0, i = y * width; x < width; x++, i++) {
      const here = plane[i];
      plane[i] = 0.25 * (above[x] + plane[i + width]) + 0.5 * here;
      above[x] = here;
    }
  }
}

function multiplySpeckle(plane: Float32Array, random: Random, amount: number): void {
  for (let i = 0; i < plane.length; i++) plane[i] *= Math.max(0, 1 + amount * normals[random.bits() & (tableSize - 1)]);
}

function addNoise(plane: Float32Array, random: Random, deviation: number, rician: boolean): void {
  if (!rician) {
    for (let i = 0; i < plane.length; i++) plane[i] += deviation * normals[random.bits() & (tableSize - 1)];
    return;
  }
  for (let i = 0; i < plane.length; i++) {
    const bits = random.bits();
    const real = plane[i] + deviation * normals[bits & (tableSize - 1)];
    const imaginary = deviation * normals[(bits >>> 16) & (tableSize - 1)];
    plane[i] = Math.sqrt(real * real + imaginary * imaginary);
  }
}

/**
 * What a viewer's window and a maker's look-up table do to all intensities at once: a random gamma, a random range,
 * for grey pictures now and then inversion.
 */
export function remapTones(canvas: Canvas, subject: Random, inversion: number): void {
  const gamma = subject.logUniform(0.6, 1.6);
  const low = subject.uniform(0, 0.08);
  const high = subject.uniform(0.8, 1);
  const inverted = subject.chance(inversion);
  const steps = 255;
  const curve = new Float32Array(steps + 1);
  for (let i = 0; i <= steps; i++) {
    const value = low + (high - low) * (i / steps) ** gamma;
    curve[i] = inverted ? 1 - value : value;
  }
  for (const plane of canvas.planes) {
    for (let i = 0; i < plane.length; i++) {
      plane[i] = curve[Math.min(steps, Math.max(0, (plane[i] * steps + 0.5) | 0))];
    }
  }
}
