import { add, gelu, matMul, mul, pad, reshape, slice, transpose, type Tensor } from '../graph';
import { gridOf, type SamConfig } from './config';
import { attend, convolution3x3, linear, mergeHeads, norm, resizeBilinear } from './layers';
import { withRelativePositions } from './relativePosition';
import type { EncoderBlockSeams, ProjectionSeam, Seams } from './seams';
import { within, type Weights } from './weights';

const epsilon = 1e-6;

/** images: [B, 3, S, S], normalised → embedding [B, C, S/patch, S/patch] */
export function imageEncoder(images: Tensor, weights: Weights, config: SamConfig, seams: Seams): Tensor {
  let x = patchEmbedding(images, within(weights, 'patch_embed.proj'), config.patchSize);
  x = add(x, positionEmbedding(weights('pos_embed'), gridOf(config)));
  for (let index = 0; index < config.depth; index++) {
    const window = config.globalAttention.includes(index) ? 0 : config.windowSize;
    x = block(x, within(weights, `blocks.${index}`), config.heads, window, seams.encoderBlock(index));
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

/** x: [B, h, w, C] → [B, h, w, C]; `window` 0 attends globally. */
function block(x: Tensor, weights: Weights, heads: number, window: number, seams: EncoderBlockSeams): Tensor {
  const norm1 = (tokens: Tensor): Tensor => norm(tokens, within(weights, 'norm1'), epsilon);
  const self = (tokens: Tensor): Tensor => attention(tokens, within(weights, 'attn'), heads, seams.projection);
  const attended = (n: Tensor): Tensor => seams.attention(n, self, x.shape[0]);
  const cut = (): Tensor => (seams.padding === 'after-norm' ? windows(norm1(x), window) : norm1(windows(x, window)));
  const a = window > 0 ? unwindow(attended(cut()), x.shape) : attended(norm1(x));
  const y = add(x, a);
  const feedForward = (tokens: Tensor): Tensor =>
    linear(gelu(linear(tokens, within(weights, 'mlp.lin1'))), within(weights, 'mlp.lin2'));
  return add(y, seams.mlp(norm(y, within(weights, 'norm2'), epsilon), feedForward));
}

/** Multi-head self-attention on a grid, with decomposed relative positions. x: [B, h, w, C] → [B, h, w, C] */
function attention(x: Tensor, weights: Weights, heads: number, projection: ProjectionSeam): Tensor {
  const [batch, height, width, channels] = x.shape;
  const depth = channels / heads;
  const tokens = height * width;
  const project = (name: string, t: Tensor): Tensor =>
    projection(`attn.${name}`, t, (own) => linear(own, within(weights, name)));
  const split = reshape(project('qkv', x), [batch, tokens, 3, heads, depth]);
  const qkv = transpose(split, [2, 0, 3, 1, 4]);
  const [q, k, v] = [0, 1, 2].map((part) => reshape(slice(qkv, 0, part, part + 1), [batch, heads, tokens, depth]));
  const tables = { height: weights('rel_pos_h'), width: weights('rel_pos_w') };
  const extended = withRelativePositions(q, k, mul(q, 1 / Math.sqrt(depth)), tables, [height, width]);
  const merged = mergeHeads(attend(extended.q, extended.k, v));
  return reshape(project('proj', merged), x.shape);
}

/** Cuts a grid, zero-padded to whole windows. [B, h, w, C] → [B·rows·columns, n, n, C] */
function windows(x: Tensor, n: number): Tensor {
  const [batch, height, width, channels] = x.shape;
  const [rows, columns] = [Math.ceil(height / n), Math.ceil(width / n)];
  const padded = pad(x, [0, 0, 0, 0], [0, rows * n - height, columns * n - width, 0]);
  const split = reshape(padded, [batch, rows, n, columns, n, channels]);
  return reshape(transpose(split, [0, 1, 3, 2, 4, 5]), [batch * rows * columns, n, n, channels]);
}

/** The inverse of `windows`, the padding cropped. → [B, h, w, C] */
function unwindow(x: Tensor, [batch, height, width, channels]: readonly number[]): Tensor {
  const n = x.shape[1];
  const [rows, columns] = [Math.ceil(height / n), Math.ceil(width / n)];
  const split = transpose(reshape(x, [batch, rows, columns, n, n, channels]), [0, 1, 3, 2, 4, 5]);
  const whole = reshape(split, [batch, rows * n, columns * n, channels]);
  return slice(slice(whole, 1, 0, height), 2, 0, width);
}

/** 1×1 convolution, norm, 3×3 convolution, norm. [B, h, w, C] → [B, h, w, out] */
function neck(x: Tensor, weights: Weights): Tensor {
  const pointwise = weights('0.weight');
  const [out, channels] = pointwise.shape;
  const y = matMul(x, transpose(reshape(pointwise, [out, channels]), [1, 0]));
  const z = convolution3x3(norm(y, within(weights, '1'), epsilon), weights('2.weight'));
  return norm(z, within(weights, '3'), epsilon);
}
