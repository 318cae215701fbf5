import type { Mask, RgbImage } from '../../imaging/types';
import { boxBlur } from './blur';
import type { Region } from './region';

/** How a region is painted. Intensities: 0 black, 1 white. */
export interface Paint {
  /** One value for all planes, or one per plane. */
  readonly tone: number | readonly number[];
  /** `cover` replaces, `add` adds the tone, `multiply` multiplies by it. Default `cover`. */
  readonly mode?: 'cover' | 'add' | 'multiply';
  /** Half width of the soft edge in pixels; 0 is a sharp edge. */
  readonly edge?: number;
  readonly opacity?: number;
  /** Added to the tone: a plane of the canvas's size, about −1..1, times `amplitude`. */
  readonly texture?: { readonly plane: Float32Array; readonly amplitude: number };
}

/** A picture being drawn: intensity planes, and beside them which object is visible at each pixel. */
export class Canvas {
  readonly planes: readonly Float32Array[];
  /** 0 where no object is visible, else the object's number, from 1. */
  readonly labels: Uint8Array;
  /** The object that a data set of this family asks for; 0 when there is none. */
  target = 0;
  private objects = 0;

  constructor(
    readonly width: number,
    readonly height: number,
    readonly channels: 1 | 3,
  ) {
    this.planes = Array.from({ length: channels }, () => new Float32Array(width * height));
    this.labels = new Uint8Array(width * height);
  }

  get objectCount(): number {
    return this.objects;
  }

  /** Paints every pixel. */
  background(tone: number | readonly number[], texture?: Paint['texture']): void {
    this.planes.forEach((plane, c) => {
      plane.fill(toneOf(tone, c));
      if (texture) for (let i = 0; i < plane.length; i++) plane[i] += texture.amplitude * texture.plane[i];
    });
  }

  /** Paints a region without making it an object: a detail of what lies below. */
  paint(region: Region, paint: Paint): void {
    if (region.inside.length === 0) return;
    const edge = Math.round(paint.edge ?? 0);
    const alpha = edge > 0 ? softened(region, edge, this.width, this.height) : region;
    const opacity = paint.opacity ?? 1;
    const mode = paint.mode ?? 'cover';
    const amplitude = paint.texture?.amplitude ?? 0;
    for (let c = 0; c < this.channels; c++) {
      const plane = this.planes[c];
      const texture = paint.texture?.plane ?? plane;
      const tone = toneOf(paint.tone, c);
      for (let row = 0; row < alpha.height; row++) {
        let i = (alpha.y + row) * this.width + alpha.x;
        for (let j = row * alpha.width, end = j + alpha.width; j < end; j++, i++) {
          if (alpha.inside[j] === 0) continue;
          const a = alpha.inside[j] * opacity;
          const value = amplitude === 0 ? tone : tone + amplitude * texture[i];
          if (mode === 'cover') plane[i] += a * (value - plane[i]);
          else if (mode === 'add') plane[i] += a * value;
          else plane[i] *= 1 + a * (value - 1);
        }
      }
    }
  }

  /** Takes the numbers 1..count for objects whose labels are written directly. */
  reserve(count: number): void {
    this.objects = Math.max(this.objects, count);
  }

  /** Makes a region an object, on top of those before it, and returns its number. */
  mark(region: Region): number {
    const label = ++this.objects;
    this.relabel(region, label);
    return label;
  }

  /** Gives a region to an object there is already, or to none (0): something opaque hides what lay there. */
  relabel(region: Region, label: number): void {
    for (let row = 0; row < region.height; row++) {
      const start = (region.y + row) * this.width + region.x;
      for (let column = 0; column < region.width; column++) {
        if (region.inside[row * region.width + column]) this.labels[start + column] = label;
      }
    }
  }

  /** Paints a region and makes it an object. */
  paintObject(region: Region, paint: Paint): number {
    this.paint(region, paint);
    return this.mark(region);
  }

  /** The share of a region's pixels, 0..1, on which an object lies already. */
  covered(region: Region): number {
    let taken = 0;
    let count = 0;
    for (let row = 0; row < region.height; row++) {
      const start = (region.y + row) * this.width + region.x;
      for (let column = 0; column < region.width; column++) {
        if (!region.inside[row * region.width + column]) continue;
        count++;
        if (this.labels[start + column] !== 0) taken++;
      }
    }
    return taken / Math.max(1, count);
  }

  /** Mean of each plane over a region: what an object's contrast is measured against. */
  mean(region: Region): number[] {
    let count = 0;
    const sums = this.planes.map(() => 0);
    for (let row = 0; row < region.height; row++) {
      const start = (region.y + row) * this.width + region.x;
      for (let column = 0; column < region.width; column++) {
        if (!region.inside[row * region.width + column]) continue;
        count++;
        for (let c = 0; c < this.channels; c++) sums[c] += this.planes[c][start + column];
      }
    }
    return sums.map((sum) => sum / Math.max(1, count));
  }

  /** The visible part of each object, by number − 1; null where fewer than `least` pixels of it can be seen. */
  masks(least: number): (Mask | null)[] {
    const { width, height, labels } = this;
    const counts = new Uint32Array(256);
    for (let i = 0; i < labels.length; i++) counts[labels[i]]++;
    const masks = Array.from({ length: this.objects }, (_, i) =>
      counts[i + 1] < least ? null : { width, height, data: new Uint8Array(labels.length) },
    );
    for (let i = 0; i < labels.length; i++) {
      const mask = labels[i] === 0 ? null : masks[labels[i] - 1];
      if (mask) mask.data[i] = 1;
    }
    return masks;
  }

  /** Eight bits a channel; one plane becomes grey. */
  toRgb(): RgbImage {
    const rgb = new Uint8Array(this.labels.length * 3);
    const last = this.channels - 1;
    const [red, green, blue] = [this.planes[0], this.planes[Math.min(1, last)], this.planes[last]];
    for (let i = 0, j = 0; i < red.length; i++, j += 3) {
      rgb[j] = toByte(red[i]);
      rgb[j + 1] = toByte(green[i]);
      rgb[j + 2] = toByte(blue[i]);
    }
    return { width: this.width, height: this.height, rgb };
  }
}

function toByte(value: number): number {
  return value <= 0 ? 0 : value >= 1 ? 255 : (value * 255 + 0.5) | 0;
}

function toneOf(tone: number | readonly number[], plane: number): number {
  return typeof tone === 'number' ? tone : tone[plane];
}

interface Alpha extends Omit<Region, 'inside'> {
  readonly inside: Float32Array;
}

/** The region's coverage, 0..1, after a blur: half at its edge. */
function softened(region: Region, edge: number, width: number, height: number): Alpha {
  const margin = 2 * edge;
  const x = Math.max(0, region.x - margin);
  const y = Math.max(0, region.y - margin);
  const w = Math.min(width, region.x + region.width + margin) - x;
  const h = Math.min(height, region.y + region.height + margin) - y;
  const inside = new Float32Array(w * h);
  for (let row = 0; row < region.height; row++) {
    const line = region.inside.subarray(row * region.width, (row + 1) * region.width);
    inside.set(line, (region.y + row - y) * w + region.x - x);
  }
  boxBlur(inside, w, h, edge);
  // At one pixel, a second pass cannot be seen.
  if (edge > 1) boxBlur(inside, w, h, edge);
  return { x, y, width: w, height: h, inside };
}
