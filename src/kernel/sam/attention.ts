import {
  add,
  affine,
  concat,
  mul,
  pad,
  reshape,
  slice,
  transpose,
  zeros,
  type RunSegment,
  type Tensor,
} from '../graph';
import { attend, linear } from './layers';
import { withRelativePositions } from './relativePosition';
import { within, type Weights } from './weights';

export interface AttentionSite {
  /** Of `qkv`, `proj`, `rel_pos_h` and `rel_pos_w`. */
  readonly weights: Weights;
  readonly heads: number;
  /** Side of a window; 0 attends globally. */
  readonly window: number;
  /** Runs one turn of an attention that takes turns. */
  readonly turn: RunSegment;
}

/**
 * Multi-head self-attention on a grid, with decomposed relative positions, in windows or globally.
 *
 * A last window that the grid does not fill holds zeros (SAM), so that their queries, keys and values are the
 * projection's bias. They need not be projected: the bias of the keys adds the same to all logits of a query, and
 * softmax takes it out again; that of the values passes through unchanged, since weights sum to 1, and is added behind.
 * x: [B, h, w, C] → [B, h, w, C]
 */
export function attention(x: Tensor, site: AttentionSite): Tensor {
  const { weights, heads, window } = site;
  const [, height, width, channels] = x.shape;
  const third = (tensor: Tensor, index: number): Tensor =>
    slice(tensor, tensor.shape.length - 1, index * channels, (index + 1) * channels);
  const bias = weights('qkv.bias');
  const qkv = affine(x, weights('qkv.weight'), concat([third(bias, 0), zeros([2 * channels])], 0));
  const streams = { q: mul(third(qkv, 0), 1 / Math.sqrt(channels / heads)), k: third(qkv, 1), v: third(qkv, 2) };
  const [rows, columns] = spansOf(height, width, window);
  const mixed = concat(
    rows.map((row) =>
      concat(
        columns.map((column) => attendRegion(streams, row, column, site)),
        2,
      ),
    ),
    1,
  );
  return linear(add(mixed, third(bias, 2)), within(weights, 'proj'));
}

/** A part of one side of the grid, cut into equal windows: their queries, and all the keys that each of them sees. */
interface Span {
  readonly start: number;
  readonly end: number;
  readonly queries: number;
  readonly keys: number;
}

/**
 * Rows and columns to attend within. Where most of all window places are padding (a small grid), what lies in the last
 * windows attends on its own, so that no padded query is computed; else one product for all windows costs less.
 */
function spansOf(height: number, width: number, window: number): readonly [Span[], Span[]] {
  const whole = (side: number): Span[] => [{ start: 0, end: side, queries: side, keys: side }];
  if (window === 0) return [whole(height), whole(width)];
  const padded = (side: number): Span[] => [{ start: 0, end: side, queries: window, keys: window }];
  const places = Math.ceil(height / window) * Math.ceil(width / window) * window * window;
  if (2 * height * width > places) return [padded(height), padded(width)];
  const split = (side: number): Span[] => {
    const full = side - (side % window);
    const parts = [
      { start: 0, end: full, queries: window, keys: window },
      { start: full, end: side, queries: side - full, keys: window },
    ];
    return parts.filter(({ start, end }) => end > start);
  };
  return [split(height), split(width)];
}

/** q (scaled), k, v: [B, h, w, C] → the mixed values of the region's queries [B, rows, columns, C] */
function attendRegion(
  { q, k, v }: Readonly<Record<'q' | 'k' | 'v', Tensor>>,
  rows: Span,
  columns: Span,
  { weights, heads, turn }: AttentionSite,
): Tensor {
  const region = (x: Tensor): Tensor => slice(slice(x, 1, rows.start, rows.end), 2, columns.start, columns.end);
  const keys = (x: Tensor): Tensor => toWindows(region(x), rows.keys, columns.keys, heads);
  const tables = { height: weights('rel_pos_h'), width: weights('rel_pos_w') };
  const extended = withRelativePositions(
    toWindows(region(q), rows.queries, columns.queries, heads),
    keys(k),
    tables,
    [rows.queries, columns.queries],
    [rows.keys, columns.keys],
  );
  const mixed = attend(extended.q, extended.k, keys(v), turn);
  return fromWindows(mixed, rows, columns);
}

/** Cuts a grid, zero-padded to whole windows, and the channels into heads. [B, h, w, C] → [B·windows, heads, n·m, d] */
function toWindows(x: Tensor, n: number, m: number, heads: number): Tensor {
  const [batch, , , channels] = x.shape;
  const padded = padToWindows(x, n, m);
  const [, height, width] = padded.shape;
  const split = reshape(padded, [batch, height / n, n, width / m, m, heads, channels / heads]);
  return reshape(transpose(split, [0, 1, 3, 5, 2, 4, 6]), [-1, heads, n * m, channels / heads]);
}

/** The inverse of `toWindows` for a region's queries, the padding cropped. → [B, rows, columns, C] */
function fromWindows(x: Tensor, rows: Span, columns: Span): Tensor {
  const [, heads, , depth] = x.shape;
  const [height, width] = [rows.end - rows.start, columns.end - columns.start];
  const [n, m] = [rows.queries, columns.queries];
  const [down, across] = [Math.ceil(height / n), Math.ceil(width / m)];
  const split = reshape(x, [-1, down, across, heads, n, m, depth]);
  const whole = reshape(transpose(split, [0, 1, 4, 2, 5, 3, 6]), [-1, down * n, across * m, heads * depth]);
  return crop(whole, height, width);
}

/** Zeros right and below, up to whole windows of n × m. [B, h, w, C] → [B, rows·n, columns·m, C] */
export function padToWindows(x: Tensor, n: number, m: number): Tensor {
  const [, height, width] = x.shape;
  return pad(x, [0, 0, 0, 0], [0, Math.ceil(height / n) * n - height, Math.ceil(width / m) * m - width, 0]);
}

/** [B, ≥ height, ≥ width, C] → [B, height, width, C] */
export const crop = (x: Tensor, height: number, width: number): Tensor => slice(slice(x, 1, 0, height), 2, 0, width);
