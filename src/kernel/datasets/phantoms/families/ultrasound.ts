import { acquire } from '../acquisition';
import { Canvas } from '../canvas';
import { arc, blob, crescent, ellipse, rectangle, tube, wander, type Placement } from '../contours';
import type { Contour } from '../region';
import { outside, region, type Family, type Scene } from '../scene';
import { boxBlur } from '../blur';
import { fractalNoise, grain, type Texture } from '../textures';

/** B-mode ultrasound: a sector of speckle with layers and shadows; a head with a bright skull, or dark and bright masses. */
export const ultrasound: Family = (scene) => {
  const { random, subject, width, height, unit } = scene;
  const canvas = new Canvas(width, height, 1);
  const clouds = fractalNoise(random, width, height, unit / 5, 4);
  const speckle = anisotropicSpeckle(scene);
  const level = subject.uniform(0.12, 0.42);
  canvas.background(level, { plane: clouds, amplitude: level * subject.uniform(0.3, 0.9) });
  drawLayers(scene, canvas, clouds);
  if (subject.chance(0.5)) drawHead(scene, canvas, clouds, level);
  else drawMasses(scene, canvas, clouds, level);
  const roughness = subject.uniform(0.35, 0.9);
  const plane = canvas.planes[0];
  for (let i = 0; i < plane.length; i++) plane[i] = Math.max(0, plane[i] * (1 + roughness * speckle[i]));
  if (subject.chance(0.6)) drawShadows(scene, canvas);
  if (subject.chance(0.75)) cutSector(scene, canvas);
  if (subject.chance(0.3)) drawCaption(scene, canvas);
  acquire(canvas, random, { noise: subject.logUniform(0.003, 0.02), blur: subject.chance(0.3) ? 1 : 0 });
  return canvas;
};

/** Speckle grains, longer across the beam than along it, about −1..1. */
function anisotropicSpeckle({ random, width, height }: Scene): Texture {
  const plane = grain(random, width, height);
  boxBlur(plane, width, height, 1);
  for (let i = 0; i < plane.length; i++) plane[i] *= 2.6;
  return plane;
}

function drawLayers(scene: Scene, canvas: Canvas, clouds: Texture): void {
  const { random, width, height } = scene;
  for (let i = 1 + random.integer(4); i > 0; i--) {
    const y = height * random.uniform(0, 1);
    const path = arc(
      { x: -5, y },
      { x: width + 5, y: y + random.uniform(-0.15, 0.15) * height },
      random.uniform(-0.1, 0.1),
    );
    const half = height * random.uniform(0.01, 0.06);
    canvas.paint(
      region(
        scene,
        tube(path, () => half),
      ),
      {
        mode: 'add',
        tone: random.uniform(-0.12, 0.3),
        edge: 3,
        texture: { plane: clouds, amplitude: 0.15 },
      },
    );
  }
}

/** A skull: a bright, broken line around a dark inside with a midline and echoes. The object is all within its outer edge. */
function drawHead(scene: Scene, canvas: Canvas, clouds: Texture, level: number): void {
  const { random, subject, width, height, unit } = scene;
  const size = subject.uniform(0.2, 0.44) * unit;
  const at: Placement = {
    x: width * (0.5 + random.uniform(-0.1, 0.1)),
    y: height * (0.5 + random.uniform(-0.08, 0.08)),
    rx: size * subject.uniform(1.05, 1.35),
    ry: size,
    angle: random.uniform(-0.7, 0.7),
  };
  const area = region(scene, subject.chance(0.5) ? ellipse(at) : blob(subject, at, 0.03));
  const dark = level * subject.uniform(0.2, 0.75);
  canvas.paint(area, { tone: dark, edge: 2, texture: { plane: clouds, amplitude: dark * 0.9 } });
  const bone = subject.uniform(0.55, 1);
  const thickness = subject.uniform(0.03, 0.09);
  const start = random.uniform(0, 2 * Math.PI);
  const arcs = subject.chance(0.6) ? 2 : 1;
  canvas.paint(region(scene, ellipse(at), ellipse(shrunk(at, 1 - thickness))), {
    tone: bone,
    edge: 1,
    opacity: random.uniform(0.2, 0.7),
  });
  for (let i = 0; i < arcs; i++) {
    const from = start + i * Math.PI;
    canvas.paint(region(scene, crescent(at, from, from + random.uniform(1.4, 3), thickness * 1.3)), {
      tone: bone,
      edge: 1,
    });
  }
  drawEchoes(scene, canvas, shrunk(at, 0.8), bone);
  canvas.target = canvas.mark(area);
}

