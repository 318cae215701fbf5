import { add, gelu, keep, matMul, reshape, transpose, type RunSegment, type Tensor } from '../graph';
import { gridOf, type SamConfig } from './config';
import { attention, crop, padToWindows } from './attention';
import { convolution3x3, linear, norm, resizeBilinear } from './layers';
import type { EncoderBlockSeams, Seams } from './seams';
import { within, type Weights } from './weights';

const epsilon = 1e-6;

/** How parts of the encoder are built: as segments, they are computed again in the backward pass, else kept. */
export interface EncoderSegments {
  readonly block: RunSegment;
  /** One turn of an attention that takes turns. */
  readonly attention: RunSegment;
}

const kept: EncoderSegments = { block: keep, attention: keep };

/** images: [B, 3, S, S], normalised → embedding [B, C, S/patch, S/patch] */
export function imageEncoder(
  images: Tensor,
  weights: Weights,
  config: SamConfig,
  seams: Seams,
  segments: EncoderSegments = kept,
): Tensor {
  let x = patchEmbedding(images, within(weights, 'patch_embed.proj'), config.patchSize);
  x = add(x, positionEmbedding(weights('pos_embed'), gridOf(config)));
  for (let index = 0; index < config.depth; index++) {
    const site: BlockSite = {
      weights: within(weights, `blocks.${index}`),
      heads: config.heads,
      window: config.globalAttention.includes(index) ? 0 : config.windowSize,
      seams: seams.encoderBlock(index),
      turn: segments.attention,
    };
    x = segments.block([x], (tokens) => block(tokens, site));
  }
  return transpose(neck(x, within(weights, 'neck')), [0, 3, 1, 2]);
}

/** [B, 3, S, S] → [B, S/p, S/p, C]; weight [C, 3, p, p] */
function patchEmbedding(images: Tensor, weights: Weights, p: number): Tensor {
  const [batch, channels, height, width] = images.shape;
  const split = reshape(images, [batch, channels, height / p, p, width / p, p]);
  const flat = reshape(transpose(split, [0, 2, 4, 1, 3, 5]), [batch, height / p, width / p, channels * p * p]);
  const weight = weights('weight');
  const matrix = transpose(reshape(weight, [weight.shape[0], channels * p * p]), [1, 0]);
  return add(matMul(flat, matrix), weights('bias'));
}

/** Learned absolute positions [1, g₀, g₀, C], resampled where the grid differs from the one they were learned on. */
function positionEmbedding(table: Tensor, grid: number): Tensor {
  if (table.shape[1] === grid) return table;
  return transpose(resizeBilinear(transpose(table, [0, 3, 1, 2]), grid, grid), [0, 2, 3, 1]);
}

interface BlockSite {
  readonly weights: Weights;
  readonly heads: number;
  /** Side of a window; 0 attends globally. */
  readonly window: number;
  readonly seams: EncoderBlockSeams;
  readonly turn: RunSegment;
}

/** x: [B, h, w, C] → [B, h, w, C] */
function block(x: Tensor, { weights, heads, window, seams, turn }: BlockSite): Tensor {
  const [, height, width] = x.shape;
  const early = window > 0 && seams.padding === 'before-norm';
  const n = norm(early ? padToWindows(x, window, window) : x, within(weights, 'norm1'), epsilon);
  const own = { weights: within(weights, 'attn'), heads, turn };
  const attended = seams.attention(n, {
    plane: (tokens) => attention(tokens, { ...own, window }),
    line: (tokens) => attention(tokens, { ...own, window: 0 }),
  });
  const y = add(x, crop(attended, height, width));
  const feedForward = (tokens: Tensor): Tensor =>
    linear(gelu(linear(tokens, within(weights, 'mlp.lin1'))), within(weights, 'mlp.lin2'));
  return add(y, seams.mlp(norm(y, within(weights, 'norm2'), epsilon), feedForward));
}

/** 1×1 convolution, norm, 3×3 convolution, norm. [B, h, w, C] → [B, h, w, out] */
function neck(x: Tensor, weights: Weights): Tensor {
  const pointwise = weights('0.weight');
  const [out, channels] = pointwise.shape;
  const y = matMul(x, transpose(reshape(pointwise, [out, channels]), [1, 0]));
  const z = convolution3x3(norm(y, within(weights, '1'), epsilon), weights('2.weight'));
  return norm(z, within(weights, '3'), epsilon);
}
