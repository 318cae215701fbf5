import { add, broadcastTo, concat, gelu, matMul, mul, relu, reshape, slice, transpose, type Tensor } from '../graph';
import { maskTokens, type SamConfig } from './config';
import { attendAtOnce, linear, mergeHeads, mlp, norm, splitHeads, upConvolution } from './layers';
import type { DecoderLayerSeams, ProjectionSeam, Seams } from './seams';
import { within, type Weights } from './weights';

const epsilon = 1e-5;

export interface DecoderInputs {
  /** Image embedding with the dense prompt added: [B, C, g, g], or one for all [1, C, g, g]. */
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
  const [, channels, height, width] = image.shape;
  const [batch] = prompt.shape;
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
  const final = { weights, name: 'final_attn_token_to_image', heads, projection: seams.finalProjection };
  const attended = attention(q, k, streams.keys, final);
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
  const named = (name: string): DecoderAttention => ({ weights, name, heads, projection: seams.projection });
  const self = named('self_attn');
  const positioned = add(queries, queryPositions);
  // The first block's queries are their own positions: SAM attends without adding them, and without a residual.
  let q = first
    ? attention(queries, queries, queries, self)
    : add(queries, attention(positioned, positioned, queries, self));
  q = norm(q, within(weights, 'norm1'), epsilon);

  const k = add(keys, keyPositions);
  q = add(q, attention(add(q, queryPositions), k, keys, named('cross_attn_token_to_image')));
  q = norm(seams.tokens(q, prompt), within(weights, 'norm2'), epsilon);

  const feedForward = (x: Tensor): Tensor =>
    linear(relu(linear(x, within(weights, 'mlp.lin1'))), within(weights, 'mlp.lin2'));
  q = norm(add(q, seams.mlp(q, feedForward)), within(weights, 'norm3'), epsilon);

  const answered = add(keys, attention(k, add(q, queryPositions), q, named('cross_attn_image_to_token')));
  return { queries: q, keys: norm(seams.image(answered), within(weights, 'norm4'), epsilon) };
}

/** An attention of the decoder: where its weights lie, under which name, and what may attach to its projections. */
interface DecoderAttention {
  readonly weights: Weights;
  readonly name: string;
  readonly heads: number;
  readonly projection: ProjectionSeam;
}

/** Projected multi-head attention. q: [B, T, C]; k, v: [B, N, C] → [B, T, C] */
function attention(q: Tensor, k: Tensor, v: Tensor, { weights, name, heads, projection }: DecoderAttention): Tensor {
  const layer = (x: Tensor, part: string): Tensor =>
    projection(`${name}.${part}`, x, (own) => linear(own, within(weights, `${name}.${part}`)));
  const project = (x: Tensor, part: string): Tensor => splitHeads(layer(x, part), heads);
  const queries = project(q, 'q_proj');
  const scaled = mul(queries, 1 / Math.sqrt(queries.shape[3]));
  const mixed = attendAtOnce(scaled, project(k, 'k_proj'), project(v, 'v_proj'));
  return layer(mergeHeads(mixed), 'out_proj');
}
