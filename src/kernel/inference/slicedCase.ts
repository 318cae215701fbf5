import { caseSlice, type LoadedCase } from '../datasets';
import { decodeMaskPatch, encodeMaskPatch, resizeMask, resizeRgb, type Mask, type RgbImage } from '../imaging';

/**
 * An image with its targets as the model is asked about it: slice by slice, in 8 bits, one class at a time. A picture is
 * a volume of one slice.
 */
export interface SlicedCase {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly slices: number;
  /** Classes that can be seen on at least one slice. */
  readonly classes: readonly string[];
  /** Slices on which a class can be seen, ascending. */
  visible(className: string): readonly number[];
  picture(slice: number): RgbImage;
  /** Empty where the class cannot be seen. */
  mask(className: string, slice: number): Mask;
}

export interface SlicingOptions {
  /** Larger slices are brought down to this longest side, their masks with them. */
  readonly longestSide?: number;
  /** Where the pixels are kept; by default in memory. */
  readonly keep?: (pixels: Uint8Array) => PixelReader;
}

/** Reads [from, to) of a case's pixels. */
export type PixelReader = (from: number, to: number) => Uint8Array;

const inMemory =
  (pixels: Uint8Array): PixelReader =>
  (from, to) =>
    pixels.subarray(from, to);

/** What is kept of a slice's mask: run lengths in its box. */
type Patch = NonNullable<ReturnType<typeof encodeMaskPatch>>;

/** A case as one byte per pixel (three in colour) and run lengths for its masks. */
export function slicedCase(
  id: string,
  loaded: LoadedCase,
  { longestSide = Infinity, keep = inMemory }: SlicingOptions = {},
): SlicedCase {
  const { image, masks } = loaded;
  const [fullWidth, fullHeight, slices] = image.size;
  const factor = Math.min(1, longestSide / Math.max(fullWidth, fullHeight));
  const width = Math.max(1, Math.round(fullWidth * factor));
  const height = Math.max(1, Math.round(fullHeight * factor));
  const area = width * height;

  const channels = image.channels === 1 ? 1 : 3;
  const pixels = new Uint8Array(area * slices * channels);
  for (let slice = 0; slice < slices; slice++) {
    const full = caseSlice(loaded, slice);
    const { rgb } = factor < 1 ? resizeRgb(full, width, height) : full;
    const into = pixels.subarray(slice * area * channels, (slice + 1) * area * channels);
    if (channels === 3) into.set(rgb);
    else for (let index = 0; index < area; index++) into[index] = rgb[3 * index];
  }

  const pixelsOf = keep(pixels);
  const targets = new Map<string, Map<number, Patch>>();
  for (const [className, voxels] of masks) {
    const patches = new Map<number, Patch>();
    for (let slice = 0; slice < slices; slice++) {
      const data = voxels.subarray(slice * fullWidth * fullHeight, (slice + 1) * fullWidth * fullHeight);
      if (!data.includes(1)) continue;
      const patch = encodeMaskPatch(resizeTarget({ width: fullWidth, height: fullHeight, data }, width, height))!;
      patches.set(slice, patch);
    }
    if (patches.size > 0) targets.set(className, patches);
  }

  return {
    id,
    width,
    height,
    slices,
    classes: [...targets.keys()],
    visible: (className) => [...(targets.get(className)?.keys() ?? [])],
    picture: (slice) => {
      const kept = pixelsOf(slice * area * channels, (slice + 1) * area * channels);
      return { width, height, rgb: channels === 3 ? kept : greyToRgb(kept) };
    },
    mask: (className, slice) => {
      const patch = targets.get(className)?.get(slice);
      return patch === undefined
        ? { width, height, data: new Uint8Array(area) }
        : decodeMaskPatch(patch, width, height);
    },
  };
}

/** A picture with one target, both in memory already. */
export const pictureCase = (id: string, image: RgbImage, className: string, target: Mask): SlicedCase => ({
  id,
  width: image.width,
  height: image.height,
  slices: 1,
  classes: [className],
  visible: (asked) => (asked === className ? [0] : []),
  picture: () => image,
  mask: (asked) => (asked === className ? target : { ...target, data: new Uint8Array(target.data.length) }),
});

/** Nearest neighbour; a target too small to be met by it keeps every pixel that it touches. */
export function resizeTarget(mask: Mask, width: number, height: number): Mask {
  if (width === mask.width && height === mask.height) return mask;
  const resized = resizeMask(mask, width, height);
  if (resized.data.includes(1)) return resized;
  for (let i = mask.data.indexOf(1); i >= 0; i = mask.data.indexOf(1, i + 1)) {
    const x = Math.floor(((i % mask.width) * width) / mask.width);
    const y = Math.floor((Math.floor(i / mask.width) * height) / mask.height);
    resized.data[y * width + x] = 1;
  }
  return resized;
}

function greyToRgb(levels: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(levels.length * 3);
  for (let index = 0, at = 0; index < levels.length; index++) {
    rgb[at++] = levels[index];
    rgb[at++] = levels[index];
    rgb[at++] = levels[index];
  }
  return rgb;
}
