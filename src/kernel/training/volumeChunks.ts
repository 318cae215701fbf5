import type { Random } from '../datasets';
import { boundingBox, cropMask, type Mask, type RgbImage } from '../imaging';

/** Share of the chunks that are sure to show their class; the others lie anywhere in the volume. */
export const positiveShare = 0.75;

/** A target whose longest side is below this part of the slice's may be looked at from nearer. */
const smallTarget = 0.25;

/** The nearest look: half of the slice's longest side. */
const nearest = 0.5;

/** [x0, y0, x1, y1), x1 and y1 outside. */
export type Crop = readonly [number, number, number, number];

/** Neighbouring slices of a volume, as many as see each other. */
export interface Chunk {
  /** Of a volume with fewer slices than a chunk, the last one repeats. */
  readonly slices: readonly number[];
  /** Drawn to show its class. */
  readonly positive: boolean;
}

/** Chunks of one class in a volume and epoch: as many as it takes to cover the slices that show it. */
export const chunksPerEpoch = (visible: readonly number[], length: number): number =>
  Math.max(1, Math.ceil(visible.length / length));

/**
 * A chunk at a random place: around one of the slices that show the class, each as likely, or anywhere.
 * @param visible slices that show the class, at least one
 */
export function drawChunk(visible: readonly number[], slices: number, length: number, random: Random): Chunk {
  const positive = random.chance(positiveShare);
  const last = Math.max(0, slices - length);
  const anchor = random.pick(visible);
  const [from, to] = positive ? [Math.max(0, anchor - length + 1), Math.min(anchor, last)] : [0, last];
  const first = from + random.integer(to - from + 1);
  return {
    slices: Array.from({ length }, (_, offset) => Math.min(first + offset, slices - 1)),
    positive,
  };
}

/**
 * A nearer look at slices larger than the model's side, where the target is small: a square part of them, never below
 * the model's side, in half of the draws. It holds the whole target if `positive`, else it lies anywhere. Null: the
 * whole slice.
 * @param masks the target on each slice of the chunk, all of one size
 */
export function drawCrop(masks: readonly Mask[], side: number, positive: boolean, random: Random): Crop | null {
  const [{ width, height }] = masks;
  const longest = Math.max(width, height);
  const box = unionBox(masks);
  if (longest <= side || box === null || !random.chance(0.5)) return null;
  const target = Math.max(box[2] - box[0], box[3] - box[1]);
  if (target > smallTarget * longest) return null;
  const extent = Math.round(random.uniform(Math.max(side, nearest * longest), longest));
  const [cropWidth, cropHeight] = [Math.min(extent, width), Math.min(extent, height)];
  const place = (low: number, high: number, crop: number, whole: number): number => {
    const [from, to] = positive
      ? [Math.max(0, high - crop), Math.min(low, whole - crop)] // around the target
      : [0, whole - crop];
    return from + random.integer(to - from + 1);
  };
  const [x, y] = [place(box[0], box[2], cropWidth, width), place(box[1], box[3], cropHeight, height)];
  return [x, y, x + cropWidth, y + cropHeight];
}

/** The part of a picture inside of a box. */
export function cropImage({ width, rgb }: RgbImage, [x0, y0, x1, y1]: Crop): RgbImage {
  const row = 3 * (x1 - x0);
  const part = new Uint8Array(row * (y1 - y0));
  for (let y = y0; y < y1; y++) {
    const start = 3 * (y * width + x0);
    part.set(rgb.subarray(start, start + row), (y - y0) * row);
  }
  return { width: x1 - x0, height: y1 - y0, rgb: part };
}

export const cropped = (image: RgbImage, mask: Mask, crop: Crop | null): { image: RgbImage; mask: Mask } =>
  crop === null ? { image, mask } : { image: cropImage(image, crop), mask: cropMask(mask, crop) };

function unionBox(masks: readonly Mask[]): Crop | null {
  const boxes = masks.map(boundingBox).filter((box) => box !== null);
  if (boxes.length === 0) return null;
  return [
    Math.min(...boxes.map((box) => box[0])),
    Math.min(...boxes.map((box) => box[1])),
    Math.max(...boxes.map((box) => box[2])),
    Math.max(...boxes.map((box) => box[3])),
  ];
}
