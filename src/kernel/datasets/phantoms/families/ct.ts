import { acquire } from '../acquisition';
import { Canvas } from '../canvas';
import { blob, ellipse, superellipse, type Placement } from '../contours';
import { region, type Family, type Scene } from '../scene';
import { fractalNoise, type Texture } from '../textures';

/** An organ of the slice: where it lies in the body (fractions of the body's half axes), how large, how bright. */
interface Organ {
  readonly x: number;
  readonly y: number;
  readonly rx: number;
  readonly ry: number;
  readonly tone: number;
  readonly roughness: number;
  /** How often a slice shows it. */
  readonly presence: number;
}

/** An axial slice of an abdomen: fat, muscle wall, liver, spleen, kidneys, stomach, bowel, spine, great vessels. */
export const ct: Family = (scene) => {
  const { random, subject, width, height, unit } = scene;
  const canvas = new Canvas(width, height, 1);
  const texture = fractalNoise(random, width, height, unit / 20, 3);
  const scale = unit * subject.uniform(0.38, 0.52) * subject.logUniform(0.85, 1.5);
  const body: Placement = {
    x: width * (0.5 + random.uniform(-0.04, 0.04)),
    y: height * (0.5 + random.uniform(-0.04, 0.04)),
    rx: scale,
    ry: scale * subject.uniform(0.65, 0.9),
    angle: random.uniform(-0.12, 0.12),
  };
  const fat = subject.uniform(0.1, 0.4);
  const soft = fat + subject.uniform(0.1, 0.3);
  canvas.background(subject.uniform(0, 0.06));
  canvas.paint(region(scene, superellipse(body, 2.3)), {
    tone: fat,
    edge: 1,
    texture: { plane: texture, amplitude: 0.02 },
  });
  const wall = { ...body, rx: body.rx * subject.uniform(0.82, 0.93), ry: body.ry * subject.uniform(0.78, 0.92) };
  canvas.paint(region(scene, superellipse(wall, 2.3)), {
    tone: soft,
    edge: 1,
    texture: { plane: texture, amplitude: 0.02 },
  });
  const cavity = { ...wall, rx: wall.rx * 0.9, ry: wall.ry * 0.88 };
  canvas.paint(region(scene, blob(subject, cavity, 0.04)), {
    tone: fat * 1.05,
    edge: 1,
    texture: { plane: texture, amplitude: 0.04 },
  });
  drawOrgans(scene, canvas, cavity, fat, soft, texture);
  drawSpine(scene, canvas, cavity, soft);
  acquire(canvas, random, {
    bias: subject.chance(0.4) ? subject.uniform(0, 0.25) : 0,
    blur: subject.integer(2),
    noise: subject.logUniform(0.005, 0.06),
    noiseKind: subject.chance(0.4) ? 'rician' : 'gaussian',
  });
  return canvas;
};

