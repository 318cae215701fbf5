import type { Random } from '../../random';
import { acquire } from '../acquisition';
import { Canvas } from '../canvas';
import { arc, superellipse, tube, type Placement, type Point } from '../contours';
import type { Contour } from '../region';
import { region, type Family, type Scene } from '../scene';
import { fractalNoise, valueNoise, type Texture } from '../textures';

/** Measures of one spine, shared by the pictures of a subject. Fractions of the picture's shorter side. */
interface Spine {
  readonly bodyWidth: number;
  readonly bodyHeight: number;
  readonly disc: number;
  readonly canal: number;
  readonly process: number;
  readonly bow: number;
  readonly mirrored: boolean;
  readonly body: number;
  readonly arch: number;
  readonly soft: number;
  readonly fluid: number;
}

/**
 * A sagittal slice of a spine. The target is one whole vertebra: its body *and* the spinous process behind the canal,
 * darker than the body and joined to it by a thin arch only. Nothing in a picture says that the two belong together:
 * a model must be taught it, which is why no other family draws such a thing and pre-training never draws this one.
 */
export const vertebrae: Family = (scene) => {
  const { random, subject, width, height, unit } = scene;
  const canvas = new Canvas(width, height, 1);
  const spine = drawSpine(subject);
  const clouds = fractalNoise(random, width, height, unit / 6, 4);
  const trabeculae = valueNoise(random, width, height, 3, 0.7);
  canvas.background(spine.soft, { plane: clouds, amplitude: 0.08 });
  const pitch = (spine.bodyHeight + spine.disc) * unit;
  const count = Math.ceil(height / pitch) + 1;
  const top = random.uniform(-0.6, 0.1) * pitch;
  const side = spine.mirrored ? -1 : 1;
  const centre = (i: number): Point => {
    const y = top + i * pitch;
    const t = y / height - 0.5;
    return { x: width * 0.5 - side * (0.12 * unit - spine.bow * unit * (1 - 4 * t * t)), y };
  };
  drawCanal(scene, canvas, spine, centre, count, side);
  const middle = Math.round((height * random.uniform(0.38, 0.62) - top) / pitch);
  for (let i = 0; i <= count; i++) {
    const before = centre(i - 1);
    const after = centre(i + 1);
    const tilt = Math.atan2(after.y - before.y, after.x - before.x) - Math.PI / 2;
    const label = drawVertebra(scene, canvas, spine, { ...centre(i), rx: 0, ry: 0, angle: tilt }, side, trabeculae);
    if (i === middle) canvas.target = label;
  }
  acquire(canvas, random, {
    bias: subject.uniform(0.1, 0.35),
    blur: subject.integer(2),
    noise: subject.uniform(0.02, 0.06),
    noiseKind: 'rician',
  });
  return canvas;
};

function drawSpine(subject: Random): Spine {
  const soft = subject.uniform(0.22, 0.36);
  return {
    bodyWidth: subject.uniform(0.17, 0.22),
    bodyHeight: subject.uniform(0.12, 0.16),
    disc: subject.uniform(0.03, 0.05),
    canal: subject.uniform(0.07, 0.09),
    process: subject.uniform(0.15, 0.2),
    bow: subject.uniform(-0.08, 0.08),
    mirrored: subject.chance(0.3),
    body: soft + subject.uniform(0.22, 0.4),
    arch: soft + subject.uniform(0.1, 0.16),
    soft,
    fluid: soft - subject.uniform(0.1, 0.18),
  };
}

/** The spinal canal: a dark band behind the bodies with the brighter cord in it. */
function drawCanal(
  scene: Scene,
  canvas: Canvas,
  spine: Spine,
  centre: (i: number) => Point,
  count: number,
  side: number,
): void {
  const { unit } = scene;
  const behind = (spine.bodyWidth / 2 + spine.canal / 2) * unit * side;
  const path = Array.from({ length: count + 3 }, (_, i) => {
    const { x, y } = centre(i - 1);
    return { x: x + behind, y };
  });
  canvas.paint(
    region(
      scene,
      tube(path, () => spine.canal * 0.5 * unit),
    ),
    { tone: spine.fluid, edge: 1 },
  );
  canvas.paint(
    region(
      scene,
      tube(path, () => spine.canal * 0.22 * unit),
    ),
    { tone: spine.soft + 0.1, edge: 1 },
  );
}

/** Draws one vertebra, `at` the centre of its body, and returns its number. */
function drawVertebra(
  scene: Scene,
  canvas: Canvas,
  spine: Spine,
  at: Placement,
  side: number,
  texture: Texture,
): number {
  const { random, unit } = scene;
  const angle = (at.angle ?? 0) + random.uniform(-0.04, 0.04);
  const body: Placement = {
    x: at.x,
    y: at.y,
    rx: (spine.bodyWidth / 2) * unit * random.uniform(0.95, 1.05),
    ry: (spine.bodyHeight / 2) * unit * random.uniform(0.94, 1.04),
    angle,
  };
  const process = processOutline(random, spine, body, side, unit);
  const link = archOutline(spine, body, side, unit);
  const bodyRegion = region(scene, superellipse(body, 4));
  const linkRegion = region(scene, link);
  const processRegion = region(scene, process);
  canvas.paint(linkRegion, { tone: spine.arch, edge: 1, opacity: 0.6 });
  canvas.paint(processRegion, { tone: spine.arch, edge: 1, texture: { plane: texture, amplitude: 0.05 } });
  canvas.paint(bodyRegion, { tone: spine.body, edge: 1, texture: { plane: texture, amplitude: 0.07 } });
  const label = canvas.mark(linkRegion);
  canvas.relabel(processRegion, label);
  canvas.relabel(bodyRegion, label);
  return label;
}

/** The spinous process: a blade that slants down from behind the canal, thicker at its end. */
function processOutline(random: Random, spine: Spine, body: Placement, side: number, unit: number): Contour {
  const start = behind(body, side, (spine.bodyWidth / 2 + spine.canal) * unit, 0.1 * spine.bodyHeight * unit);
  const length = spine.process * unit * random.uniform(0.92, 1.08);
  const drop = spine.bodyHeight * unit * 0.55;
  const end = behind(
    body,
    side,
    (spine.bodyWidth / 2 + spine.canal) * unit + length,
    0.1 * spine.bodyHeight * unit + drop,
  );
  const half = spine.bodyHeight * unit * 0.27;
  return tube(
    arc(start, end, -side * 0.06),
    (t) => half * (0.8 + 0.35 * t) * Math.min(1, 5.5 * (1.03 - t), 0.5 + 6 * t),
  );
}

/** The arch that crosses the canal from body to process. */
function archOutline(spine: Spine, body: Placement, side: number, unit: number): Contour {
  const a = behind(body, side, (spine.bodyWidth / 2) * unit * 0.9, -0.1 * spine.bodyHeight * unit);
  const b = behind(body, side, (spine.bodyWidth / 2 + spine.canal * 1.15) * unit, 0.1 * spine.bodyHeight * unit);
  return tube(arc(a, b, 0), () => spine.bodyHeight * unit * 0.13);
}

/** The point `back` pixels behind the body's centre and `down` below it, in the body's own directions. */
function behind(body: Placement, side: number, back: number, down: number): Point {
  const cos = Math.cos(body.angle ?? 0);
  const sin = Math.sin(body.angle ?? 0);
  const x = side * back;
  return { x: body.x + x * cos - down * sin, y: body.y + x * sin + down * cos };
}
