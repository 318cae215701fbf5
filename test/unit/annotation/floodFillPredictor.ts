import path from 'node:path';
import type { PromptSet } from '../../../src/kernel/datasets/types';
import type { Mask, RgbImage } from '../../../src/kernel/imaging/types';
import type {
  EncodedImage,
  LowResMask,
  ObjectPrompts,
  Prediction,
  PredictOptions,
  Predictor,
} from '../../../src/kernel/inference/types';
import { HeldTensorLost } from '../../../src/kernel/runtime/errors';

interface HeldImage extends EncodedImage {
  readonly rgb: Uint8Array;
  alive: boolean;
}

/**
 * Stands in for the model: each positive click adds the connected region of the clicked colour, each negative click
 * takes it away again, and a box adds what is inside of it. The low-resolution logits carry the number of prompts.
 */
export class FloodFillPredictor implements Predictor {
  readonly model = 'flood-fill';
  readonly device = 'test';
  readonly maskSide = 1;
  readonly chunkSlices = 1;
  encoded = 0;
  asked: { prompts: PromptSet; previous: LowResMask | undefined }[] = [];
  disposed = false;
  /** Areas of the masks that it offers besides, in the top left corner. */
  offers: readonly number[] = [];
  private images: HeldImage[] = [];

  readonly adapters: string | null;

  /** `file`: of the adapters. */
  constructor(file: string | null = null) {
    this.adapters = file === null ? null : path.basename(file, '.safetensors');
  }

  async encode({ width, height, rgb }: RgbImage): Promise<EncodedImage> {
    this.encoded++;
    const image: HeldImage = {
      width,
      height,
      rgb,
      alive: true,
      free: async () => {
        image.alive = false;
      },
    };
    this.images.push(image);
    return image;
  }

  /** As when the engine process ended: what it held is gone. */
  loseEmbeddings(): void {
    for (const image of this.images) image.alive = false;
  }

  freed(): number {
    return this.images.filter((image) => !image.alive).length;
  }

  async predict(
    encoded: EncodedImage,
    prompts: PromptSet,
    { previous, multimask = false }: PredictOptions = {},
  ): Promise<Prediction[]> {
    const image = encoded as HeldImage;
    if (!image.alive) throw new HeldTensorLost(1);
    const offers = multimask ? this.offers.map((area) => offered(image, area)) : [];
    if (multimask === true) return offers;
    this.asked.push({ prompts, previous });
    const mask: Mask = {
      width: image.width,
      height: image.height,
      data: new Uint8Array(image.width * image.height),
    };
    if (prompts.box !== null) fillBox(mask, prompts.box);
    for (const point of prompts.points) floodFill(image, mask, point.x, point.y, point.label);
    const lowRes = { data: Float32Array.of((previous?.data[0] ?? 0) + 1), side: 1 };
    return [{ mask, iou: 0.9, lowRes }, ...offers];
  }

  predictMany(image: EncodedImage, objects: readonly ObjectPrompts[], options: PredictOptions = {}) {
    return Promise.all(objects.map(({ prompts, previous }) => this.predict(image, prompts, { ...options, previous })));
  }

  encodeChunk(slices: readonly RgbImage[], _signal?: AbortSignal): Promise<EncodedImage[]> {
    return Promise.all(slices.map((slice) => this.encode(slice)));
  }

  predictManyTogether([image]: readonly EncodedImage[], objects: readonly ObjectPrompts[], options?: PredictOptions) {
    return this.predictMany(image, objects, options);
  }

  async dispose(): Promise<void> {
    this.disposed = true;
  }
}

function offered({ width, height }: HeldImage, area: number): Prediction {
  const data = new Uint8Array(width * height).fill(1, 0, area);
  return { mask: { width, height, data }, iou: area / 100, lowRes: { data: Float32Array.of(-area - 1), side: 1 } };
}

function fillBox(mask: Mask, [x0, y0, x1, y1]: readonly [number, number, number, number]): void {
  for (let y = Math.floor(y0); y < y1; y++) mask.data.fill(1, y * mask.width + Math.floor(x0), y * mask.width + x1);
}

function floodFill({ width, height, rgb }: HeldImage, mask: Mask, x: number, y: number, label: 0 | 1): void {
  const start = y * width + x;
  const seen = new Uint8Array(width * height);
  const pending = [start];
  while (pending.length > 0) {
    const at = pending.pop() as number;
    if (seen[at] === 1 || Math.abs(rgb[3 * at] - rgb[3 * start]) > 20) continue;
    seen[at] = 1;
    mask.data[at] = label;
    const column = at % width;
    if (column > 0) pending.push(at - 1);
    if (column < width - 1) pending.push(at + 1);
    if (at >= width) pending.push(at - width);
    if (at < width * (height - 1)) pending.push(at + width);
  }
}
