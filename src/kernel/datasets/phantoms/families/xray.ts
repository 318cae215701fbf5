import { acquire } from '../acquisition';
import { Canvas } from '../canvas';
import { arc, blob, ellipse, polar, rectangle, tube, wobble, type Placement } from '../contours';
import type { Contour } from '../region';
import { outside, region, type Family, type Scene } from '../scene';
import { fractalNoise, type Texture } from '../textures';

/** A frontal chest radiograph: two dark lungs crossed by ribs, heart, spine, diaphragm, clavicles, markers. */
export const xray: Family = (scene) => {
  const { random, subject, width, height, unit } = scene;
  const canvas = new Canvas(width, height, 1);
  const clouds = fractalNoise(random, width, height, unit / 8, 4);
  const tissue = subject.uniform(0.5, 0.85);
  const air = tissue - subject.uniform(0.2, 0.48);
  const middle = { x: width * (0.5 + random.uniform(-0.04, 0.04)), y: height * (0.47 + random.uniform(-0.05, 0.05)) };
  const scale = unit * subject.uniform(0.8, 1.15);
  canvas.background(subject.uniform(0, 0.3));
  const trunk: Placement = { ...middle, y: middle.y + 0.15 * scale, rx: 0.56 * scale, ry: 0.62 * scale };
  canvas.paint(region(scene, blob(subject, trunk, 0.06)), {
    tone: tissue,
    edge: unit * 0.02,
    texture: { plane: clouds, amplitude: 0.05 },
  });
  drawNeckAndShoulders(scene, canvas, middle.x, middle.y, scale, tissue);
  const lungs = drawLungs(scene, canvas, middle.x, middle.y, scale, tissue, air, clouds);
  drawSpineAndHeart(scene, canvas, middle.x, middle.y, scale, tissue);
  drawRibs(scene, canvas, middle.x, middle.y, scale);
  canvas.target = lungs;
  if (subject.chance(0.6)) drawMarkers(scene, canvas);
  if (subject.chance(0.25)) drawCollimator(scene, canvas);
  acquire(canvas, random, {
    bias: subject.uniform(0, 0.2),
    blur: subject.integer(2),
    noise: subject.logUniform(0.003, 0.03),
  });
  return canvas;
};

/** A lung's outline: a dome above, a straight inner side with room for the heart, a hollow base. `side` −1 left of the picture. */
function lungOutline(scene: Scene, at: Placement, side: number, heart: number): Contour {
  const bumps = wobble(scene.subject, 0.07, 5);
  return polar(at, (theta) => {
    const across = Math.cos(theta) * side;
    const down = Math.sin(theta);
    const box = (Math.abs(across) ** 2.6 + Math.abs(down) ** 2.2) ** (-1 / 2.4);
    const apex = down < 0 ? 1 - 0.2 * Math.max(0, across) * -down : 1;
    const inner = across < 0 && down > -0.1 ? 1 - heart * -across * (0.4 + down) : 1;
    const corner = down > 0 && across > 0 ? 1 + 0.22 * down * across : 1;
    const base = down > 0 ? 1 - 0.16 * down ** 6 : 1;
    return box * apex * inner * corner * base * bumps(theta);
  });
}

/** Draws both lungs, each an object of its own, and returns the number of the one on the picture's left. */
function drawLungs(
  scene: Scene,
  canvas: Canvas,
  x: number,
  y: number,
  scale: number,
  tissue: number,
  air: number,
  clouds: Texture,
): number {
  const { subject, random } = scene;
  const gap = scale * subject.uniform(0.19, 0.24);
  const breath = random.uniform(0.9, 1.08);
  let first = 0;
  for (const side of [-1, 1]) {
    const at: Placement = {
      x: x + side * gap,
      y: y + scale * subject.uniform(-0.02, 0.03),
      rx: scale * subject.uniform(0.135, 0.18),
      ry: scale * subject.uniform(0.27, 0.35) * breath,
      angle: side * -subject.uniform(0.02, 0.14),
    };
    const label = canvas.paintObject(region(scene, lungOutline(scene, at, side, side < 0 ? 0.2 : 0.55)), {
      tone: air + subject.uniform(-0.03, 0.03),
      edge: scale * subject.uniform(0.002, 0.012),
      texture: { plane: clouds, amplitude: subject.uniform(0.03, 0.1) },
    });
    if (first === 0) first = label;
    drawBronchi(scene, canvas, at, side);
    drawDiaphragm(scene, canvas, at, side, tissue);
  }
  return first;
}

/** The dome below a lung: it hollows the lung's base and leaves a sharp corner at the outer side. */
function drawDiaphragm(scene: Scene, canvas: Canvas, lung: Placement, side: number, tissue: number): void {
  const { subject } = scene;
  const dome: Placement = {
    x: lung.x - side * lung.rx * subject.uniform(0.2, 0.45),
    y: lung.y + lung.ry * subject.uniform(1.2, 1.35),
    rx: lung.rx * subject.uniform(1.25, 1.6),
    ry: lung.ry * subject.uniform(0.42, 0.6),
    angle: side * subject.uniform(0, 0.2),
  };
  const area = region(scene, ellipse(dome));
  canvas.paint(area, { tone: Math.min(1, tissue + subject.uniform(-0.02, 0.08)), edge: lung.rx * 0.05 });
  canvas.relabel(area, 0);
  if (side < 0 || !subject.chance(0.3)) return;
  const gas = { x: dome.x, y: dome.y - dome.ry * 0.45, rx: lung.rx * 0.45, ry: lung.ry * 0.1 };
  canvas.paint(region(scene, blob(subject, gas, 0.2)), { tone: tissue - 0.2, edge: 2 });
}

