import type { Mask } from '../imaging/types';

/** Logits on a square grid, row-major. */
export interface LogitMap {
  readonly data: Float32Array;
  readonly width: number;
  readonly height: number;
}

/** Non-zero entries of one row of an interpolation: two taps are all there are. */
interface Taps {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly weight: Float32Array;
}

function taps(from: number, to: number): Taps {
  const low = new Int32Array(to);
  const high = new Int32Array(to);
  const weight = new Float32Array(to);
  for (let index = 0; index < to; index++) {
    const position = Math.max(0, ((index + 0.5) * from) / to - 0.5);
    low[index] = Math.min(Math.floor(position), from - 1);
    high[index] = Math.min(low[index] + 1, from - 1);
    weight[index] = position - low[index];
  }
  return { low, high, weight };
}

/** Bilinear resampling with half-pixel centres, then the top-left `keep` part. */
function resize(map: LogitMap, width: number, height: number, keepWidth = width, keepHeight = height): LogitMap {
  const columns = taps(map.width, width);
  const rows = taps(map.height, height);
  const data = new Float32Array(keepWidth * keepHeight);
  const top = new Float32Array(keepWidth);
  const bottom = new Float32Array(keepWidth);
  const across = (row: number, into: Float32Array): void => {
    const start = row * map.width;
    for (let x = 0; x < keepWidth; x++) {
      const left = map.data[start + columns.low[x]];
      into[x] = left + (map.data[start + columns.high[x]] - left) * columns.weight[x];
    }
  };
  let low = -1;
  for (let y = 0; y < keepHeight; y++) {
    if (rows.low[y] !== low) {
      low = rows.low[y];
      across(low, top);
      across(rows.high[y], bottom);
    }
    const weight = rows.weight[y];
    for (let x = 0; x < keepWidth; x++) data[y * keepWidth + x] = top[x] + (bottom[x] - top[x]) * weight;
  }
  return { data, width: keepWidth, height: keepHeight };
}

/** Size of an image whose longest side is brought to `side`, at least one pixel (med-sa.md, section 1, "Pixels"). */
export function fitSize(width: number, height: number, side: number): { width: number; height: number } {
  const scale = side / Math.max(width, height);
  const fitted = (extent: number): number => Math.max(1, Math.floor(extent * scale + 0.5));
  return { width: fitted(width), height: fitted(height) };
}

/** Low-resolution logits → logits of the original image: up to the padded square, crop the padding, to the original. */
export function originalLogits(
  lowRes: LogitMap,
  side: number,
  resized: { readonly width: number; readonly height: number },
  original: { readonly width: number; readonly height: number },
): LogitMap {
  const square = resize(lowRes, side, side, resized.width, resized.height);
  return resize(square, original.width, original.height);
}

/**
 * `threshold(originalLogits(…))` at a fraction of its time and memory: row by row, and only where a low-resolution logit
 * above 0 is within reach: elsewhere every mean is at most 0.
 */
export function originalMask(
  lowRes: LogitMap,
  side: number,
  resized: { readonly width: number; readonly height: number },
  original: { readonly width: number; readonly height: number },
): Mask {
  const { width, height } = original;
  const mask = new Uint8Array(width * height);
  const inside = positiveBox(lowRes);
  if (inside === null) return { width, height, data: mask };

  const toSquare = { x: taps(lowRes.width, side), y: taps(lowRes.height, side) };
  const toOriginal = { x: taps(resized.width, width), y: taps(resized.height, height) };
  const columns = reached(toOriginal.x, reached(toSquare.x, inside.x, resized.width), width);
  const rows = reached(toOriginal.y, reached(toSquare.y, inside.y, resized.height), height);
  // What is inside may all lie in the padding.
  if (columns.from === columns.to || rows.from === rows.to) return { width, height, data: mask };
  const squareColumns = drawnOn(toOriginal.x, columns);

  const lowRow = rowPair((y, into) => across(lowRes.data, y * lowRes.width, toSquare.x, squareColumns, into), side);
  const square = new Float32Array(resized.width);
  const row = rowPair((y, into) => {
    const [top, bottom] = lowRow(toSquare.y.low[y], toSquare.y.high[y]);
    const weight = toSquare.y.weight[y];
    for (let x = squareColumns.from; x < squareColumns.to; x++) square[x] = top[x] + (bottom[x] - top[x]) * weight;
    across(square, 0, toOriginal.x, columns, into);
  }, width);
  for (let y = rows.from; y < rows.to; y++) {
    const [top, bottom] = row(toOriginal.y.low[y], toOriginal.y.high[y]);
    const weight = toOriginal.y.weight[y];
    const start = y * width;
    for (let x = columns.from; x < columns.to; x++) {
      mask[start + x] = top[x] + (bottom[x] - top[x]) * weight > 0 ? 1 : 0;
    }
  }
  return { width, height, data: mask };
}

/** [from, to) */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** Columns and rows between which all logits above 0 lie; null where there is none. */
function positiveBox({ data, width, height }: LogitMap): { readonly x: Range; readonly y: Range } | null {
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0, index = 0; y < height; y++) {
    for (let x = 0; x < width; x++, index++) {
      if (!(data[index] > 0)) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (top === height) top = y;
      bottom = y;
    }
  }
  return bottom < 0 ? null : { x: { from: left, to: right + 1 }, y: { from: top, to: bottom + 1 } };
}

/** Outputs, of the first `count`, that draw on an input of the range. Taps ascend, so they stand side by side. */
function reached({ low, high }: Taps, range: Range, count: number): Range {
  let from = 0;
  while (from < count && high[from] < range.from) from++;
  let to = from;
  while (to < count && low[to] < range.to) to++;
  return { from, to };
}

/** The inputs that a range of outputs, which is not empty, draws on. */
const drawnOn = ({ low, high }: Taps, { from, to }: Range): Range => ({ from: low[from], to: high[to - 1] + 1 });

function across(
  data: Float32Array,
  start: number,
  { low, high, weight }: Taps,
  range: Range,
  into: Float32Array,
): void {
  for (let x = range.from; x < range.to; x++) {
    const left = data[start + low[x]];
    into[x] = left + (data[start + high[x]] - left) * weight[x];
  }
}

/** The two rows asked for, made by `make`; one that the last call had is not made again. */
function rowPair(make: (y: number, into: Float32Array) => void, length: number) {
  let [topRow, bottomRow] = [-1, -1];
  let [top, bottom] = [new Float32Array(length), new Float32Array(length)];
  return (low: number, high: number): readonly [Float32Array, Float32Array] => {
    if (low === bottomRow && low !== topRow) {
      [top, bottom] = [bottom, top];
      [topRow, bottomRow] = [bottomRow, -1];
    }
    if (low !== topRow) make((topRow = low), top);
    if (high !== bottomRow) make((bottomRow = high), bottom);
    return [top, bottom];
  };
}

/** 1 where a logit is above 0. */
export function threshold({ data, width, height }: LogitMap): Mask {
  const mask = new Uint8Array(data.length);
  for (let index = 0; index < data.length; index++) mask[index] = data[index] > 0 ? 1 : 0;
  return { width, height, data: mask };
}
