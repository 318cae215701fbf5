import { concat, constant, matMul, reshape, tensorData, transpose, broadcastTo, type Tensor } from '../graph';
import { interpolation } from './layers';

/**
 * Selects, from a table of relative positions [2L−1, d], the vector of every (query, key) pair of a line of `length`:
 * entry query − key + length − 1, the table first resampled to 2·length−1 where its size differs. → [length, length, d]
 */
function pairwise(table: Tensor, length: number): Tensor {
  const [entries, depth] = table.shape;
  const wanted = 2 * length - 1;
  const resample = interpolation(entries, wanted);
  const select = new Float32Array(length * length * entries);
  for (let query = 0; query < length; query++) {
    for (let key = 0; key < length; key++) {
      const row = query - key + length - 1;
      select.set(resample.subarray(row * entries, (row + 1) * entries), (query * length + key) * entries);
    }
  }
  return reshape(matMul(constant(tensorData([length * length, entries], select)), table), [length, length, depth]);
}

/** One-hot coordinate of every cell of an h×w grid along one side. [h·w, side] */
function coordinates(height: number, width: number, along: 'height' | 'width'): Tensor {
  const side = along === 'height' ? height : width;
  const data = new Float32Array(height * width * side);
  for (let cell = 0; cell < height * width; cell++) {
    data[cell * side + (along === 'height' ? Math.floor(cell / width) : cell % width)] = 1;
  }
  return constant(tensorData([height * width, side], data));
}

/**
 * Decomposed relative positions (SAM, after MViTv2): logit(query, key) += q·R_h[Δrow] + q·R_w[Δcolumn].
 * They enter as further channels of the attention product, [q·scale ‖ q·R_h ‖ q·R_w] × [k ‖ row of key ‖ column of key]ᵀ,
 * so that no second array of N×N logits is made, forward or backward.
 * q, k: [B, heads, h·w, d] → extended q, k: [B, heads, h·w, d + h + w]
 */
export function withRelativePositions(
  q: Tensor,
  k: Tensor,
  scaled: Tensor,
  tables: { readonly height: Tensor; readonly width: Tensor },
  [height, width]: readonly [number, number],
): { q: Tensor; k: Tensor } {
  const [batch, heads, tokens, depth] = q.shape;
  const grid = reshape(q, [batch * heads, height, width, depth]);
  // [h, d, h] and [w, d, w]: for each query row (column), the products with every key row (column).
  const rowsOf = transpose(pairwise(tables.height, height), [0, 2, 1]);
  const columnsOf = transpose(pairwise(tables.width, width), [0, 2, 1]);
  const alongHeight = matMul(grid, rowsOf);
  const alongWidth = transpose(matMul(transpose(grid, [0, 2, 1, 3]), columnsOf), [0, 2, 1, 3]);
  const flat = (x: Tensor, side: number): Tensor => reshape(x, [batch, heads, tokens, side]);
  const everywhere = (x: Tensor, side: number): Tensor => broadcastTo(x, [batch, heads, tokens, side]);
  return {
    q: concat([scaled, flat(alongHeight, height), flat(alongWidth, width)], 3),
    k: concat(
      [
        k,
        everywhere(coordinates(height, width, 'height'), height),
        everywhere(coordinates(height, width, 'width'), width),
      ],
      3,
    ),
  };
}
