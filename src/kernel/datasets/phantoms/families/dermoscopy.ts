import type { Random } from '../../random';
import { acquire } from '../acquisition';
import { Canvas } from '../canvas';
import { blob, ellipse, polygon, rectangle, tube, wander, type Placement } from '../contours';
import { outside, region, type Family, type Scene } from '../scene';
import { fractalNoise, valueNoise } from '../textures';

/** A skin lesion under the dermatoscope: brown on pink, uneven within, ragged at its edge; hairs, vignette, ruler. */
export const dermoscopy: Family = (scene) => {
  const { random, subject, width, height, unit } = scene;
  const canvas = new Canvas(width, height, 3);
  const light = subject.uniform(0.55, 0.95);
  const pink = subject.uniform(0.05, 0.3);
  const skin = [light, light * (1 - pink), light * (1 - pink - subject.uniform(0, 0.15))];
  const fine = fractalNoise(random, width, height, unit / 40, 2);
  const clouds = fractalNoise(random, width, height, unit / 6, 3);
  canvas.background(skin, { plane: clouds, amplitude: random.uniform(0.01, 0.07) });
  if (random.chance(0.15)) drawSticker(scene, canvas);
  drawLesion(scene, canvas, skin, clouds, fine);
  if (random.chance(0.2)) drawSatellites(scene, canvas, skin);
  if (subject.chance(0.55)) drawHairs(random, scene, canvas, 2 + random.integer(24));
  if (subject.chance(0.25)) drawRuler(scene, canvas);
  if (subject.chance(0.4)) drawVignette(scene, canvas);
  acquire(canvas, random, {
    bias: subject.uniform(0, 0.2),
    blur: subject.integer(2),
    noise: subject.logUniform(0.003, 0.03),
  });
  return canvas;
};

function drawLesion(
  scene: Scene,
  canvas: Canvas,
  skin: readonly number[],
  clouds: Float32Array,
  fine: Float32Array,
): void {
  const { random, subject, width, height, unit } = scene;
  const size = random.logUniform(0.06, 0.45) * unit;
  const aspect = random.logUniform(0.75, 1.35);
  const at: Placement = {
    x: width * (0.5 + random.uniform(-0.14, 0.14)),
    y: height * (0.5 + random.uniform(-0.14, 0.14)),
    rx: size * aspect,
    ry: size / aspect,
    angle: random.uniform(0, Math.PI),
  };
  const depth = subject.uniform(0.2, 0.75);
  const red = subject.uniform(0.2, 0.75);
  const tone = [skin[0] * (1 - depth * red), skin[1] * (1 - depth * 0.9), skin[2] * (1 - depth)];
  const outline = blob(random, at, random.uniform(0.08, 0.35), 5 + random.integer(14));
  const area = region(scene, outline);
  const edge = random.chance(0.6) ? random.uniform(0.5, 0.05 * size + 1.5) : 0;
  canvas.paint(area, { tone, edge, texture: { plane: clouds, amplitude: random.uniform(0.03, 0.22) * depth } });
  const structure = random.chance(0.5) ? fine : valueNoise(random, scene.width, scene.height, unit / 30);
  for (let i = random.integer(5); i > 0; i--) drawPatch(scene, canvas, at, tone, structure);
  canvas.target = canvas.mark(area);
}

/** A darker, lighter or reddish part within the lesion: the lesion's own. */
function drawPatch(
  scene: Scene,
  canvas: Canvas,
  lesion: Placement,
  tone: readonly number[],
  structure: Float32Array,
): void {
  const { random } = scene;
  const reach = Math.min(lesion.rx, lesion.ry);
  const theta = random.uniform(0, 2 * Math.PI);
  const off = random.uniform(0, 0.45) * reach;
  const radius = random.uniform(0.15, 0.45) * reach;
  const at = { x: lesion.x + off * Math.cos(theta), y: lesion.y + off * Math.sin(theta), rx: radius, ry: radius * 0.8 };
  const factor = random.uniform(0.45, 1.3);
  canvas.paint(region(scene, blob(random, at, 0.35)), {
    tone: tone.map((value) => value * factor),
    edge: 1 + random.uniform(0, 0.15) * reach,
    opacity: random.uniform(0.4, 0.95),
    texture: { plane: structure, amplitude: 0.1 },
  });
}

