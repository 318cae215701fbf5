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

export interface PredictOptions {
  /** Previous answer, as mask prompt. */
  readonly previous?: LowResMask;
  /** Three candidate masks, best first, instead of one. */
  readonly multimask?: boolean;
  readonly signal?: AbortSignal;
}

/** The model with its adapters, ready to answer prompts. One at a time per executor; calls queue. */
export interface Predictor {
  readonly model: string;
  readonly adapters: string | null;
  readonly device: string;
  encode(image: RgbImage, signal?: AbortSignal): Promise<EncodedImage>;
  predict(image: EncodedImage, prompts: PromptSet, options?: PredictOptions): Promise<Prediction[]>;
  dispose(): Promise<void>;
}
