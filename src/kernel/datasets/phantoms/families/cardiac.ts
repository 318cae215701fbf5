import type { Random } from '../../random';
import { acquire } from '../acquisition';
import { Canvas } from '../canvas';
import { arc, blob, crescent, ellipse, tube, type Placement } from '../contours';
import { subtract } from '../region';
import { outside, region, type Family, type Scene } from '../scene';
import { fractalNoise, type Texture } from '../textures';

interface Tissue {
  readonly blood: number;
  readonly muscle: number;
  readonly fat: number;
  readonly lung: number;
  readonly organ: number;
}

/** A short-axis cine MR picture of the heart: bright blood in both ventricles, a darker wall, lungs, fat, liver. */
export const cardiac: Family = (scene) => {
  const { random, subject, width, height, unit } = scene;
  const canvas = new Canvas(width, height, 1);
  const texture = fractalNoise(random, width, height, unit / 14, 3);
  const tissue: Tissue = {
    blood: subject.uniform(0.55, 0.95),
    muscle: subject.uniform(0.15, 0.36),
    fat: subject.uniform(0.6, 1),
    lung: subject.uniform(0, 0.1),
    organ: subject.uniform(0.3, 0.55),
  };
  const zoom = subject.logUniform(0.55, 1.5);
  drawChest(scene, canvas, tissue, texture, zoom);
  drawHeart(scene, canvas, tissue, texture, zoom);
  if (subject.chance(0.5)) cutFieldOfView(scene, canvas);
  dim(canvas, subject.logUniform(0.35, 1.1));
  acquire(canvas, random, {
    bias: subject.uniform(0.1, 0.45),
    blur: subject.integer(2),
    noise: subject.logUniform(0.004, 0.035),
    noiseKind: 'rician',
  });
  return canvas;
};

function drawChest(scene: Scene, canvas: Canvas, tissue: Tissue, texture: Texture, zoom: number): void {
  const { random, subject, width, height, unit } = scene;
  const x = width * (0.5 + random.uniform(-0.06, 0.06));
  const y = height * (0.5 + random.uniform(-0.06, 0.06));
  const at: Placement = { x, y, rx: 0.62 * unit * zoom, ry: 0.5 * unit * zoom, angle: subject.uniform(-0.4, 0.4) };
  const inner = { ...at, rx: at.rx * 0.92, ry: at.ry * 0.9 };
  canvas.paint(region(scene, blob(subject, at, 0.08)), {
    tone: tissue.fat,
    edge: 1,
    texture: { plane: texture, amplitude: 0.12 },
  });
  canvas.paint(region(scene, blob(subject, inner, 0.08)), {
    tone: tissue.muscle * 0.9,
    edge: 1,
    texture: { plane: texture, amplitude: 0.07 },
  });
  const shift = 0.3 * unit * zoom;
  for (const side of [-1, 1]) {
    const lung = {
      x: x + side * shift + random.uniform(-0.05, 0.05) * unit,
      y: y - 0.08 * unit * zoom,
      rx: 0.24 * unit * zoom,
      ry: 0.3 * unit * zoom,
    };
    canvas.paintObject(region(scene, blob(subject, lung, 0.2)), {
      tone: tissue.lung,
      edge: 1,
      texture: { plane: texture, amplitude: 0.03 },
    });
  }
  drawNeighbours(scene, canvas, tissue, texture, { x, y, rx: shift, ry: shift });
  const liver = { x: x - 0.2 * unit * zoom, y: y + 0.36 * unit * zoom, rx: 0.33 * unit * zoom, ry: 0.16 * unit * zoom };
  canvas.paintObject(region(scene, blob(subject, liver, 0.2)), {
    tone: tissue.organ,
    edge: 1,
    texture: { plane: texture, amplitude: 0.06 },
  });
  const vessel = {
    x: x + 0.05 * unit * zoom,
    y: y + 0.36 * unit * zoom,
    rx: 0.035 * unit * zoom,
    ry: 0.035 * unit * zoom,
  };
  canvas.paintObject(region(scene, ellipse(vessel)), { tone: tissue.blood * 0.9, edge: 1 });
}

/** Stomach, bowel, vessels, fat: what else a slice meets, by no plan. The rounder ones are objects. */
function drawNeighbours(scene: Scene, canvas: Canvas, tissue: Tissue, texture: Texture, around: Placement): void {
  const { random, subject } = scene;
  for (let i = subject.integer(7); i > 0; i--) {
    const radius = around.rx * random.logUniform(0.1, 0.5);
    const aspect = random.logUniform(0.5, 2);
    const at: Placement = {
      x: around.x + around.rx * random.uniform(-1.4, 1.4),
      y: around.y + around.ry * random.uniform(-1, 1.4),
      rx: radius * aspect,
      ry: radius / aspect,
      angle: random.uniform(0, Math.PI),
    };
    const area = region(scene, blob(random, at, random.uniform(0.05, 0.35)));
    const tone = random.pick([tissue.lung, tissue.organ, tissue.blood, tissue.fat, tissue.muscle * 1.3]);
    const paint = {
      tone: tone * random.uniform(0.8, 1.1),
      edge: random.uniform(0.5, 3),
      texture: { plane: texture, amplitude: 0.08 },
    };
    if (Math.abs(canvas.mean(area)[0] - paint.tone) > 0.12) canvas.paintObject(area, paint);
    else canvas.paint(area, paint);
  }
}

