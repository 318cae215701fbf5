import { add, type Tensor } from '../graph';
import type { SamConfig } from './config';
import { imageEncoder, type EncoderSegments } from './imageEncoder';
import { maskDecoder, type DecoderOutputs } from './maskDecoder';
import { densePositions, densePrompts, noMaskPrompt, sparsePrompts } from './promptEncoder';
import type { Seams } from './seams';
import { within, type Weights } from './weights';

/** SAM with something attached at its seams, as functions that build graphs. */
export interface SamModel {
  readonly config: SamConfig;
  readonly weights: Weights;
  readonly seams: Seams;
  /** What the backward pass computes again; nothing by default. */
  readonly segments?: EncoderSegments;
}

/** images: [B, 3, S, S], normalised → embedding [B, C, g, g] */
export const encodeImages = (model: SamModel, images: Tensor): Tensor =>
  imageEncoder(images, within(model.weights, 'image_encoder'), model.config, model.seams, model.segments);

export interface PromptTensors {
  /** [B, P, 2], x and y in model pixels. */
  readonly points: Tensor;
  /** [B, P], of `promptLabel`. */
  readonly labels: Tensor;
  /** [B, 1, 4g, 4g] logits of a previous answer; left out, with `hasMask`, where nobody has one. */
  readonly masks?: Tensor;
  /** [B]: 1 where `masks` counts, else 0. */
  readonly hasMask?: Tensor;
}

/** embedding: [B, C, g, g], or one for all [1, C, g, g], and prompts → logits [B, 4, 4g, 4g], IoU estimates [B, 4]. */
export function decodePrompts(model: SamModel, embedding: Tensor, prompts: PromptTensors): DecoderOutputs {
  const weights = within(model.weights, 'prompt_encoder');
  const { masks, hasMask } = prompts;
  const dense = masks && hasMask ? densePrompts(masks, hasMask, weights) : noMaskPrompt(weights);
  return maskDecoder(
    {
      image: add(embedding, dense),
      imagePositions: densePositions(weights, model.config),
      prompt: sparsePrompts(prompts.points, prompts.labels, weights, model.config),
    },
    within(model.weights, 'mask_decoder'),
    model.config,
    model.seams,
  );
}
