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

/** 1 where a logit is above 0. */
export function threshold({ data, width, height }: LogitMap): Mask {
  const mask = new Uint8Array(data.length);
  for (let index = 0; index < data.length; index++) mask[index] = data[index] > 0 ? 1 : 0;
  return { width, height, data: mask };
}
