import type { PromptSet } from '../datasets/types';
import type { Mask, RgbImage } from '../imaging/types';

/** An image whose embedding is ready: prompts on it cost one decoder run. */
export interface EncodedImage {
  readonly width: number;
  readonly height: number;
  free(): Promise<void>;
}

/** Low-resolution logits of one answer, fed back as the mask prompt of the next. [1, 1, 4·grid, 4·grid] */
export interface LowResMask {
  readonly data: Float32Array;
  readonly side: number;
}

export interface Prediction {
  /** At the original image's size. */
  readonly mask: Mask;
  /** The model's own estimate of the mask's IoU, 0..1. */
  readonly iou: number;
  readonly lowRes: LowResMask;
}

/**
 * Which of the decoder's four masks answer. false: the one that SAM gives for prompts that say what is meant (token 0).
 * true: the three for a prompt that may mean several things (tokens 1–3), best first by the model's estimate. `auto`:
 * three for a lone click without a previous answer, one for everything else: a box or a second click leaves no doubt.
 * `all`: the one, then the three, of a single run.
 */
export type Multimask = boolean | 'auto' | 'all';

export interface PredictOptions {
  /** Previous answer, as mask prompt. */
  readonly previous?: LowResMask;
  /** Default false. */
  readonly multimask?: Multimask;
  readonly signal?: AbortSignal;
}

/** The prompts of one of several objects in an image. */
export interface ObjectPrompts {
  readonly prompts: PromptSet;
  readonly previous?: LowResMask;
}

/**
 * The model with its adapters, ready to answer prompts. One at a time per executor; calls queue.
 * SAM's `set_image` is `encode`, of which several may be held at once.
 */
export interface Predictor {
  readonly model: string;
  readonly adapters: string | null;
  readonly device: string;
  /** Side of the logits that it gives, and takes as a mask prompt. */
  readonly maskSide: number;
  /** Slices of a volume that are encoded together: 1 unless the adapters look along the depth. */
  readonly chunkSlices: number;
  encode(image: RgbImage, signal?: AbortSignal): Promise<EncodedImage>;
  /** Neighbouring slices of one volume, at most `chunkSlices` of them, in their order. */
  encodeChunk(slices: readonly RgbImage[], signal?: AbortSignal): Promise<EncodedImage[]>;
  predict(image: EncodedImage, prompts: PromptSet, options?: PredictOptions): Promise<Prediction[]>;
  /** For several objects of one image, in their order; those that can be are answered in one run. */
  predictMany(
    image: EncodedImage,
    objects: readonly ObjectPrompts[],
    options?: Omit<PredictOptions, 'previous'>,
  ): Promise<Prediction[][]>;
  /** The same for a slice that was encoded with several chunks: what they say together. */
  predictManyTogether(
    views: readonly EncodedImage[],
    objects: readonly ObjectPrompts[],
    options?: Omit<PredictOptions, 'previous'>,
  ): Promise<Prediction[][]>;
  dispose(): Promise<void>;
}