function drawOrgans(
  scene: Scene,
  canvas: Canvas,
  cavity: Placement,
  fat: number,
  soft: number,
  texture: Texture,
): void {
  const { random, subject } = scene;
  const enhanced = () => soft + subject.uniform(0.02, 0.3);
  const organs: Organ[] = [
    {
      x: 0.05,
      y: -0.35,
      rx: 0.24,
      ry: 0.22,
      tone: subject.chance(0.4) ? 0.03 : enhanced(),
      roughness: 0.25,
      presence: 0.7,
    },
    { x: 0.62, y: 0.1, rx: 0.2, ry: 0.34, tone: enhanced(), roughness: 0.15, presence: 0.7 },
    { x: 0.48, y: 0.42, rx: 0.15, ry: 0.22, tone: enhanced() + 0.08, roughness: 0.1, presence: 0.75 },
    { x: -0.48, y: 0.44, rx: 0.15, ry: 0.22, tone: enhanced() + 0.08, roughness: 0.1, presence: 0.75 },
    { x: 0.02, y: 0.02, rx: 0.3, ry: 0.07, tone: enhanced(), roughness: 0.3, presence: 0.5 },
    {
      x: 0.2,
      y: -0.6,
      rx: 0.12,
      ry: 0.12,
      tone: subject.chance(0.5) ? 0.02 : enhanced(),
      roughness: 0.2,
      presence: 0.5,
    },
    {
      x: -0.12,
      y: -0.55,
      rx: 0.1,
      ry: 0.1,
      tone: subject.chance(0.5) ? 0.02 : enhanced(),
      roughness: 0.2,
      presence: 0.5,
    },
    { x: 0.08, y: 0.3, rx: 0.07, ry: 0.08, tone: enhanced() + 0.12, roughness: 0.03, presence: 0.9 },
    { x: -0.1, y: 0.28, rx: 0.08, ry: 0.07, tone: enhanced() + 0.06, roughness: 0.06, presence: 0.8 },
    { x: -0.45, y: -0.1, rx: 0.46, ry: 0.55, tone: enhanced(), roughness: 0.22, presence: 0.9 },
  ];
  for (const organ of organs) {
    if (!subject.chance(organ.presence)) continue;
    const at: Placement = {
      x: cavity.x + cavity.rx * (organ.x + random.uniform(-0.06, 0.06)),
      y: cavity.y + cavity.ry * (organ.y + random.uniform(-0.06, 0.06)),
      rx: cavity.rx * organ.rx * random.uniform(0.8, 1.2),
      ry: cavity.ry * organ.ry * random.uniform(0.8, 1.2),
      angle: random.uniform(-0.4, 0.4),
    };
    const visible = Math.abs(organ.tone - fat) < 0.06 ? fat + 0.08 : organ.tone;
    canvas.target = canvas.paintObject(region(scene, blob(subject, at, organ.roughness)), {
      tone: Math.min(1, visible),
      edge: random.uniform(0, 1.6),
      texture: { plane: texture, amplitude: subject.uniform(0, 0.07) },
    });
    if (organ.rx > 0.4 && subject.chance(0.4)) drawFocus(scene, canvas, at, visible);
  }
}

/** A round focus in a large organ: a cyst or a metastasis. */
function drawFocus(scene: Scene, canvas: Canvas, organ: Placement, tone: number): void {
  const { random } = scene;
  const radius = organ.rx * random.uniform(0.12, 0.3);
  const at = {
    x: organ.x + organ.rx * random.uniform(-0.4, 0.4),
    y: organ.y + organ.ry * random.uniform(-0.4, 0.4),
    rx: radius,
    ry: radius * random.uniform(0.8, 1.1),
  };
  const sign = random.chance(0.75) ? -1 : 1;
  canvas.paintObject(region(scene, blob(random, at, 0.1)), {
    tone: Math.max(0.02, Math.min(1, tone + sign * random.uniform(0.1, 0.25))),
    edge: random.uniform(0, 2),
  });
}

function drawSpine(scene: Scene, canvas: Canvas, cavity: Placement, soft: number): void {
  const { subject } = scene;
  const bone = Math.min(1, soft + subject.uniform(0.2, 0.5));
  const size = cavity.rx * subject.uniform(0.14, 0.2);
  const at = { x: cavity.x, y: cavity.y + cavity.ry * 0.72, rx: size, ry: size * 0.8 };
  canvas.paintObject(region(scene, superellipse(at, 2.6)), { tone: bone, edge: 1 });
  const canal = { ...at, y: at.y + size * 1.05, rx: size * 0.42, ry: size * 0.36 };
  const arch = { ...canal, rx: size * 0.75, ry: size * 0.6 };
  canvas.paint(region(scene, ellipse(arch)), { tone: bone, edge: 1 });
  canvas.relabel(region(scene, ellipse(arch)), 0);
  canvas.paintObject(region(scene, ellipse(canal)), { tone: soft * 0.9, edge: 1 });
  for (const side of [-1, 1]) {
    const muscle = { x: at.x + side * size * 1.6, y: canal.y, rx: size * 1.1, ry: size * 0.75, angle: side * 0.2 };
    canvas.paintObject(region(scene, blob(subject, muscle, 0.1)), { tone: soft * 1.05 + 0.04, edge: 1 });
  }
}
