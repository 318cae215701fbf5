import { div, reduceMean, reduceSum, reshape, slice, sqrt, square, step, type Tensor } from '../graph';

/** Length of every token's vector. [B, …, C] → [B, …] */
export function channelNorm(x: Tensor): Tensor {
  const last = x.shape.length - 1;
  return reshape(sqrt(reduceSum(square(x), [last])), x.shape.slice(0, last));
}

/** ‖part‖ / ‖whole‖ over all tokens and channels of each image. [B, …, C], [B, …, C] → [B] */
export function share(part: Tensor, whole: Tensor): Tensor {
  const norm = (x: Tensor): Tensor => reshape(sqrt(reduceSum(square(x), [...x.shape.keys()].slice(1))), [x.shape[0]]);
  return div(norm(part), norm(whole));
}

/** Part of all tokens at which each unit is above 0. [..., r] → [r] */
export function activeShare(hidden: Tensor): Tensor {
  const last = hidden.shape.length - 1;
  return reshape(reduceMean(step(hidden), [...hidden.shape.keys()].slice(0, last)), [hidden.shape[last]]);
}

/**
 * Tokens as they lie on the image's grid, without padding: [B, h ≥ g, w ≥ g, n] and [B, g·g, n] → [B, g, g, n].
 * Other sequences, the decoder's tokens, stay [B, T, n].
 */
export function onGrid(x: Tensor, grid: number): Tensor {
  if (x.shape.length === 4) return slice(slice(x, 1, 0, grid), 2, 0, grid);
  const [batch, tokens, channels] = x.shape;
  return tokens === grid * grid ? reshape(x, [batch, grid, grid, channels]) : x;
}
