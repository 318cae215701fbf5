import {
  add,
  affine,
  concat,
  constant,
  layerNorm,
  matMul,
  matrixTranspose,
  pad,
  relu,
  reshape,
  slice,
  softmax,
  tensorData,
  transpose,
  type RunSegment,
  type Tensor,
} from '../graph';
import { within, type Weights } from './weights';

/** x: [..., in] → [..., out]; weight stored [out, in]. */
export const linear = (x: Tensor, weights: Weights): Tensor => affine(x, weights('weight'), weights('bias'));

/** Over the last axis: LayerNorm on tokens and LayerNorm2d on channel-last maps alike. */
export const norm = (x: Tensor, weights: Weights, epsilon: number): Tensor =>
  layerNorm(x, weights('weight'), weights('bias'), epsilon);

/** Linear layers `layers.0 … layers.n−1` with ReLU between them. x: [..., in] → [..., out] */
export function mlp(x: Tensor, weights: Weights, depth: number): Tensor {
  let y = x;
  for (let layer = 0; layer < depth; layer++) {
    y = linear(layer === 0 ? y : relu(y), within(weights, `layers.${layer}`));
  }
  return y;
}

/** x: [B, N, C] → [B, heads, N, C / heads] */
export function splitHeads(x: Tensor, heads: number): Tensor {
  const [batch, tokens, channels] = x.shape;
  return transpose(reshape(x, [batch, tokens, heads, channels / heads]), [0, 2, 1, 3]);
}

/** x: [B, heads, N, d] → [B, N, heads·d] */
export function mergeHeads(x: Tensor): Tensor {
  const [batch, heads, tokens, depth] = x.shape;
  return reshape(transpose(x, [0, 2, 1, 3]), [batch, tokens, heads * depth]);
}

/** Values: the largest array of logits that attention makes at once, 64 MB. */
const largestLogits = 2 ** 24;

/**
 * softmax(q·kᵀ)·v on [B, heads, N, d]; the scale is already in q. Where all logits at once would be too many, heads take
 * turns, since a product prepares its keys anew each time; where those of one head are too many, its queries too. Each
 * turn is a segment: neither pass ever holds more than one turn's logits.
 */
export function attend(q: Tensor, k: Tensor, v: Tensor, run: RunSegment): Tensor {
  const [batch, heads, queries] = q.shape;
  const perHead = queries * k.shape[2];
  if (batch * heads * perHead <= largestLogits) return attendAtOnce(q, k, v);
  // One node for all turns: the gradients of its slices are then joined.
  const flat = [q, k, v].map((x) => reshape(x, [1, batch * heads, x.shape[2], x.shape[3]]));
  const size = {
    heads: Math.max(1, Math.floor(largestLogits / perHead)),
    queries: Math.floor(largestLogits / k.shape[2]),
  };
  const turns = inTurns(batch * heads, size.heads).map(([from, to]) => {
    const [ownQ, ownK, ownV] = flat.map((x) => slice(x, 1, from, to));
    const rows = inTurns(queries, Math.max(1, size.queries));
    return concat(
      rows.map(([start, end]) => run([slice(ownQ, 2, start, end), ownK, ownV], attendAtOnce)),
      2,
    );
  });
  return reshape(concat(turns, 1), [batch, heads, queries, v.shape[3]]);
}

/** [start, end) of turns of `size`, the last one shorter. */
const inTurns = (total: number, size: number): (readonly [number, number])[] =>
  Array.from({ length: Math.ceil(total / size) }, (_, index) => [index * size, Math.min(total, (index + 1) * size)]);

/** The same without turns, one graph for all sizes: for the decoder, whose logits are the least of its arrays. */
export const attendAtOnce = (q: Tensor, k: Tensor, v: Tensor): Tensor =>
  matMul(softmax(matMul(q, matrixTranspose(k))), v);

/** 3×3 convolution, padding 1, no bias, channel last. x: [B, h, w, in] → [B, h, w, out]; weight [out, in, 3, 3]. */
export function convolution3x3(x: Tensor, weight: Tensor): Tensor {
  const [, height, width] = x.shape;
  const [out, channels] = weight.shape;
  const padded = pad(x, [0, 1, 1, 0], [0, 1, 1, 0]);
  const taps = [0, 1, 2].flatMap((dy) =>
    [0, 1, 2].map((dx) => slice(slice(padded, 1, dy, dy + height), 2, dx, dx + width)),
  );
  return matMul(concat(taps, 3), reshape(transpose(weight, [2, 3, 1, 0]), [9 * channels, out]));
}

/** Non-overlapping n×n patches as channels, in (row, column, channel) order. [B, h, w, C] → [B, h/n, w/n, n·n·C] */
export function patches(x: Tensor, n: number): Tensor {
  const [batch, height, width, channels] = x.shape;
  const split = reshape(x, [batch, height / n, n, width / n, n, channels]);
  return reshape(transpose(split, [0, 1, 3, 2, 4, 5]), [batch, height / n, width / n, n * n * channels]);
}

/** n×n convolution of stride n, channel last. [B, h, w, in] → [B, h/n, w/n, out]; weight [out, in, n, n]. */
export function patchConvolution(x: Tensor, weights: Weights): Tensor {
  const weight = weights('weight');
  const [out, channels, n] = weight.shape;
  const matrix = reshape(transpose(weight, [2, 3, 1, 0]), [n * n * channels, out]);
  return add(matMul(patches(x, n), matrix), weights('bias'));
}

/** 2×2 transposed convolution of stride 2, channel last. [B, h, w, in] → [B, 2h, 2w, out]; weight [in, out, 2, 2]. */
export function upConvolution(x: Tensor, weights: Weights): Tensor {
  const weight = weights('weight');
  const [channels, out] = weight.shape;
  const [batch, height, width] = x.shape;
  const matrix = reshape(transpose(weight, [0, 2, 3, 1]), [channels, 4 * out]);
  const quads = reshape(matMul(x, matrix), [batch, height, width, 2, 2, out]);
  return add(reshape(transpose(quads, [0, 1, 3, 2, 4, 5]), [batch, 2 * height, 2 * width, out]), weights('bias'));
}

/** Rows that resample a line linearly with half-pixel centres (`align_corners` false). [to, from] */
export function interpolation(from: number, to: number): Float32Array {
  const matrix = new Float32Array(to * from);
  for (let row = 0; row < to; row++) {
    const position = Math.max(0, ((row + 0.5) * from) / to - 0.5);
    const low = Math.min(Math.floor(position), from - 1);
    const high = Math.min(low + 1, from - 1);
    matrix[row * from + low] += 1 - (position - low);
    matrix[row * from + high] += position - low;
  }
  return matrix;
}

/** Bilinear resampling of maps. x: [..., h, w] → [..., height, width] */
export function resizeBilinear(x: Tensor, height: number, width: number): Tensor {
  const [h, w] = x.shape.slice(-2);
  const rows = h === height ? x : matMul(constant(tensorData([height, h], interpolation(h, height))), x);
  return w === width ? rows : matMul(rows, matrixTranspose(constant(tensorData([width, w], interpolation(w, width)))));
}
