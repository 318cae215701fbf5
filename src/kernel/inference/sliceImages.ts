import {
  chooseWindow,
  sliceOf,
  toRgb,
  type ChosenWindow,
  type MedicalImage,
  type RgbImage,
  type Window,
} from '../imaging';
import type { SamPredictor } from './predictor';
import type { EncodedImage } from './types';

/** Chunks that stay encoded: those of the slice in work and of its neighbours, and the ones that were begun with. */
const keptChunks = 6;

/** First slices of the chunks that cover `slices`: each begins in the middle of the last; the final one reaches back. */
export function chunkStarts(slices: number, length: number): number[] {
  if (slices <= length) return [0];
  const stride = Math.ceil(length / 2);
  const starts: number[] = [];
  for (let first = 0; first + length < slices; first += stride) starts.push(first);
  return [...starts, slices - length];
}

/** The chunks of `length` slices, of a volume of `slices`, that hold a slice: their first slices, ascending. */
export const chunksWith = (slice: number, slices: number, length: number): number[] =>
  chunkStarts(slices, length).filter((first) => first <= slice && slice < first + length);

/**
 * The slices of one volume, encoded when they are asked for. With adapters that look along the depth: in chunks of as many
 * slices as these were trained on, which overlap by half, so that every slice has neighbours on both sides in one of
 * them; else one by one. Few stay encoded at a time.
 */
export class SliceImages {
  /** By first slice; least recently used first. */
  private readonly chunks = new Map<number, EncodedImage[]>();
  private readonly length: number;

  constructor(
    private readonly predictor: SamPredictor,
    private readonly slices: number,
    private readonly picture: (slice: number) => RgbImage,
  ) {
    // Fewer slices than a chunk has are a shorter chunk.
    this.length = Math.min(predictor.chunkSlices, slices);
  }

  /** The slice as each chunk has it (`predictTogether`). Valid until two slices elsewhere have been asked for. */
  async at(slice: number, signal?: AbortSignal): Promise<EncodedImage[]> {
    const views: EncodedImage[] = [];
    for (const first of chunksWith(slice, this.slices, this.length)) {
      const chunk = this.chunks.get(first) ?? (await this.encode(first, signal));
      this.chunks.delete(first);
      this.chunks.set(first, chunk);
      views.push(chunk[slice - first]);
    }
    for (const oldest of [...this.chunks.keys()].slice(0, -keptChunks)) await this.drop(oldest);
    return views;
  }

  async free(): Promise<void> {
    for (const first of [...this.chunks.keys()]) await this.drop(first);
  }

  private encode(first: number, signal?: AbortSignal): Promise<EncodedImage[]> {
    const pictures = Array.from({ length: this.length }, (_, offset) => this.picture(first + offset));
    return this.predictor.encodeChunk(pictures, signal);
  }

  private async drop(first: number): Promise<void> {
    const chunk = this.chunks.get(first) ?? [];
    this.chunks.delete(first);
    for (const image of chunk) await image.free();
  }
}

/** The slices of a volume through one window, so that a tissue looks the same on each: the given one, or the volume's own. */
export function volumeImages(
  predictor: SamPredictor,
  volume: MedicalImage,
  given?: Window,
): { readonly images: SliceImages; readonly window: ChosenWindow } {
  const [, height, slices] = volume.size;
  const window = chooseWindow({ ...sliceOf(volume, 0), height: height * slices, pixels: volume.voxels }, given);
  const images = new SliceImages(predictor, slices, (slice) => toRgb(sliceOf(volume, slice), window));
  return { images, window };
}
