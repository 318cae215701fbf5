import { acquire } from '../acquisition';
import { Canvas } from '../canvas';
import { arc, blob, ellipse, superellipse, tube, type Placement } from '../contours';
import { outside, region, type Family, type Scene } from '../scene';
import { fractalNoise, type Texture } from '../textures';

/** An endoscope's view of the bowel: moist pink folds, a dark lumen, polyps of nearly the same colour, highlights. */
export const endoscopy: Family = (scene) => {
  const { random, subject, width, height, unit } = scene;
  const canvas = new Canvas(width, height, 3);
  const clouds = fractalNoise(random, width, height, unit / 4, 4);
  const light = subject.uniform(0.5, 0.9);
  const mucosa = [light, light * subject.uniform(0.35, 0.7), light * subject.uniform(0.25, 0.6)];
  canvas.background(mucosa, { plane: clouds, amplitude: subject.uniform(0.04, 0.12) });
  drawFolds(scene, canvas);
  if (random.chance(0.7)) drawLumen(scene, canvas);
  for (let i = 1 + random.integer(2); i > 0; i--) drawPolyp(scene, canvas, mucosa, clouds);
  for (let i = random.integer(14); i > 0; i--) drawHighlight(scene, canvas);
  drawFrame(scene, canvas);
  acquire(canvas, random, {
    bias: subject.uniform(0.1, 0.45),
    blur: subject.integer(2),
    noise: subject.logUniform(0.003, 0.03),
  });
  return canvas;
};

/** Arcs of light and shade around the lumen. */
function drawFolds(scene: Scene, canvas: Canvas): void {
  const { random, width, height, unit } = scene;
  for (let i = 2 + random.integer(5); i > 0; i--) {
    const a = { x: random.uniform(-0.1, 1.1) * width, y: random.uniform(-0.1, 1.1) * height };
    const b = { x: random.uniform(-0.1, 1.1) * width, y: random.uniform(-0.1, 1.1) * height };
    const half = unit * random.uniform(0.01, 0.05);
    canvas.paint(
      region(
        scene,
        tube(arc(a, b, random.uniform(-0.4, 0.4)), () => half),
      ),
      {
        mode: 'multiply',
        tone: random.uniform(0.6, 1.3),
        edge: half * 0.6,
      },
    );
  }
}

function drawLumen(scene: Scene, canvas: Canvas): void {
  const { random, width, height, unit } = scene;
  const radius = unit * random.uniform(0.08, 0.24);
  const at = {
    x: width * random.uniform(0.2, 0.8),
    y: height * random.uniform(0.2, 0.8),
    rx: radius * 1.2,
    ry: radius,
  };
  const area = region(scene, blob(random, at, 0.2));
  canvas.paint(area, { mode: 'multiply', tone: random.uniform(0.1, 0.35), edge: radius * random.uniform(0.05, 0.2) });
  canvas.mark(area);
}

/** A dome lit from the lens: brighter than the wall on one side, shaded on the other, redder or paler than it. */
function drawPolyp(scene: Scene, canvas: Canvas, mucosa: readonly number[], clouds: Texture): void {
  const { random, width, height, unit } = scene;
  const radius = unit * random.logUniform(0.07, 0.32);
  const aspect = random.logUniform(0.75, 1.35);
  const at: Placement = {
    x: width * random.uniform(0.2, 0.8),
    y: height * random.uniform(0.2, 0.8),
    rx: radius * aspect,
    ry: radius / aspect,
    angle: random.uniform(0, Math.PI),
  };
  const outline = blob(random, at, random.uniform(0.05, 0.22));
  const area = region(scene, outline);
  const change = random.chance(0.5) ? random.uniform(0.62, 0.88) : random.uniform(1.1, 1.35);
  const tone = mucosa.map((value, c) => Math.min(1, value * change * (c === 0 ? 1 : random.uniform(0.85, 1.1))));
  const theta = random.uniform(0, 2 * Math.PI);
  const off = { x: Math.cos(theta) * radius * 0.14, y: Math.sin(theta) * radius * 0.14 };
  const shadow = blob(random, { ...at, x: at.x - off.x, y: at.y - off.y }, 0.1);
  canvas.paint(region(scene, shadow), { mode: 'multiply', tone: random.uniform(0.5, 0.85), edge: radius * 0.08 });
  canvas.paint(area, { tone, edge: 1, texture: { plane: clouds, amplitude: random.uniform(0.02, 0.1) } });
  const lit = { ...at, x: at.x + off.x * 2.5, y: at.y + off.y * 2.5, rx: at.rx * 0.5, ry: at.ry * 0.5 };
  canvas.paint(region(scene, ellipse(lit)), { mode: 'add', tone: random.uniform(0.04, 0.16), edge: radius * 0.2 });
  canvas.target = canvas.mark(area);
}

/** A mirror reflection of the lamp: white, small, sharp; whose surface it lies on does not change. */
function drawHighlight(scene: Scene, canvas: Canvas): void {
  const { random, width, height, unit } = scene;
  const radius = unit * random.logUniform(0.005, 0.03);
  const at = {
    x: width * random.uniform(0.05, 0.95),
    y: height * random.uniform(0.05, 0.95),
    rx: radius * random.uniform(1, 3),
    ry: radius,
    angle: random.uniform(0, 3),
  };
  canvas.paint(region(scene, blob(random, at, 0.3)), { tone: 0.97, opacity: 0.9 });
}

/** The black surround: an octagon-like window with cut corners. */
function drawFrame(scene: Scene, canvas: Canvas): void {
  const { subject, width, height } = scene;
  if (subject.chance(0.4)) return;
  const opening = { x: width / 2, y: height / 2, rx: width * 0.49, ry: height * 0.49 };
  const corners = outside(scene, superellipse(opening, subject.uniform(2.2, 6)));
  canvas.paint(corners, { tone: 0.01 });
  canvas.relabel(corners, 0);
}