/** Right ventricle, wall and left ventricle; the papillary muscles are dark spots that belong to the cavity. */
function drawHeart(scene: Scene, canvas: Canvas, tissue: Tissue, texture: Texture, zoom: number): void {
  const { random, subject, width, height, unit } = scene;
  const contraction = random.uniform(0.6, 1.05);
  const cavity = unit * zoom * subject.uniform(0.055, 0.12) * contraction;
  const wall = unit * zoom * subject.uniform(0.03, 0.055) * (1.25 - 0.3 * contraction);
  const angle = subject.uniform(0, Math.PI);
  const aspect = subject.uniform(0.85, 1.15);
  const x = width * (0.5 + random.uniform(-0.12, 0.12));
  const y = height * (0.5 + random.uniform(-0.12, 0.12));
  const outer: Placement = { x, y, rx: (cavity + wall) * aspect, ry: (cavity + wall) / aspect, angle };
  const fatPad = { ...outer, x: x - cavity * 0.5, rx: outer.rx * 1.9, ry: outer.ry * 1.4, angle: 0 };
  const around = region(scene, blob(subject, fatPad, 0.15));
  canvas.relabel(around, 0);
  canvas.paint(around, {
    tone: tissue.muscle * subject.uniform(0.6, 1.5),
    edge: 2,
    texture: { plane: texture, amplitude: 0.08 },
  });
  const facing = Math.PI + subject.uniform(-0.7, 0.7);
  const right = {
    ...outer,
    x: x + cavity * 0.55 * Math.cos(facing),
    rx: outer.rx * 1.55,
    ry: outer.ry * 1.25,
    angle: 0,
  };
  const rightVentricle = region(scene, crescent(right, facing - 1.3, facing + 1.3, 0.75));
  const wallOutline = blob(subject, outer, 0.05);
  const inner = { ...outer, rx: cavity * aspect, ry: cavity / aspect };
  const cavityRegion = region(scene, blob(subject, inner, 0.08));
  const bloodTexture = { plane: texture, amplitude: 0.08 };
  canvas.paintObject(rightVentricle, { tone: tissue.blood * subject.uniform(0.85, 1), edge: 1, texture: bloodTexture });
  const muscle = region(scene, wallOutline);
  canvas.paint(muscle, { tone: tissue.muscle, edge: 1, texture: { plane: texture, amplitude: 0.04 } });
  canvas.mark(subtract(muscle, cavityRegion));
  canvas.paint(cavityRegion, { tone: tissue.blood, edge: 1, texture: bloodTexture });
  drawPapillaryMuscles(random, scene, canvas, inner, tissue);
  canvas.target = canvas.mark(cavityRegion);
}

function drawPapillaryMuscles(random: Random, scene: Scene, canvas: Canvas, inner: Placement, tissue: Tissue): void {
  for (let i = random.integer(4); i > 0; i--) {
    const theta = random.uniform(0, 2 * Math.PI);
    const spot = {
      x: inner.x + inner.rx * 0.55 * Math.cos(theta),
      y: inner.y + inner.ry * 0.55 * Math.sin(theta),
      rx: inner.rx * random.uniform(0.1, 0.24),
      ry: inner.ry * random.uniform(0.1, 0.24),
    };
    canvas.paint(region(scene, ellipse(spot)), { tone: tissue.muscle, edge: 1, opacity: random.uniform(0.4, 0.95) });
  }
  if (!random.chance(0.3)) return;
  const cord = arc({ x: inner.x - inner.rx, y: inner.y }, { x: inner.x, y: inner.y + inner.ry * 0.6 }, 0.2);
  canvas.paint(
    region(
      scene,
      tube(cord, () => inner.rx * 0.07),
    ),
    { tone: tissue.muscle, opacity: 0.6 },
  );
}

/** The black rim of a picture whose reconstructed field is a circle. */
function cutFieldOfView(scene: Scene, canvas: Canvas): void {
  const { subject, width, height, unit } = scene;
  const radius = unit * subject.uniform(0.42, 0.62);
  const circle = { x: width * 0.5, y: height * 0.5, rx: radius, ry: radius };
  const corners = outside(scene, ellipse(circle));
  canvas.paint(corners, { tone: 0 });
  canvas.relabel(corners, 0);
}

/** A window chosen for the brightest fat leaves the rest dark. */
function dim(canvas: Canvas, factor: number): void {
  for (const plane of canvas.planes) for (let i = 0; i < plane.length; i++) plane[i] *= factor;
}
