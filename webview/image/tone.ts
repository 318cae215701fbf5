import type { IntensityWindow } from '../../src/protocol';

/** Pixels of a slice; intensity = slope · stored + intercept. */
export interface SliceImage {
  width: number;
  height: number;
  /** 1: every pixel of the slice; n: means of n × n of them. */
  shrink: number;
  /** 1: grey; 3: red, green, blue, interleaved. */
  channels: 1 | 3;
  slope: number;
  intercept: number;
  data: Int16Array | Uint8Array;
}

/**
 * Turns stored values into grey levels through a table that is made anew only when the window changes: a drag recolours
 * a slice of 512 × 512 in about a millisecond.
 */
export class ToneCurve {
  private table = new Uint32Array(0);
  private made = '';

  /** Writes opaque RGBA of the slice's size into `target`. */
  apply(slice: SliceImage, window: IntensityWindow, target: Uint32Array): void {
    const { data, channels } = slice;
    const count = slice.width * slice.height;
    const offset = data instanceof Int16Array ? 0x8000 : 0;
    const table = this.tableOf(slice, window, offset);
    if (channels === 1) {
      for (let at = 0; at < count; at++) target[at] = table[data[at] + offset];
      return;
    }
    for (let at = 0, from = 0; at < count; at++, from += 3) {
      const red = table[data[from]] & 0x0000ff;
      const green = table[data[from + 1]] & 0x00ff00;
      target[at] = (0xff000000 | (table[data[from + 2]] & 0xff0000) | green | red) >>> 0;
    }
  }

  private tableOf({ slope, intercept }: SliceImage, { low, high }: IntensityWindow, offset: number): Uint32Array {
    const size = offset > 0 ? 0x10000 : 0x100;
    const asked = [size, slope, intercept, low, high].join(' ');
    if (this.made === asked) return this.table;
    if (this.table.length !== size) this.table = new Uint32Array(size);
    // ImageData's bytes as words: every machine that runs this browser is little-endian.
    for (let at = 0; at < size; at++) {
      const level = greyOf(slope * (at - offset) + intercept, low, high);
      this.table[at] = (0xff000000 | (level << 16) | (level << 8) | level) >>> 0;
    }
    this.made = asked;
    return this.table;
  }
}

function greyOf(value: number, low: number, high: number): number {
  const level = ((value - low) / (high - low)) * 255;
  return level >= 255 ? 255 : level > 0 ? Math.round(level) : 0;
}

/** The intensity of a pixel: one number, or red, green and blue. */
export function intensityAt({ width, channels, slope, intercept, data }: SliceImage, x: number, y: number): number[] {
  const at = (y * width + x) * channels;
  return Array.from(data.subarray(at, at + channels), (stored) => slope * stored + intercept);
}
