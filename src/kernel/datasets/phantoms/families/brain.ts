import { acquire } from '../acquisition';
import { Canvas } from '../canvas';
import { blob, crescent, ellipse, polar, wobble, type Placement } from '../contours';
import { subtract } from '../region';
import { region, type Family, type Scene } from '../scene';
import { fractalNoise, type Texture } from '../textures';

/** An axial MR or CT slice of a head: scalp, skull, folded cortex, white matter, ventricles, deep nuclei, a lesion. */
export const brain: Family = (scene) => {
  const { random, subject, width, height, unit } = scene;
  const canvas = new Canvas(width, height, 1);
  const texture = fractalNoise(random, width, height, unit / 16, 3);
  const size = unit * subject.uniform(0.36, 0.52);
  const head: Placement = {
    x: width * (0.5 + random.uniform(-0.04, 0.04)),
    y: height * (0.5 + random.uniform(-0.04, 0.04)),
    rx: size * subject.uniform(0.72, 0.88),
    ry: size,
    angle: random.uniform(-0.25, 0.25),
  };
  const grey = subject.uniform(0.3, 0.6);
  const white = grey + (subject.chance(0.5) ? 1 : -1) * subject.uniform(0.06, 0.2);
  const fluid = subject.chance(0.6) ? subject.uniform(0, 0.12) : subject.uniform(0.8, 1);
  canvas.background(subject.uniform(0, 0.04));
  const skull = subject.chance(0.3) ? subject.uniform(0.85, 1) : subject.uniform(0.02, 0.15);
  canvas.paint(region(scene, blob(subject, head, 0.03)), { tone: subject.uniform(0.4, 0.9), edge: 1 });
  canvas.paint(region(scene, ellipse(scaled(head, 0.94))), { tone: skull, edge: 1 });
  canvas.paint(region(scene, ellipse(scaled(head, 0.88))), { tone: fluid, edge: 1 });
  canvas.paint(region(scene, folded(scene, scaled(head, 0.85), 0.025)), {
    tone: grey,
    edge: 1,
    texture: { plane: texture, amplitude: 0.05 },
  });
  const matter = region(scene, folded(scene, scaled(head, 0.7), 0.07));
  canvas.paint(matter, { tone: white, edge: 1.2, texture: { plane: texture, amplitude: 0.03 } });
  canvas.mark(matter);
  drawVentricles(scene, canvas, head, fluid);
  drawNuclei(scene, canvas, head, grey, white);
  if (subject.chance(0.75)) drawLesion(scene, canvas, head, grey, texture);
  acquire(canvas, random, {
    bias: subject.uniform(0, 0.35),
    blur: subject.integer(2),
    noise: subject.logUniform(0.004, 0.05),
    noiseKind: 'rician',
  });
  return canvas;
};

function scaled(at: Placement, factor: number): Placement {
  return { ...at, rx: at.rx * factor, ry: at.ry * factor };
}

/** An outline with the ripple of gyri. */
function folded(scene: Scene, at: Placement, depth: number) {
  const { subject } = scene;
  const smooth = wobble(subject, 0.03, 4);
  const folds = 14 + subject.integer(14);
  const phase = subject.uniform(0, 6);
  return polar(at, (theta) => smooth(theta) + depth * Math.sin(folds * theta + phase + 2 * Math.sin(3 * theta)));
}

/** The two lateral ventricles, horns that bend away from the midline. Each is an object. */
function drawVentricles(scene: Scene, canvas: Canvas, head: Placement, fluid: number): void {
  const { subject } = scene;
  const width = subject.uniform(0.12, 0.28);
  const length = subject.uniform(0.25, 0.42);
  for (const side of [-1, 1]) {
    const at = inHead(head, side * (0.1 + width * 0.55), 0);
    const horn = { ...at, rx: head.rx * width, ry: head.ry * length, angle: (head.angle ?? 0) + side * 0.15 };
    const [from, to] = side < 0 ? [-1.7, 1.7] : [Math.PI - 1.7, Math.PI + 1.7];
    canvas.target = canvas.paintObject(region(scene, crescent(horn, from, to, 0.85)), { tone: fluid, edge: 1 });
  }
}

function drawNuclei(scene: Scene, canvas: Canvas, head: Placement, grey: number, white: number): void {
  const { subject, random } = scene;
  if (Math.abs(grey - white) < 0.08) return;
  for (const side of [-1, 1]) {
    const at = inHead(head, side * 0.34, 0.02);
    const nucleus = { ...at, rx: head.rx * 0.11, ry: head.ry * random.uniform(0.12, 0.17), angle: -side * 0.3 };
    canvas.paintObject(region(scene, blob(subject, nucleus, 0.12)), { tone: grey, edge: 1 });
  }
}

/** A tumour, sometimes with swelling around it and a dead core; all but the swelling is the target. */
function drawLesion(scene: Scene, canvas: Canvas, head: Placement, grey: number, texture: Texture): void {
  const { random, subject } = scene;
  const radius = head.rx * random.logUniform(0.1, 0.42);
  const at: Placement = {
    ...inHead(head, random.uniform(-0.42, 0.42), random.uniform(-0.45, 0.45)),
    rx: radius,
    ry: radius * random.uniform(0.7, 1.2),
    angle: random.uniform(0, 3),
  };
  const bright = subject.chance(0.7);
  const tone = bright
    ? Math.min(1, grey + subject.uniform(0.18, 0.4))
    : Math.max(0.02, grey - subject.uniform(0.15, 0.3));
  const area = region(scene, blob(random, at, 0.25));
  if (subject.chance(0.4)) {
    const swelling = region(scene, blob(random, scaled(at, random.uniform(1.3, 1.8)), 0.3));
    canvas.paint(swelling, { tone: (tone + grey) / 2, edge: 2 });
    canvas.mark(subtract(swelling, area));
  }
  canvas.paint(area, { tone, edge: random.uniform(0.5, 2.5), texture: { plane: texture, amplitude: 0.1 } });
  if (subject.chance(0.3)) {
    const core = region(scene, blob(random, scaled(at, random.uniform(0.3, 0.6)), 0.3));
    canvas.paint(core, { tone: grey * 0.5, edge: 1.5, opacity: 0.8 });
  }
  canvas.target = canvas.mark(area);
}

/** A point given in the head's own half axes. */
function inHead(head: Placement, u: number, v: number): { x: number; y: number } {
  const cos = Math.cos(head.angle ?? 0);
  const sin = Math.sin(head.angle ?? 0);
  return {
    x: head.x + u * head.rx * cos - v * head.ry * sin,
    y: head.y + u * head.rx * sin + v * head.ry * cos,
  };
}
