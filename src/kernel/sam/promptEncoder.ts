import {
  abs,
  add,
  concat,
  constant,
  cos,
  gelu,
  matMul,
  mul,
  relu,
  reshape,
  sin,
  sub,
  tensorData,
  transpose,
  type Tensor,
} from '../graph';
import { gridOf, type SamConfig } from './config';
import { norm, patchConvolution } from './layers';
import { within, type Weights } from './weights';

/**
 * What a prompt token stands for. Points and box corners are tokens of one kind: a box is two of them, and a set of
 * points without a box gets one `padding` token, as in SAM.
 */
export const promptLabel = { padding: -1, negative: 0, positive: 1, boxTopLeft: 2, boxBottomRight: 3 } as const;

/** Random-Fourier features. positions: [..., 2] in 0..1 (x, y) → [..., C] */
function fourierFeatures(positions: Tensor, weights: Weights): Tensor {
  const gaussian = weights('pe_layer.positional_encoding_gaussian_matrix');
  const angles = mul(matMul(sub(mul(positions, 2), 1), gaussian), 2 * Math.PI);
  return concat([sin(angles), cos(angles)], angles.shape.length - 1);
}

/** Position of every cell of the embedding's grid. → [1, C, g, g] */
export function densePositions(weights: Weights, config: SamConfig): Tensor {
  const grid = gridOf(config);
  const centres = new Float32Array(grid * grid * 2);
  for (let cell = 0; cell < grid * grid; cell++) {
    centres[2 * cell] = ((cell % grid) + 0.5) / grid;
    centres[2 * cell + 1] = (Math.floor(cell / grid) + 0.5) / grid;
  }
  const features = fourierFeatures(constant(tensorData([1, grid, grid, 2], centres)), weights);
  return transpose(features, [0, 3, 1, 2]);
}

/** 1 where a (whole) label equals `value`, else 0. */
const isLabel = (labels: Tensor, value: number): Tensor => relu(sub(1, abs(sub(labels, value))));

/**
 * Sparse embeddings of points and box corners.
 * points: [B, P, 2], x and y in model pixels; labels: [B, P], of `promptLabel` → [B, P, C]
 */
export function sparsePrompts(points: Tensor, labels: Tensor, weights: Weights, config: SamConfig): Tensor {
  const [batch, count] = labels.shape;
  const kinds = reshape(labels, [batch, count, 1]);
  const padding = isLabel(kinds, promptLabel.padding);
  const positions = fourierFeatures(mul(add(points, 0.5), 1 / config.imageSize), weights);
  const learned = [promptLabel.negative, promptLabel.positive, promptLabel.boxTopLeft, promptLabel.boxBottomRight];
  return learned.reduce<Tensor>(
    (sum, kind) => add(sum, mul(isLabel(kinds, kind), weights(`point_embeddings.${kind}.weight`))),
    add(mul(positions, sub(1, padding)), mul(padding, weights('not_a_point_embed.weight'))),
  );
}

/**
 * Dense embedding of mask prompts: where `hasMask` is 1 the mask's, else the learned "no mask" everywhere.
 * masks: [B, 1, 4g, 4g] logits; hasMask: [B] → [B, C, g, g]
 */
export function densePrompts(masks: Tensor, hasMask: Tensor, weights: Weights): Tensor {
  const [batch, , height, width] = masks.shape;
  const down = within(weights, 'mask_downscaling');
  let x = patchConvolution(reshape(masks, [batch, height, width, 1]), within(down, '0'));
  x = patchConvolution(gelu(norm(x, within(down, '1'), 1e-6)), within(down, '3'));
  x = patchConvolution(gelu(norm(x, within(down, '4'), 1e-6)), within(down, '6'));
  const present = reshape(hasMask, [batch, 1, 1, 1]);
  const blended = add(mul(x, present), mul(weights('no_mask_embed.weight'), sub(1, present)));
  return transpose(blended, [0, 3, 1, 2]);
}

/** The learned dense embedding of "no mask", the same everywhere. → [1, C, 1, 1] */
export function noMaskPrompt(weights: Weights): Tensor {
  const embedding = weights('no_mask_embed.weight');
  return reshape(embedding, [1, embedding.shape[1], 1, 1]);
}
