import {
  add,
  broadcastTo,
  concat,
  gelu,
  keep,
  matMul,
  mul,
  relu,
  reshape,
  slice,
  transpose,
  type Tensor,
} from '../graph';
import { maskTokens, type SamConfig } from './config';
import { attend, linear, mergeHeads, mlp, norm, splitHeads, upConvolution } from './layers';
import type { DecoderLayerSeams, Seams } from './seams';
import { within, type Weights } from './weights';

const epsilon = 1e-5;

export interface DecoderInputs {
  /** Image embedding with the dense prompt added: [B, C, g, g]. */
  readonly image: Tensor;
  /** Positions of its cells: [1, C, g, g]. */
  readonly imagePositions: Tensor;
  /** Sparse prompt embeddings: [B, P, C]. */
  readonly prompt: Tensor;
}

export interface DecoderOutputs {
  /** Logits of all four mask tokens: [B, 4, 4g, 4g]; token 0 is the single answer, 1..3 the ambiguous ones. */
  readonly masks: Tensor;
  /** The model's estimate of each mask's IoU: [B, 4]. */
  readonly iou: Tensor;
}

/** Masks from an image embedding and prompts (SAM, appendix A, "Lightweight mask decoder"). */
export function maskDecoder(
  { image, imagePositions, prompt }: DecoderInputs,
  weights: Weights,
  config: SamConfig,
  seams: Seams,
): DecoderOutputs {
  const [batch, channels, height, width] = image.shape;
  const learned = concat([weights('iou_token.weight'), weights('mask_tokens.weight')], 0);
  const tokens = concat([broadcastTo(learned, [batch, 1 + maskTokens, channels]), prompt], 1);

  const { queries, keys } = twoWayTransformer(
    { queries: tokens, keys: sequence(image), keyPositions: sequence(imagePositions), prompt },
    within(weights, 'transformer'),
    config,
    seams,
  );

  const upscaled = upscale(reshape(keys, [batch, height, width, channels]), within(weights, 'output_upscaling'));
  const [, upHeight, upWidth, upChannels] = upscaled.shape;
  const mixing = Array.from({ length: maskTokens }, (_, index) =>
    mlp(slice(queries, 1, 1 + index, 2 + index), within(weights, `output_hypernetworks_mlps.${index}`), 3),
  );
  const pixels = transpose(reshape(upscaled, [batch, upHeight * upWidth, upChannels]), [0, 2, 1]);
  const masks = reshape(matMul(concat(mixing, 1), pixels), [batch, maskTokens, upHeight, upWidth]);

  const quality = mlp(slice(queries, 1, 0, 1), within(weights, 'iou_prediction_head'), config.iouHeadDepth);
  return { masks, iou: reshape(quality, [batch, maskTokens]) };
}

/** [B, C, h, w] → [B, h·w, C] */
function sequence(map: Tensor): Tensor {
  const [batch, channels, height, width] = map.shape;
  return reshape(transpose(map, [0, 2, 3, 1]), [batch, height * width, channels]);
}

/** [B, h, w, C] → [B, 4h, 4w, C/8] */
function upscale(x: Tensor, weights: Weights): Tensor {
  const y = upConvolution(x, within(weights, '0'));
  return gelu(upConvolution(gelu(norm(y, within(weights, '1'), 1e-6)), within(weights, '3')));
}

interface Streams {
  readonly queries: Tensor;
  readonly keys: Tensor;
}

interface TwoWayInputs extends Streams {
  readonly keyPositions: Tensor;
  readonly prompt: Tensor;
}

/** queries: [B, T, C], keys: [B, N, C] → both attended to each other. The tokens themselves are the queries' positions. */
function twoWayTransformer(inputs: TwoWayInputs, weights: Weights, config: SamConfig, seams: Seams): Streams {
  const heads = config.decoderHeads;
  let streams: Streams = inputs;
  for (let index = 0; index < config.decoderDepth; index++) {
    const layer = within(weights, `layers.${index}`);
    streams = twoWayBlock(
      { ...inputs, ...streams },
      inputs.queries,
      layer,
      heads,
      index === 0,
      seams.decoderLayer(index),
    );
  }
  const q = add(streams.queries, inputs.queries);
  const k = add(streams.keys, inputs.keyPositions);
  const attended = attention(q, k, streams.keys, within(weights, 'final_attn_token_to_image'), heads);
  const queries = norm(add(streams.queries, attended), within(weights, 'norm_final_attn'), epsilon);
  return { queries, keys: streams.keys };
}

/** One two-way block (med-sa.md, section 4, with the seams where its adapters attach). */
function twoWayBlock(
  { queries, keys, keyPositions, prompt }: TwoWayInputs,
  queryPositions: Tensor,
  weights: Weights,
  heads: number,
  first: boolean,
  seams: DecoderLayerSeams,
): Streams {
  const self = within(weights, 'self_attn');
  const positioned = add(queries, queryPositions);
  // The first block's queries are their own positions: SAM attends without adding them, and without a residual.
  let q = first
    ? attention(queries, queries, queries, self, heads)
    : add(queries, attention(positioned, positioned, queries, self, heads));
  q = norm(q, within(weights, 'norm1'), epsilon);

  const k = add(keys, keyPositions);
  const toImage = within(weights, 'cross_attn_token_to_image');
  q = add(q, attention(add(q, queryPositions), k, keys, toImage, heads));
  q = norm(seams.tokens(q, prompt), within(weights, 'norm2'), epsilon);

  const feedForward = (x: Tensor): Tensor =>
    linear(relu(linear(x, within(weights, 'mlp.lin1'))), within(weights, 'mlp.lin2'));
  q = norm(add(q, seams.mlp(q, feedForward)), within(weights, 'norm3'), epsilon);

  const toToken = within(weights, 'cross_attn_image_to_token');
  const answered = add(keys, attention(k, add(q, queryPositions), q, toToken, heads));
  return { queries: q, keys: norm(seams.image(answered), within(weights, 'norm4'), epsilon) };
}

/** Projected multi-head attention. q: [B, T, C]; k, v: [B, N, C] → [B, T, C] */
function attention(q: Tensor, k: Tensor, v: Tensor, weights: Weights, heads: number): Tensor {
  const project = (x: Tensor, name: string): Tensor => splitHeads(linear(x, within(weights, name)), heads);
  const queries = project(q, 'q_proj');
  const scaled = mul(queries, 1 / Math.sqrt(queries.shape[3]));
  const mixed = attend(scaled, project(k, 'k_proj'), project(v, 'v_proj'), keep);
  return linear(mergeHeads(mixed), within(weights, 'out_proj'));
}
