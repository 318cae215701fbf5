import type { Random } from '../../random';
import { acquire } from '../acquisition';
import { Canvas, type Paint } from '../canvas';
import { blob, crescent, ellipse, polygon, superellipse, tube, wander, type Placement } from '../contours';
import type { Contour } from '../region';
import { region, type Family, type Scene } from '../scene';
import { anyTexture, type Texture } from '../textures';

/** A picture's noise, and with it the least contrast at which an object can still be seen. */
interface Look {
  readonly coloured: boolean;
  readonly noise: number;
  readonly leastContrast: number;
  readonly textures: readonly Texture[];
}

/** Organ-like shapes of every kind on any background: the family that teaches "the thing under the click". */
export const shapes: Family = (scene) => {
  const { random, width, height } = scene;
  const look = drawLook(scene);
  const canvas = new Canvas(width, height, look.coloured ? 3 : 1);
  canvas.background(anyTone(random, canvas.channels), {
    plane: random.pick(look.textures),
    amplitude: random.uniform(0, 0.12),
  });
  for (let i = random.integer(4); i > 0; i--) drawBackdrop(scene, canvas, look);
  for (let i = 2 + random.integer(5); i > 0; i--) drawObject(scene, canvas, look);
  canvas.target = canvas.objectCount;
  acquire(canvas, random, {
    bias: random.chance(0.5) ? random.uniform(0, 0.35) : 0,
    blur: random.chance(0.4) ? random.integer(3) : 0,
    noise: look.noise,
    noiseKind: random.chance(0.3) ? 'rician' : 'gaussian',
    speckle: random.chance(0.2) ? random.uniform(0, 0.35) : 0,
  });
  return canvas;
};

function drawLook({ random, width, height }: Scene): Look {
  const noise = random.chance(0.7) ? random.logUniform(0.004, 0.09) : 0;
  return {
    coloured: random.chance(0.35),
    noise,
    leastContrast: 0.07 + noise,
    textures: [anyTexture(random, width, height), anyTexture(random, width, height)],
  };
}

function anyTone(random: Random, channels: number): number[] {
  const grey = random.uniform(0, 0.85);
  return Array.from({ length: channels }, () => grey + (channels === 3 ? random.uniform(-0.2, 0.25) : 0));
}

/** A large soft change of the background: contrast without an object. */
function drawBackdrop(scene: Scene, canvas: Canvas, look: Look): void {
  const { random, unit } = scene;
  const at = place(scene, random.uniform(0.3, 0.9) * unit);
  canvas.paint(region(scene, blob(random, at, 0.3)), {
    mode: 'add',
    tone: random.uniform(-0.12, 0.12),
    edge: unit * random.uniform(0.05, 0.15),
    texture: { plane: random.pick(look.textures), amplitude: random.uniform(0, 0.05) },
  });
}

function place({ random, width, height }: Scene, radius: number): Placement {
  const stretch = random.logUniform(1, 2.4);
  // Now and then the picture's edge cuts it off.
  const margin = random.chance(0.25) ? 0.05 : -0.15;
  return {
    x: random.uniform(-margin, 1 + margin) * width,
    y: random.uniform(-margin, 1 + margin) * height,
    rx: radius * Math.sqrt(stretch),
    ry: radius / Math.sqrt(stretch),
    angle: random.uniform(0, Math.PI),
  };
}

/** One or two objects: a plain shape, a ring with its cavity, or a shape within a shape. */
function drawObject(scene: Scene, canvas: Canvas, look: Look): void {
  const { random, unit } = scene;
  const radius = random.logUniform(0.035, 0.42) * unit;
  const at = place(scene, radius);
  const outline = anyOutline(random, at, unit);
  paintContrasting(scene, canvas, look, outline);
  if (!outline.around || radius < 0.07 * unit || !random.chance(0.35)) return;
  const scale = random.uniform(0.35, 0.82);
  const shift = () => random.uniform(-0.5, 0.5) * (1 - scale) * at.ry;
  const within = { ...at, x: at.x + shift(), y: at.y + shift(), rx: at.rx * scale, ry: at.ry * scale };
  paintContrasting(scene, canvas, look, { contour: blob(random, within, 0.08), around: within });
}

