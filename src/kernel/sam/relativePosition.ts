import {
  broadcastTo,
  concat,
  constant,
  matMul,
  mul,
  reshape,
  slice,
  tensorData,
  transpose,
  type Tensor,
} from '../graph';
import { interpolation } from './layers';

/** Constants that blocks have in common: one tensor for all of them, which the runtime then holds once. */
const shared = new Map<string, Tensor>();
const mostShared = 64;

function once(key: string, make: () => Tensor): Tensor {
  const known = shared.get(key);
  if (known !== undefined) return known;
  const made = make();
  if (shared.size >= mostShared) shared.clear();
  shared.set(key, made);
  return made;
}

/**
 * Selects, from a table of relative positions [2L−1, d], the vector of every (query, key) pair of a line of `length`:
 * entry query − key + length − 1, the table first resampled to 2·length−1 where its size differs. → [length, length, d]
 */
function pairwise(table: Tensor, length: number): Tensor {
  const [entries, depth] = table.shape;
  const select = once(`select ${entries} ${length}`, () => {
    const resample = interpolation(entries, 2 * length - 1);
    const select = new Float32Array(length * length * entries);
    for (let query = 0; query < length; query++) {
      for (let key = 0; key < length; key++) {
        const row = query - key + length - 1;
        select.set(resample.subarray(row * entries, (row + 1) * entries), (query * length + key) * entries);
      }
    }
    return constant(tensorData([length * length, entries], select));
  });
  return reshape(matMul(select, table), [length, length, depth]);
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

type Side = readonly [height: number, width: number];

/**
 * Decomposed relative positions (SAM, after MViTv2): logit(query, key) += q·R_h[Δrow] + q·R_w[Δcolumn].
 * They enter as further channels of the attention product, [q ‖ q·R_h/s ‖ q·R_w/s] × [k ‖ row of key ‖ column of key]ᵀ,
 * so that no second array of N×N logits is made, forward or backward. The queries come scaled by s = 1/√d, and may be
 * those of the first rows and columns only.
 * q: [G, heads, qh·qw, d], k: [G, heads, h·w, d] → the same, of d + h + w channels
 */
export function withRelativePositions(
  q: Tensor,
  k: Tensor,
  tables: { readonly height: Tensor; readonly width: Tensor },
  [queryRows, queryColumns]: Side,
  [height, width]: Side,
): { q: Tensor; k: Tensor } {
  const [groups, heads, queries, depth] = q.shape;
  const grid = reshape(q, [groups * heads, queryRows, queryColumns, depth]);
  // [qh, d, h] and [qw, d, w]: for each query row (column), the products with every key row (column).
  const unscaled = (table: Tensor, side: number, rows: number): Tensor =>
    transpose(slice(pairwise(mul(table, Math.sqrt(depth)), side), 0, 0, rows), [0, 2, 1]);
  const alongHeight = matMul(grid, unscaled(tables.height, height, queryRows));
  const alongWidth = matMul(transpose(grid, [0, 2, 1, 3]), unscaled(tables.width, width, queryColumns));
  const flat = (x: Tensor, side: number): Tensor => reshape(x, [groups, heads, queries, side]);
  const everywhere = (along: 'height' | 'width', side: number): Tensor =>
    once(`${along} ${height} ${width} ${groups} ${heads}`, () =>
      broadcastTo(coordinates(height, width, along), [groups, heads, height * width, side]),
    );
  return {
    q: concat([q, flat(alongHeight, height), flat(transpose(alongWidth, [0, 2, 1, 3]), width)], 3),
    k: concat([k, everywhere('height', height), everywhere('width', width)], 3),
  };
}
