import type { Random } from '../datasets';
import { drawPhantom } from '../datasets/phantoms';
import type { Mask, RgbImage } from '../imaging';
import { fitImage } from '../inference/preprocess';
import { resizeTarget } from '../inference/slicedCase';
import {
  augmentedImage,
  augmentedMask,
  drawAugmentation,
  onlyMirrored,
  type Augmentation,
  type AugmentOptions,
} from './augment';
import type { CaseStore } from './caseStore';
import { chunksPerEpoch, cropped, drawChunk, drawCrop } from './volumeChunks';

/** One image as the model takes it: brought to its size, not yet padded. */
export interface Example {
  readonly image: RgbImage;
  /**
   * Targets in the model's square (side × side, zero right and below); one is drawn for each prompt. None: a slice that
   * does not show the class of its chunk.
   */
  readonly targets: readonly Mask[];
}

/** Where a trainer's images come from. The same index and random stream give the same example. */
export interface ExampleSource {
  /** Examples of one epoch. */
  readonly size: number;
  /** Images of one example: 1, or the slices of a chunk that see each other. */
  readonly slices: number;
  example(index: number, random: Random): Promise<readonly Example[]>;
}

export interface ExampleOptions {
  /** Side of the model's square, pixels. */
  readonly side: number;
  /** Slices of a chunk (SD-Trans); null: every slice is an example of its own. */
  readonly chunk: number | null;
  /** null: images as they are. */
  readonly augment: AugmentOptions | null;
}

/** One class on one slice, or in one volume. */
interface Item {
  readonly index: number;
  readonly className: string;
  /** null: a chunk is drawn. */
  readonly slice: number | null;
}

/**
 * Examples of a data set's cases, of one class each: all slices that show it, or chunks at random places (see
 * `drawChunk`), as many as cover those slices once an epoch.
 */
export function caseExamples(cases: CaseStore, { side, chunk, augment }: ExampleOptions): ExampleSource {
  const items = cases.outlines.flatMap(({ visible }, index) =>
    [...visible].flatMap(([className, slices]): Item[] =>
      chunk === null
        ? slices.map((slice) => ({ index, className, slice }))
        : Array.from({ length: chunksPerEpoch(slices, chunk) }, () => ({ index, className, slice: null })),
    ),
  );
  return {
    size: items.length,
    slices: chunk ?? 1,
    example: async (place, random) => {
      const { index, className, slice } = items[place];
      const item = await cases.get(index);
      const { slices, positive } =
        slice === null
          ? drawChunk(item.visible(className), item.slices, chunk!, random.fork('chunk'))
          : { slices: [slice], positive: true };
      const masks = slices.map((at) => item.mask(className, at));
      // A nearer look is an augmentation too.
      const crop = augment === null ? null : drawCrop(masks, side, positive, random.fork('crop'));
      const seen = slices.map((at, offset) => fitted(cropped(item.picture(at), masks[offset], crop), side));
      return augmented(seen, augment, random.fork('augmentation')).map(({ image, mask }) => ({
        image,
        targets: mask.data.includes(1) ? [padMask(mask, side)] : [],
      }));
    },
  };
}

interface Picture {
  readonly image: RgbImage;
  readonly mask: Mask;
}

function fitted({ image, mask }: Picture, side: number): Picture {
  const small = fitImage(image, side);
  return { image: small, mask: resizeTarget(mask, small.width, small.height) };
}

/** The slices of an example, moved alike; where that would move the target out of all of them, only mirrored. */
function augmented(pictures: readonly Picture[], options: AugmentOptions | null, random: Random): readonly Picture[] {
  if (options === null) return pictures;
  const shown = (masks: readonly Mask[]): boolean => masks.some(({ data }) => data.includes(1));
  const move = (drawn: Augmentation): Mask[] => pictures.map(({ mask }) => augmentedMask(mask, drawn));
  const first = drawAugmentation(random, options);
  const moved = move(first);
  const lost = !shown(moved) && shown(pictures.map(({ mask }) => mask));
  const [drawn, masks] = lost ? [onlyMirrored(first), move(onlyMirrored(first))] : [first, moved];
  return pictures.map(({ image }, index) => ({
    image: augmentedImage(image, drawn, random.fork(index)),
    mask: masks[index],
  }));
}

/** Zero right and below up to a square. */
function padMask({ width, height, data }: Mask, side: number): Mask {
  if (width === side && height === side) return { width, height, data };
  const padded = new Uint8Array(side * side);
  for (let y = 0; y < height; y++) padded.set(data.subarray(y * width, (y + 1) * width), y * side);
  return { width: side, height: side, data: padded };
}

/** Examples in a few fixed views each, so that what is computed of one can be kept. */
export interface FixedViews extends ExampleSource {
  /** Views of an example: the plain one first. */
  readonly views: number;
  /** What `example` gives when it draws this view. */
  view(index: number, number: number): Promise<readonly Example[]>;
}

/** Views per example with augmentation: each costs an encoder run before training and the room of an embedding. */
const augmentedViews = 2;

/** The plain images and, where there is augmentation, one augmented view of each, drawn under the seed once and for all. */
export function fixedViews(plain: ExampleSource, augmented: ExampleSource | null, seed: Random): FixedViews {
  const views = augmented === null ? 1 : augmentedViews;
  const view = (index: number, number: number) =>
    (number === 0 ? plain : augmented!).example(index, seed.fork(index).fork(number));
  return { ...plain, views, view, example: (index, random) => view(index, random.fork('view').integer(views)) };
}

/** Freshly drawn phantoms; `size` only divides the stream into epochs. */
export const phantomExamples = (size: number, side: number): ExampleSource => ({
  size,
  slices: 1,
  example: async (_, random) => {
    for (;;) {
      const { image, objects } = drawPhantom(random, { width: side, height: side });
      if (objects.length > 0) return [{ image, targets: objects }];
    }
  },
});
