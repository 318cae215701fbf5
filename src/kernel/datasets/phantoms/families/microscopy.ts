import type { Random } from '../../random';
import { acquire } from '../acquisition';
import { Canvas } from '../canvas';
import { blob, type Placement } from '../contours';
import { region, type Family, type Scene } from '../scene';
import { fractalNoise, type Texture } from '../textures';

/** Labels are bytes; this many cells is more than a picture needs. */
const mostCells = 60;

/** Cells under a microscope: stained purple on pink, or glowing on black; each nucleus is an object. */
export const microscopy: Family = (scene) => {
  const { random, subject, width, height, unit } = scene;
  const glowing = subject.chance(0.4);
  const canvas = new Canvas(width, height, 3);
  const clouds = fractalNoise(random, width, height, unit / 8, 4);
  const ground = glowing ? [0.02, 0.03, 0.04] : stainedGround(subject);
  canvas.background(ground, { plane: clouds, amplitude: glowing ? 0.02 : subject.uniform(0.03, 0.12) });
  const nucleus = glowing ? glow(subject) : stain(subject);
  const size = unit * subject.logUniform(0.025, 0.11);
  const count = Math.min(mostCells, Math.max(3, Math.round(subject.uniform(0.06, 0.3) * (unit / size / 2) ** 2)));
  for (let i = 0; i < count; i++) drawCell(scene, canvas, size, nucleus, ground, clouds);
  canvas.target = canvas.objectCount;
  acquire(canvas, random, {
    bias: subject.uniform(0, 0.2),
    blur: subject.integer(2),
    noise: subject.logUniform(0.003, 0.04),
  });
  return canvas;
};

function stainedGround(subject: Random): number[] {
  const light = subject.uniform(0.75, 0.97);
  return [light, light * subject.uniform(0.65, 0.95), light * subject.uniform(0.8, 1)];
}

function stain(subject: Random): number[] {
  return [subject.uniform(0.25, 0.5), subject.uniform(0.1, 0.35), subject.uniform(0.4, 0.65)];
}

function glow(subject: Random): number[] {
  const hue = subject.pick([
    [0.15, 0.3, 1],
    [0.2, 1, 0.3],
    [1, 0.25, 0.2],
    [1, 1, 1],
  ]);
  const light = subject.uniform(0.35, 0.95);
  return hue.map((value) => value * light);
}

/** A nucleus, sometimes in a paler cell body; a body is an object of its own around its nucleus. */
function drawCell(
  scene: Scene,
  canvas: Canvas,
  size: number,
  nucleus: readonly number[],
  ground: readonly number[],
  clouds: Texture,
): void {
  const { random, subject, width, height } = scene;
  const radius = size * random.logUniform(0.7, 1.4);
  const aspect = random.logUniform(0.65, 1.5);
  const at: Placement = {
    x: random.uniform(0, width),
    y: random.uniform(0, height),
    rx: radius * aspect,
    ry: radius / aspect,
    angle: random.uniform(0, Math.PI),
  };
  const area = region(scene, blob(random, at, 0.12));
  // Two nuclei of one tone that lie over each other are one to the eye.
  if (canvas.covered(area) > 0.08) return;
  const strength = random.uniform(0.75, 1.1);
  if (subject.chance(0.35)) {
    const body = { ...at, rx: at.rx * 1.9, ry: at.ry * 1.9 };
    const tone = nucleus.map((value, c) => 0.3 * value + 0.7 * ground[c]);
    canvas.paintObject(region(scene, blob(random, body, 0.2)), { tone, edge: 1 });
  }
  canvas.paintObject(area, {
    tone: nucleus.map((value) => Math.min(1, value * strength)),
    edge: random.uniform(0, 1.6),
    texture: { plane: clouds, amplitude: 0.12 },
  });
}