function drawSatellites(scene: Scene, canvas: Canvas, skin: readonly number[]): void {
  const { random, width, height, unit } = scene;
  for (let i = 1 + random.integer(3); i > 0; i--) {
    const radius = random.uniform(0.02, 0.05) * unit;
    const at = {
      x: random.uniform(0.05, 0.95) * width,
      y: random.uniform(0.05, 0.95) * height,
      rx: radius,
      ry: radius,
    };
    const area = region(scene, blob(random, at, 0.2));
    const target = canvas.target;
    const hidden = canvas.labels[Math.floor(at.y) * width + Math.floor(at.x)] === target;
    canvas.paint(area, { tone: skin.map((value, c) => value * (1 - [0.2, 0.35, 0.4][c])), edge: 1 });
    if (!hidden) canvas.mark(area);
  }
}

function drawHairs(random: Random, scene: Scene, canvas: Canvas, count: number): void {
  const { width, height, unit } = scene;
  const tone = [random.uniform(0.02, 0.25), random.uniform(0.02, 0.15), 0.03];
  const heading = random.uniform(0, 2 * Math.PI);
  for (let i = 0; i < count; i++) {
    const from = { x: random.uniform(0, width), y: random.uniform(0, height) };
    const path = wander(random, from, heading + random.normal() * 0.7, 16, unit * random.uniform(0.015, 0.05), 0.15);
    const half = Math.max(0.45, unit * random.uniform(0.001, 0.005));
    canvas.paint(
      region(
        scene,
        tube(path, (t) => half * (1 - 0.5 * t)),
      ),
      { tone, opacity: random.uniform(0.4, 0.9) },
    );
  }
}

/** A coloured sticker at the picture's edge, an object of its own. */
function drawSticker(scene: Scene, canvas: Canvas): void {
  const { random, width, height, unit } = scene;
  const radius = random.uniform(0.15, 0.3) * unit;
  const at = { x: random.uniform(0, 1) * width, y: random.chance(0.5) ? 0 : height, rx: radius, ry: radius };
  const tone = random.pick([
    [0.05, 0.4, 0.75],
    [0.1, 0.55, 0.35],
    [0.85, 0.75, 0.2],
    [0.2, 0.2, 0.25],
  ]);
  canvas.paintObject(region(scene, random.chance(0.6) ? ellipse(at) : polygon(random, at, 6, 0.3)), { tone, edge: 1 });
}

function drawRuler(scene: Scene, canvas: Canvas): void {
  const { subject, width, height, unit } = scene;
  const y = height * subject.uniform(0.75, 0.95);
  const step = unit * subject.uniform(0.015, 0.04);
  const ticks = 10 + subject.integer(15);
  const x = width * subject.uniform(0.05, 0.4);
  const tone = subject.chance(0.8) ? 0.1 : 0.9;
  for (let i = 0; i < ticks; i++) {
    const long = i % 5 === 0 ? 0.02 : 0.01;
    const tick = { x: x + i * step, y, rx: 0.6, ry: long * unit };
    canvas.paint(region(scene, rectangle(tick)), { tone, opacity: 0.8 });
  }
}

/** The dark corners of a round lens. */
function drawVignette(scene: Scene, canvas: Canvas): void {
  const { subject, width, height } = scene;
  const reach = subject.uniform(0.48, 0.75);
  const circle = {
    x: width / 2,
    y: height / 2,
    rx: reach * Math.max(width, height),
    ry: reach * Math.max(width, height),
  };
  const corners = outside(scene, ellipse(circle));
  const sharp = subject.chance(0.5);
  canvas.paint(corners, { tone: sharp ? 0.02 : 0.25, mode: 'multiply', edge: sharp ? 1 : 12 });
  if (sharp) canvas.relabel(corners, 0);
}
