// Volumes whose right answer is known, because the test draws them.
import { writeVolume } from '../../src/kernel/imaging';
import { noise } from './drawnImage';

export interface DrawnVolume {
  /** Voxels along x, y, z. */
  size: readonly [width: number, height: number, slices: number];
  /** x fastest, then y, then z. */
  voxels: Int16Array;
}

/** An ellipsoid; middle and radii in voxels. */
export interface Body {
  middle: readonly [x: number, y: number, z: number];
  radii: readonly [x: number, y: number, z: number];
  level: number;
}

/** Bodies, the later ones over the earlier ones, in a ground of level 0, with noise of ±`grain` that is always the same. */
export function drawBodies(size: DrawnVolume['size'], bodies: readonly Body[], grain: number): DrawnVolume {
  const [width, height, slices] = size;
  const area = width * height;
  // One slice of noise, begun elsewhere on each slice: a large volume is drawn in seconds.
  const grains = Int16Array.from({ length: 2 * area }, (_, at) => Math.round(grain * (2 * noise(at) - 1)));
  const voxels = new Int16Array(area * slices);
  for (let z = 0; z < slices; z++) {
    const slice = voxels.subarray(z * area, (z + 1) * area);
    const begin = (z * 7919) % area;
    for (const body of bodies) fill(slice, width, height, z, body);
    for (let at = 0; at < area; at++) slice[at] += grains[begin + at];
  }
  return { size, voxels };
}

/** Row by row: where the ellipsoid begins and ends. */
function fill(slice: Int16Array, width: number, height: number, z: number, { middle, radii, level }: Body): void {
  const off = (z + 0.5 - middle[2]) / radii[2];
  for (let y = 0; y < height; y++) {
    const rest = 1 - off ** 2 - ((y + 0.5 - middle[1]) / radii[1]) ** 2;
    if (rest <= 0) continue;
    const half = radii[0] * Math.sqrt(rest);
    const from = Math.max(Math.round(middle[0] - half), 0);
    const to = Math.min(Math.round(middle[0] + half), width);
    if (to > from) slice.fill(level, y * width + from, y * width + to);
  }
}

/** 1 inside of the body on slice `z`, row-major. */
export function sectionOf(body: Body, { size: [width, height] }: DrawnVolume, z: number): Uint8Array {
  const section = new Int16Array(width * height);
  fill(section, width, height, z, { ...body, level: 1 });
  return Uint8Array.from(section);
}

/** Writes int16 NIfTI; x runs to the patient's left, y to the back, z to the head, so that no plane is drawn mirrored. */
export async function writeBodies({ size, voxels }: DrawnVolume, file: string, spacing = [1, 1, 1]): Promise<void> {
  const direction = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  const [x, y, z] = spacing;
  await writeVolume(file, { path: file, size, channels: 1, voxels, spacing: [x, y, z], origin: [0, 0, 0], direction });
}
