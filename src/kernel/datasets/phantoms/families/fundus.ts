import type { Random } from '../../random';
import { acquire } from '../acquisition';
import { Canvas } from '../canvas';
import { blob, ellipse, tube, wander, type Placement, type Point } from '../contours';
import { outside, region, type Family, type Scene } from '../scene';
import { fractalNoise } from '../textures';

/** A photograph of the retina: an orange field, a bright optic disc, vessels that leave it, a dark macula, lesions. */
export const fundus: Family = (scene) => {
  const { random, subject, width, height, unit } = scene;
  const canvas = new Canvas(width, height, 3);
  const light = subject.uniform(0.4, 0.95);
  const green = subject.uniform(0.3, 0.62);
  const retina = [light, light * green, light * green * subject.uniform(0.1, 0.7)];
  const clouds = fractalNoise(random, width, height, unit / 4, 4);
  canvas.background(retina, { plane: clouds, amplitude: subject.uniform(0.02, 0.08) });
  const field: Placement = {
    x: width * 0.5,
    y: height * 0.5,
    rx: unit * subject.uniform(0.46, 0.68),
    ry: unit * subject.uniform(0.46, 0.68),
  };
  const round = { ...field, ry: field.rx };
  const side = random.chance(0.5) ? 1 : -1;
  const radius = round.rx * subject.uniform(0.1, 0.24);
  const disc: Placement = {
    x: round.x + side * round.rx * random.uniform(0.1, 0.78),
    y: round.y + round.rx * random.uniform(-0.22, 0.22),
    rx: radius * subject.uniform(0.85, 1.02),
    ry: radius,
    angle: subject.uniform(-0.3, 0.3),
  };
  drawMacula(scene, canvas, { x: disc.x - side * round.rx * 0.85, y: disc.y + 0.1 * radius }, round.rx * 0.22, retina);
  const exudates = subject.chance(0.4);
  if (exudates) drawExudates(random, scene, canvas, round);
  drawDisc(scene, canvas, disc, retina);
  drawVessels(scene, canvas, disc, round, retina);
  const corners = outside(scene, ellipse(round));
  canvas.paint(corners, { tone: [0.01, 0.01, 0.01], edge: 1 });
  canvas.relabel(corners, 0);
  acquire(canvas, random, {
    bias: subject.uniform(0.1, 0.4),
    blur: subject.integer(3) === 2 ? 1 : 0,
    noise: subject.logUniform(0.003, 0.025),
  });
  return canvas;
};

function drawMacula(scene: Scene, canvas: Canvas, at: Point, radius: number, retina: readonly number[]): void {
  const area = region(scene, ellipse({ ...at, rx: radius, ry: radius }));
  canvas.paint(area, {
    tone: retina.map((value) => value * 0.6),
    edge: radius * 0.35,
    opacity: scene.subject.uniform(0.3, 0.9),
  });
}

/** The disc with its pale cup; both are the disc, the cup is an object of its own only where it stands out. */
function drawDisc(scene: Scene, canvas: Canvas, disc: Placement, retina: readonly number[]): void {
  const { subject, random } = scene;
  const halo = subject.uniform(0, 0.5);
  const glow = subject.uniform(0.15, 0.45);
  const tone = [
    Math.min(1, retina[0] + glow * 0.7),
    Math.min(1, retina[1] + glow * 1.1),
    Math.min(1, retina[2] + glow * subject.uniform(0.3, 1)),
  ];
  canvas.paint(region(scene, ellipse({ ...disc, rx: disc.rx * 1.4, ry: disc.ry * 1.4 })), {
    tone,
    edge: disc.rx * 0.35,
    opacity: halo * 0.6,
  });
  const area = region(scene, blob(subject, disc, 0.05));
  canvas.paint(area, { tone, edge: random.uniform(0, 0.1) * disc.rx + 0.6 });
  const cup = { ...disc, rx: disc.rx * subject.uniform(0.25, 0.6), ry: disc.ry * subject.uniform(0.25, 0.6) };
  canvas.paint(region(scene, ellipse(cup)), {
    tone: tone.map((value) => Math.min(1, value + 0.18)),
    edge: 1 + disc.rx * 0.1,
    opacity: subject.uniform(0, 0.9),
  });
  canvas.target = canvas.mark(area);
}

/** Four arcades and their branches, darker than the retina; over the disc they hide nothing of it. */
function drawVessels(scene: Scene, canvas: Canvas, disc: Placement, field: Placement, retina: readonly number[]): void {
  const { random, subject } = scene;
  const dark = subject.uniform(0.4, 0.8);
  const tone = [retina[0] * Math.min(1, dark + 0.15), retina[1] * dark * 0.8, retina[2] * dark];
  const half = field.rx * subject.uniform(0.008, 0.017);
  for (const base of [-0.9, -2.2, 0.9, 2.2]) {
    for (let twin = 0; twin < 2; twin++) {
      const heading = base + random.uniform(-0.35, 0.35);
      const path = wander(random, disc, heading, 26, field.rx * 0.055, 0.14);
      const width = half * (twin === 0 ? 1 : 0.7);
      drawVessel(scene, canvas, path, width, tone);
      for (let branch = 1 + random.integer(3); branch > 0; branch--) {
        const at = path[5 + random.integer(16)];
        const turned = heading + random.uniform(-1.2, 1.2);
        drawVessel(scene, canvas, wander(random, at, turned, 16, field.rx * 0.035, 0.2), width * 0.6, tone);
      }
    }
  }
}

function drawVessel(scene: Scene, canvas: Canvas, path: readonly Point[], half: number, tone: readonly number[]): void {
  const band = region(
    scene,
    tube(path, (t) => Math.max(0.35, half * (1 - 0.65 * t))),
  );
  canvas.paint(band, { tone, opacity: 0.75 });
}

/** Yellow deposits and dark bleedings; the larger ones are objects. */
function drawExudates(random: Random, scene: Scene, canvas: Canvas, field: Placement): void {
  const cx = field.x + random.uniform(-0.4, 0.4) * field.rx;
  const cy = field.y + random.uniform(-0.4, 0.4) * field.rx;
  const bleeding = random.chance(0.4);
  for (let i = 3 + random.integer(18); i > 0; i--) {
    const radius = field.rx * random.logUniform(0.008, 0.06);
    const at = {
      x: cx + random.normal() * 0.2 * field.rx,
      y: cy + random.normal() * 0.2 * field.rx,
      rx: radius,
      ry: radius * random.uniform(0.5, 1),
      angle: random.uniform(0, 3),
    };
    const area = region(scene, blob(random, at, 0.3));
    const paint = { tone: bleeding ? [0.4, 0.08, 0.04] : [0.95, 0.85, 0.45], edge: 0, opacity: 0.85 };
    if (radius > field.rx * 0.03) canvas.paintObject(area, paint);
    else canvas.paint(area, paint);
  }
}