interface Outline {
  readonly contour: Contour;
  /** Where the shape stands if it lies all around a centre: it can have a rim, and hold another. */
  readonly around: Placement | null;
}

function anyOutline(random: Random, at: Placement, unit: number): Outline {
  const kind = random.next();
  if (kind < 0.2) return { contour: ellipse(at), around: at };
  if (kind < 0.55) return { contour: blob(random, at, random.uniform(0.05, 0.4), 3 + random.integer(9)), around: at };
  if (kind < 0.65) return { contour: superellipse(at, random.logUniform(0.9, 5)), around: at };
  if (kind < 0.75) return { contour: polygon(random, at, 3 + random.integer(7), random.uniform(0, 0.7)), around: at };
  if (kind < 0.87) {
    const half = Math.min(at.ry * 0.5, unit * random.uniform(0.02, 0.07));
    const taper = random.uniform(0, 0.6);
    const path = wander(random, at, at.angle ?? 0, 20, (at.rx * 2.4) / 20, 0.22);
    return { contour: tube(path, (t) => half * (1 - taper * t)), around: null };
  }
  const start = random.uniform(0, 2 * Math.PI);
  const contour = crescent(at, start, start + random.uniform(1.6, 4.5), random.uniform(0.25, 0.6));
  return { contour, around: null };
}

/** Paints an object that differs from what lies below it in tone, in texture only, or by nothing but its rim. */
function paintContrasting(scene: Scene, canvas: Canvas, look: Look, { contour, around }: Outline): void {
  const { random, unit } = scene;
  const area = region(scene, contour);
  if (area.inside.length === 0) return;
  const below = canvas.mean(area);
  const kind = random.next();
  const byTexture = kind < 0.08;
  const byRim = around !== null && kind > 0.9;
  const contrast = byTexture || byRim ? random.uniform(0, 0.03) : random.logUniform(look.leastContrast, 0.65);
  const amplitude = byTexture
    ? random.uniform(0.15, 0.3) + look.noise
    : random.chance(0.6)
      ? random.uniform(0, 0.6) * contrast
      : 0;
  const paint: Paint = {
    tone: contrasting(random, below, contrast),
    edge: random.chance(0.4) ? random.logUniform(0.7, Math.max(0.8, unit * 0.012)) : 0,
    texture: { plane: random.pick(look.textures), amplitude },
  };
  canvas.paintObject(area, paint);
  if (around && (byRim || random.chance(0.15))) paintRim(scene, canvas, contour, around, below, look);
}

/** A capsule: the object's own border in another tone. */
function paintRim(
  scene: Scene,
  canvas: Canvas,
  contour: Contour,
  centre: Placement,
  below: readonly number[],
  look: Look,
): void {
  const { random } = scene;
  const scale = random.uniform(0.82, 0.95);
  const inner = contour.map((value, i) => {
    const middle = i % 2 ? centre.y : centre.x;
    return middle + (value - middle) * scale;
  });
  const rim = region(scene, contour, inner);
  canvas.paint(rim, { tone: contrasting(random, below, random.uniform(look.leastContrast + 0.05, 0.5)) });
}

/** A tone that differs from `below` by `contrast`, on the side where there is room. */
function contrasting(random: Random, below: readonly number[], contrast: number): number[] {
  const mean = below.reduce((sum, value) => sum + value, 0) / below.length;
  const up = mean + contrast > 1 ? false : mean - contrast < 0 ? true : random.chance(0.5);
  const shift = up ? contrast : -contrast;
  return below.map((value) => {
    const hue = below.length === 3 ? random.uniform(-0.7, 0.7) * contrast : 0;
    return Math.min(1, Math.max(0, value + shift + hue));
  });
}
