import { concat, reduceMean, reshape, slice, type Tensor } from '../graph';
import type { AttachmentTrace } from '../medsa/observation';

/** How a depth branch weighs the D slices of one volume. Rows ask, columns are looked at; each row adds up to 1. */
export interface SliceAttention {
  /** Mean over the positions: [heads, D, D]. */
  readonly heads: Tensor;
  /** Mean over the heads: [1, g, g, D·D]. */
  readonly positions: Tensor;
}

/**
 * The attention of a depth branch: the very softmax whose product with the values it is. Attention that takes turns has
 * one for each turn of heads.
 */
export function sliceAttention(
  line: NonNullable<AttachmentTrace['line']>,
  addition: Tensor,
  heads: number,
  grid: number,
): SliceAttention {
  const [slices, height, width] = addition.shape;
  const found = softmaxesBetween(line.sequences, line.attended);
  const turns = found.map((weights) => reshape(weights, [-1, slices, slices]));
  // [positions · heads, D, D]: positions of the padding, where there is one, are cut off.
  const all = reshape(concat(turns, 0), [height, width, heads, slices * slices]);
  const inside = slice(slice(all, 0, 0, grid), 1, 0, grid);
  return {
    heads: reshape(reduceMean(inside, [0, 1]), [heads, slices, slices]),
    positions: reshape(reduceMean(inside, [2]), [1, grid, grid, slices * slices]),
  };
}

/** The softmax nodes on the way from one tensor to another, in the order of the inputs they end up in. */
function softmaxesBetween(from: Tensor, to: Tensor): Tensor[] {
  const seen = new Set<Tensor>([from]);
  const found: Tensor[] = [];
  const visit = (tensor: Tensor): void => {
    if (seen.has(tensor)) return;
    seen.add(tensor);
    tensor.inputs.forEach(visit);
    if (tensor.primitive === 'softmax') found.push(tensor);
  };
  visit(to);
  return found;
}