/** The midline and what else returns sound within a head. */
function drawEchoes(scene: Scene, canvas: Canvas, inner: Placement, bone: number): void {
  const { random } = scene;
  const cos = Math.cos(inner.angle ?? 0);
  const sin = Math.sin(inner.angle ?? 0);
  const half = Math.max(0.8, inner.ry * 0.025);
  if (random.chance(0.6)) {
    const a = { x: inner.x - cos * inner.rx * 0.8, y: inner.y - sin * inner.rx * 0.8 };
    const b = { x: inner.x + cos * inner.rx * 0.8, y: inner.y + sin * inner.rx * 0.8 };
    canvas.paint(
      region(
        scene,
        tube(arc(a, b, 0.02), () => half),
      ),
      { tone: bone * 0.7, edge: 1, opacity: 0.7 },
    );
  }
  for (let i = random.integer(6); i > 0; i--) {
    const theta = random.uniform(0, 2 * Math.PI);
    const r = random.uniform(0, 0.75);
    const from = { x: inner.x + r * inner.rx * Math.cos(theta), y: inner.y + r * inner.ry * Math.sin(theta) };
    const path = wander(random, from, random.uniform(0, 6), 8, inner.ry * 0.06, 0.5);
    canvas.paint(
      region(
        scene,
        tube(path, () => half * 1.5),
      ),
      { tone: bone * random.uniform(0.3, 0.7), edge: 1, opacity: 0.7 },
    );
  }
}

/** Cysts, nodules, vessels: one to four, darker or brighter than what is around them. */
function drawMasses(scene: Scene, canvas: Canvas, clouds: Texture, level: number): void {
  const { random, subject, width, height, unit } = scene;
  for (let i = 1 + subject.integer(4); i > 0; i--) {
    const radius = random.logUniform(0.05, 0.25) * unit;
    const aspect = random.logUniform(0.6, 1.9);
    const at: Placement = {
      x: width * random.uniform(0.2, 0.8),
      y: height * random.uniform(0.2, 0.8),
      rx: radius * aspect,
      ry: radius / aspect,
      angle: random.uniform(-0.6, 0.6),
    };
    const bright = random.chance(0.3);
    const tone = bright ? Math.min(1, level * random.uniform(1.9, 3)) : level * random.uniform(0, 0.45);
    const outline = blob(random, at, random.uniform(0.02, 0.25));
    const label = canvas.paintObject(region(scene, outline), {
      tone,
      edge: random.uniform(0, 2.5),
      texture: { plane: clouds, amplitude: tone * 0.4 },
    });
    canvas.target = label;
    if (!bright && random.chance(0.4)) enhanceBelow(scene, canvas, at);
  }
}

/** Sound that passed through fluid comes back stronger. */
function enhanceBelow(scene: Scene, canvas: Canvas, at: Placement): void {
  const depth = at.ry * 1.5;
  const beam = { x: at.x, y: at.y + at.ry + depth, rx: at.rx * 0.7, ry: depth };
  canvas.paint(region(scene, rectangle(beam)), { mode: 'multiply', tone: 1.4, edge: 4 });
}

function drawShadows(scene: Scene, canvas: Canvas): void {
  const { random, width, height } = scene;
  for (let i = 1 + random.integer(2); i > 0; i--) {
    const x = random.uniform(0, width);
    const spread = width * random.uniform(0.03, 0.12);
    const top = height * random.uniform(0, 0.6);
    const lean = random.uniform(-0.25, 0.25) * width;
    const shadow = Float64Array.of(x, top, x + spread, top, x + spread * 1.8 + lean, height + 5, x + lean, height + 5);
    canvas.paint(region(scene, shadow), { mode: 'multiply', tone: random.uniform(0.3, 0.75), edge: 5 });
  }
}

/** The black outside of a curved probe's fan. */
function cutSector(scene: Scene, canvas: Canvas): void {
  const { subject, width, height } = scene;
  const apex = { x: width * subject.uniform(0.45, 0.55), y: -height * subject.uniform(0.05, 0.8) };
  const reach = height * subject.uniform(0.93, 1.1) - apex.y;
  const near = -apex.y + height * subject.uniform(0, 0.08);
  const half = Math.min(0.85, Math.atan((0.6 * width) / reach) * subject.uniform(0.9, 1.3));
  const corners = outside(scene, fan(apex, near, reach, half));
  canvas.paint(corners, { tone: 0 });
  canvas.relabel(corners, 0);
}

function fan(apex: { x: number; y: number }, near: number, far: number, half: number): Contour {
  const steps = 24;
  const out = new Float64Array((steps + 1) * 4);
  for (let i = 0; i <= steps; i++) {
    const theta = Math.PI / 2 - half + (2 * half * i) / steps;
    out[2 * i] = apex.x + far * Math.cos(theta);
    out[2 * i + 1] = apex.y + far * Math.sin(theta);
    const j = out.length - 2 - 2 * i;
    out[j] = apex.x + near * Math.cos(theta);
    out[j + 1] = apex.y + near * Math.sin(theta);
  }
  return out;
}

/** A patch that was blacked out, or a scale beside the picture. */
function drawCaption(scene: Scene, canvas: Canvas): void {
  const { subject, width, height } = scene;
  const at = {
    x: subject.chance(0.5) ? width * 0.9 : width * 0.1,
    y: subject.chance(0.5) ? height * 0.92 : height * 0.08,
    rx: width * subject.uniform(0.05, 0.15),
    ry: height * subject.uniform(0.03, 0.1),
  };
  const patch = region(scene, rectangle(at));
  canvas.paint(patch, { tone: 0 });
  canvas.relabel(patch, 0);
}

function shrunk(at: Placement, factor: number): Placement {
  return { ...at, rx: at.rx * factor, ry: at.ry * factor };
}