/** The vessels that spread from the hilum: brighter strands within the lung. */
function drawBronchi(scene: Scene, canvas: Canvas, lung: Placement, side: number): void {
  const { random } = scene;
  const hilum = { x: lung.x - side * lung.rx * 0.7, y: lung.y + 0.05 * lung.ry };
  for (let i = 0; i < 7; i++) {
    const end = {
      x: lung.x + side * random.uniform(-0.3, 0.7) * lung.rx,
      y: lung.y + random.uniform(-0.8, 0.8) * lung.ry,
    };
    const strand = tube(arc(hilum, end, random.uniform(-0.15, 0.15)), (t) => lung.rx * 0.06 * (1 - 0.8 * t));
    canvas.paint(region(scene, strand), { mode: 'add', tone: random.uniform(0.03, 0.13), edge: 1 });
  }
}

function drawSpineAndHeart(scene: Scene, canvas: Canvas, x: number, y: number, scale: number, tissue: number): void {
  const { subject } = scene;
  const spine = tube(
    arc({ x, y: y - 0.6 * scale }, { x, y: y + 0.8 * scale }, subject.uniform(-0.02, 0.02)),
    () => scale * 0.055,
  );
  canvas.paint(region(scene, spine), { mode: 'add', tone: subject.uniform(0.03, 0.16), edge: scale * 0.01 });
  const heart = {
    x: x + 0.07 * scale,
    y: y + 0.17 * scale,
    rx: scale * subject.uniform(0.12, 0.17),
    ry: scale * 0.15,
    angle: 0.5,
  };
  const area = region(scene, blob(subject, heart, 0.08));
  const tone = Math.min(1, tissue + subject.uniform(0.02, 0.12));
  canvas.paint(area, { tone, edge: scale * 0.008 });
  canvas.relabel(area, 0);
  if (subject.chance(0.5)) canvas.mark(area);
}

/** Ribs add their density to all they cross; behind the lungs they are what a model must look through. */
function drawRibs(scene: Scene, canvas: Canvas, x: number, y: number, scale: number): void {
  const { subject } = scene;
  const density = subject.uniform(0.02, 0.14);
  const half = scale * subject.uniform(0.01, 0.018);
  const slope = subject.uniform(0.02, 0.14);
  for (const side of [-1, 1]) {
    for (let i = 0; i < 9; i++) {
      const top = y + scale * (-0.4 + i * 0.085);
      const reach = scale * (0.24 + 0.14 * Math.sin((Math.PI * (i + 2)) / 12));
      const a = { x: x + side * 0.05 * scale, y: top };
      const b = { x: x + side * reach, y: top + slope * scale };
      const rib = tube(arc(a, b, -side * 0.24), () => half);
      canvas.paint(region(scene, rib), { mode: 'add', tone: density, edge: 1 });
    }
  }
}

function drawNeckAndShoulders(scene: Scene, canvas: Canvas, x: number, y: number, scale: number, tissue: number): void {
  const { subject } = scene;
  const shoulders = { x, y: y - 0.36 * scale, rx: 0.62 * scale, ry: 0.2 * scale };
  const soft = { tone: tissue * subject.uniform(0.75, 1), edge: scale * 0.03 };
  canvas.paint(region(scene, blob(subject, shoulders, 0.06)), soft);
  canvas.paint(region(scene, rectangle({ x, y: y - 0.6 * scale, rx: 0.13 * scale, ry: 0.25 * scale })), soft);
  for (const side of [-1, 1]) {
    const clavicle = arc(
      { x: x + side * 0.05 * scale, y: y - 0.3 * scale },
      { x: x + side * 0.42 * scale, y: y - 0.4 * scale },
      side * 0.08,
    );
    canvas.paint(
      region(
        scene,
        tube(clavicle, () => scale * 0.016),
      ),
      { mode: 'add', tone: 0.1, edge: 1 },
    );
  }
}

/** Lead letters and patches: bright, with sharp edges. */
function drawMarkers(scene: Scene, canvas: Canvas): void {
  const { subject, width, height, unit } = scene;
  for (let i = 1 + subject.integer(2); i > 0; i--) {
    const at = {
      x: width * (subject.chance(0.5) ? 0.08 : 0.9),
      y: height * subject.uniform(0.05, 0.25),
      rx: unit * subject.uniform(0.015, 0.06),
      ry: unit * subject.uniform(0.015, 0.03),
    };
    canvas.paint(region(scene, rectangle(at)), { tone: 0.97 });
    canvas.paint(region(scene, rectangle({ ...at, rx: at.rx * 0.55, ry: at.ry * 0.35 })), { tone: 0.2 });
  }
}

/** Black strips at the sides where the beam was shuttered. */
function drawCollimator(scene: Scene, canvas: Canvas): void {
  const { subject, width, height } = scene;
  const middle = { x: width * subject.uniform(0.48, 0.52), y: height * subject.uniform(0.48, 0.52) };
  const opening = { ...middle, rx: width * subject.uniform(0.44, 0.5), ry: height * subject.uniform(0.44, 0.5) };
  const strips = outside(scene, rectangle(opening));
  canvas.paint(strips, { tone: 0, edge: 1 });
  canvas.relabel(strips, 0);
}
