import type { MedicalImage } from '../../imaging/types';
import { Random } from '../random';
import { drawCanvas } from './draw';
import type { FamilyName } from './families';

/** Families whose anatomy runs through many slices. */
export const volumeFamilies = ['ct', 'cardiac'] as const satisfies readonly FamilyName[];
export type VolumeFamily = (typeof volumeFamilies)[number];

export function isVolumeFamily(name: string): name is VolumeFamily {
  return volumeFamilies.some((family) => family === name);
}

export interface VolumeOptions {
  readonly width: number;
  readonly height: number;
  readonly slices: number;
  /** Default `ct`. */
  readonly family?: VolumeFamily;
}

export interface VolumePhantom {
  /** Intensities 0..1000 (Int16), spacing in mm. `path` is empty: the volume is in no file yet. */
  readonly image: MedicalImage;
  /** 1 where the target is, of the same geometry. */
  readonly mask: MedicalImage;
  readonly family: VolumeFamily;
}

/** How far a measure may drift from the middle slice to either end, as a fraction of its range. */
const drift = 0.2;
const fullScale = 1000;

/** Draws a stack of slices in which every measure changes smoothly from one to the next; noise alone is each slice's own. */
export function drawVolume(random: Random, options: VolumeOptions): VolumePhantom {
  const { width, height, slices, family = 'ct' } = options;
  const own = random.fork('volume');
  random.bits();
  const inPlane = own.uniform(0.8, 1.6) * (256 / Math.min(width, height));
  const geometry = {
    path: '',
    size: [width, height, slices] as const,
    channels: 1 as const,
    spacing: [inPlane, inPlane, own.uniform(2.5, 6)] as const,
    origin: [0, 0, 0] as const,
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  };
  const pixels = width * height;
  const intensities = new Int16Array(pixels * slices);
  const target = new Uint8Array(pixels * slices);
  for (let slice = 0; slice < slices; slice++) {
    const along = slices === 1 ? 0 : (2 * slice) / (slices - 1) - 1;
    const stream = (name: string) => new DriftingRandom(own.fork(name), own.fork(`${name}, far end`), along, slice);
    const canvas = drawCanvas(family, stream('pose'), stream('subject'), own.fork('tones'), width, height);
    const plane = canvas.planes[0];
    for (let i = 0, at = slice * pixels; i < pixels; i++, at++) {
      intensities[at] = Math.round(fullScale * Math.min(1, Math.max(0, plane[i])));
      target[at] = canvas.labels[i] === canvas.target ? 1 : 0;
    }
  }
  return { image: { ...geometry, voxels: intensities }, mask: { ...geometry, voxels: target }, family };
}

/**
 * A stream whose measures (`uniform` and what is built on it) lie between those of two streams, by the slice's place
 * along the volume, −1..1; its decisions are the same on every slice, its forks are each slice's own.
 */
class DriftingRandom extends Random {
  constructor(
    near: Random,
    private readonly far: Random,
    private readonly along: number,
    private readonly slice: number,
  ) {
    super(0);
    this.restore(near.state());
  }

  override uniform(from: number, to: number): number {
    const here = this.next();
    const there = this.far.next();
    const value = here + drift * this.along * (there - here);
    return from + (to - from) * Math.min(1, Math.max(0, value));
  }

  override fork(label: string | number): Random {
    return super.fork(`${label}, slice ${this.slice}`);
  }
}
