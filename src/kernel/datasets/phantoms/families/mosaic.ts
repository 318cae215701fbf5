import { acquire } from '../acquisition';
import { Canvas } from '../canvas';
import { region, type Family } from '../scene';
import { ellipse } from '../contours';
import { anyTexture, valueNoise } from '../textures';

/** Least difference between the tones of two regions that may touch. */
const leastStep = 0.09;

/**
 * A plane cut into random smooth regions, each with its own tone and texture, in the spirit of SynthMorph's label
 * maps (Hoffmann et al. 2021): neighbours without a background. Regions: the cells of random sites under a warp.
 */
export const mosaic: Family = (scene) => {
  const { random, width, height, unit } = scene;
  const coloured = random.chance(0.3);
  const canvas = new Canvas(width, height, coloured ? 3 : 1);
  const sites = 4 + random.integer(7);
  const xs = Float32Array.from({ length: sites }, () => random.uniform(0, width));
  const ys = Float32Array.from({ length: sites }, () => random.uniform(0, height));
  const reach = Float32Array.from({ length: sites }, () => random.uniform(0.6, 1.5));
  const cell = random.uniform(unit / 10, unit / 3);
  const warpX = valueNoise(random, width, height, cell);
  const warpY = valueNoise(random, width, height, cell);
  const warp = random.uniform(0, 0.35) * cell;
  const texture = anyTexture(random, width, height);
  const tones = spreadTones(sites).map((tone) => tone + random.uniform(-0.02, 0.02));
  const order = random.shuffle(tones);
  const hues = canvas.planes.map(() =>
    Float32Array.from({ length: sites }, () => (coloured ? random.uniform(-0.15, 0.15) : 0)),
  );
  const amplitudes = Float32Array.from({ length: sites }, () => (random.chance(0.6) ? random.uniform(0, 0.09) : 0));
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const px = x + warp * warpX[i];
      const py = y + warp * warpY[i];
      let nearest = 0;
      let least = Infinity;
      for (let s = 0; s < sites; s++) {
        const dx = px - xs[s];
        const dy = py - ys[s];
        const distance = (dx * dx + dy * dy) * reach[s];
        if (distance < least) {
          least = distance;
          nearest = s;
        }
      }
      canvas.labels[i] = nearest + 1;
      const value = order[nearest] + amplitudes[nearest] * texture[i];
      for (let c = 0; c < canvas.channels; c++) canvas.planes[c][i] = value + hues[c][nearest];
    }
  }
  canvas.reserve(sites);
  canvas.target = 1 + random.integer(sites);
  if (random.chance(0.35)) drawInclusion();
  acquire(canvas, random, {
    bias: random.uniform(0, 0.2),
    blur: random.integer(2),
    noise: random.logUniform(0.004, 0.05),
    speckle: random.chance(0.2) ? random.uniform(0, 0.25) : 0,
  });
  return canvas;

  /** One smooth thing that lies over several regions. */
  function drawInclusion(): void {
    const radius = random.uniform(0.08, 0.25) * unit;
    const at = { x: random.uniform(0.1, 0.9) * width, y: random.uniform(0.1, 0.9) * height, rx: radius, ry: radius };
    canvas.paintObject(region(scene, ellipse(at)), { tone: random.pick([0, 0.04, 0.96, 1]), edge: 1 });
  }
};

/** Evenly spread tones; where there are more regions than visible steps, tones repeat. */
function spreadTones(count: number): number[] {
  const levels = Math.min(count, Math.floor(0.9 / leastStep));
  return Array.from({ length: count }, (_, i) => 0.06 + (0.86 * (i % levels)) / Math.max(1, levels - 1));
}
