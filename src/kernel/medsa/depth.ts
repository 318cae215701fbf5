import { reshape, transpose, type Shape, type Tensor } from '../graph';
import type { AdapterVariant } from './options';

/**
 * The grid [height, width] that D slices of one position make for the relative positions: a 1×D line, or as released
 * the rectangle with the largest height < width whose area is D (a line for a prime; 4 = 1×4). Med-sa.md, sections 3, 5.
 */
export function depthGrid(slices: number, variant: AdapterVariant): readonly [number, number] {
  if (variant === 'paper') return [1, slices];
  let height = 1;
  for (let side = 2; side * side < slices; side++) if (slices % side === 0) height = side;
  return [height, slices / height];
}

/** Every spatial position as a sequence of its slices. [V·D, h, w, C] → [V·h·w, …grid, C] */
export function toDepth(n: Tensor, slices: number, grid: readonly [number, number]): Tensor {
  const [images, height, width, channels] = n.shape;
  const volumes = images / slices;
  const turned = transpose(reshape(n, [volumes, slices, height * width, channels]), [0, 2, 1, 3]);
  return reshape(turned, [volumes * height * width, ...grid, channels]);
}

/** The inverse of `toDepth`: back to `shape`. */
export function fromDepth(x: Tensor, shape: Shape, slices: number): Tensor {
  const line = reshape(x, [shape[0] / slices, -1, slices, shape[3]]);
  return reshape(transpose(line, [0, 2, 1, 3]), shape);
}
