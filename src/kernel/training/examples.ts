import {
  loadAll,
  type LoadedSample,
  type LoadedSamples,
  type LoadOptions,
  type Random,
  type Sample,
} from '../datasets';
import { drawPhantom } from '../datasets/phantoms';
import { resizeMask, type Mask, type RgbImage } from '../imaging';
import { fitImage } from '../inference/preprocess';

/** One image as the model takes it: brought to its size, not yet padded. */
export interface Example {
  readonly image: RgbImage;
  /** Targets in the model's square (side × side, zero right and below); one is drawn for each prompt. */
  readonly targets: readonly Mask[];
}

/** Where a trainer's images come from. The same index and random stream give the same example. */
export interface ExampleSource {
  /** Examples of one epoch. */
  readonly size: number;
  example(index: number, random: Random): Promise<Example>;
}

/** Zero right and below up to a square. */
function padMask({ width, height, data }: Mask, side: number): Mask {
  if (width === side && height === side) return { width, height, data };
  const padded = new Uint8Array(side * side);
  for (let y = 0; y < height; y++) padded.set(data.subarray(y * width, (y + 1) * width), y * side);
  return { width: side, height: side, data: padded };
}

/** Reads a sample to the model's size. A target that vanishes on the way keeps its nearest pixel. */
function fitSample({ image, mask }: LoadedSample, side: number): Example {
  const fitted = fitImage(image, side);
  const target = resizeMask(mask, fitted.width, fitted.height);
  if (!target.data.includes(1)) {
    const [x, y] = [mask.data.indexOf(1) % mask.width, Math.floor(mask.data.indexOf(1) / mask.width)];
    const column = Math.min(fitted.width - 1, Math.floor((x * fitted.width) / mask.width));
    const row = Math.min(fitted.height - 1, Math.floor((y * fitted.height) / mask.height));
    target.data[row * fitted.width + column] = 1;
  }
  return { image: fitted, targets: [padMask(target, side)] };
}

/** The samples of a data set, every one read once before training begins. @throws UserError for the first wrong one. */
export async function datasetExamples(
  samples: readonly Sample[],
  side: number,
  options: LoadOptions = {},
): Promise<ExampleSource> {
  const loaded: LoadedSamples = await loadAll(samples, { ...options, longestSide: side });
  return { size: loaded.length, example: async (index) => fitSample(await loaded.get(index), side) };
}

/** Freshly drawn phantoms; `size` only divides the stream into epochs. */
export const phantomExamples = (size: number, side: number): ExampleSource => ({
  size,
  example: async (_, random) => {
    for (;;) {
      const { image, objects } = drawPhantom(random, { width: side, height: side });
      if (objects.length > 0) return { image, targets: objects };
    }
  },
});
