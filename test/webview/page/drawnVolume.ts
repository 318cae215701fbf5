// Runs in the page: a volume whose every voxel follows from a formula, as a kernel would send it.
import { shrinkSlice } from '../../../src/kernel/imaging/shrinkSlice';
import { applyDelta, type ImageInfo, type Plane, type PlaneInfo, type SlicePixels } from '../../../src/protocol';

export interface Ball {
  /** Voxels. */
  centre: [number, number, number];
  radius: number;
  /** Hounsfield units. */
  level: number;
}

export interface VolumeOptions {
  size: [number, number, number];
  spacing: [number, number, number] | null;
  balls: Ball[];
  notes?: string[];
}

/** A body of soft tissue in air with balls in it; the further planes stand on their heads in the array, as in files. */
export class DrawnVolume {
  readonly image: ImageInfo;
  /** Slices that were drawn before they are asked for. */
  private readonly ready = new Map<string, SlicePixels>();

  constructor(private readonly options: VolumeOptions) {
    const { size, spacing } = options;
    const volume = size[2] > 1;
    const patient = spacing !== null;
    this.image = {
      path: 'scan.nii.gz',
      name: 'scan.nii.gz',
      size,
      channels: 1,
      modality: volume ? 'CT' : null,
      spacing,
      origin: [-80, -60, -30],
      direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
      planes: (volume ? (['axial', 'coronal', 'sagittal'] as const) : (['axial'] as const)).map((plane) =>
        planeOf(plane, size, spacing, patient),
      ),
      range: [-1024, 1200],
      window: { low: -160, high: 240 },
      notes: options.notes ?? [],
    };
  }

  /** The intensity of a voxel. */
  at(i: number, j: number, k: number): number {
    const { size, balls, spacing } = this.options;
    const [x, y] = [(2 * (i + 0.5)) / size[0] - 1, (2 * (j + 0.5)) / size[1] - 1];
    const thickness = spacing ? spacing[2] / spacing[0] : 1;
    const speckle = (Math.imul(i * 73 + j * 151 + k * 283, 0x9e3779b1) >>> 26) - 32;
    for (const { centre, radius, level } of balls) {
      const [dx, dy, dz] = [i + 0.5 - centre[0], j + 0.5 - centre[1], (k - centre[2]) * thickness];
      if (dx * dx + dy * dy + dz * dz <= radius * radius) return Math.round(level + speckle / 4);
    }
    const body = (x * x) / 0.85 + (y * y) / 0.74;
    if (body > 1) return -1000;
    return Math.round((body > 0.9 ? -90 : 20 + 20 * x) + speckle / 2);
  }

  planeInfo(plane: Plane): PlaneInfo {
    return this.image.planes.find((each) => each.plane === plane)!;
  }

  /** Draws a plane's slices, so that a test measures the viewer, not this. */
  async drawAll(plane: Plane): Promise<void> {
    const { slices } = this.planeInfo(plane);
    for (const shrink of [1, 2, 4]) {
      for (let index = 0; index < slices; index++)
        this.ready.set(`${plane} ${index} ${shrink}`, await this.slice(plane, index, shrink));
    }
  }

  async slice(plane: Plane, index: number, shrink: number): Promise<SlicePixels> {
    const drawn = this.ready.get(`${plane} ${index} ${shrink}`);
    if (drawn) return drawn;
    const { width, height, axes } = this.planeInfo(plane);
    const pixels = new Int16Array(width * height);
    const voxel = [0, 0, 0];
    voxel[axes[2]] = index;
    for (let y = 0; y < height; y++) {
      voxel[axes[1]] = y;
      for (let x = 0; x < width; x++) {
        voxel[axes[0]] = x;
        pixels[y * width + x] = this.at(voxel[0], voxel[1], voxel[2]);
      }
    }
    const small = shrinkSlice({ width, height, channels: 1, pixels }, shrink);
    const bytes = applyDelta('int16', small.width, small.height, small.pixels as Int16Array);
    const deflated = new Blob([bytes.slice()]).stream().pipeThrough(new CompressionStream('deflate-raw'));
    const data = base64(new Uint8Array(await new Response(deflated).arrayBuffer()));
    return { kind: 'int16', width: small.width, height: small.height, shrink, slope: 1, intercept: 0, data };
  }
}

export function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

function planeOf(
  plane: Plane,
  size: [number, number, number],
  spacing: [number, number, number] | null,
  patient: boolean,
): PlaneInfo {
  const axes = ({ axial: [0, 1, 2], coronal: [0, 2, 1], sagittal: [1, 2, 0] } as const)[plane];
  const [column, row, along] = axes;
  const letters = {
    axial: { left: 'R', right: 'L', top: 'A', bottom: 'P' },
    coronal: { left: 'R', right: 'L', top: 'S', bottom: 'I' },
    sagittal: { left: 'A', right: 'P', top: 'S', bottom: 'I' },
  } as const;
  return {
    plane,
    width: size[column],
    height: size[row],
    slices: size[along],
    axes: [...axes],
    spacing: spacing && [spacing[column], spacing[row], spacing[along]],
    flipX: false,
    flipY: plane !== 'axial',
    letters: patient ? letters[plane] : null,
  };
}
