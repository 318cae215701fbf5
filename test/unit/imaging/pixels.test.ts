import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import {
  autoWindow,
  encodePng,
  overlayPng,
  resizeRgb,
  toRgb,
  type RgbImage,
  type Slice,
} from '../../../src/kernel/imaging';
import { drawn } from './masks';

const slice = (pixels: Slice['pixels'], channels: 1 | 3 = 1): Slice => ({
  ...{ width: pixels.length / channels, height: 1, channels, spacing: null },
  pixels,
});

describe('autoWindow', () => {
  it('is the whole range for 8-bit and colour', () => {
    expect(autoWindow(slice(Uint8Array.of(5, 6)))).toEqual({ low: 0, high: 255 });
    expect(autoWindow(slice(Uint8Array.of(5, 6, 7), 3))).toEqual({ low: 0, high: 255 });
  });

  it('is percentiles 0.5 and 99.5 for more', () => {
    const values = Int16Array.from({ length: 1001 }, (_, index) => index - 500);
    expect(autoWindow(slice(values))).toEqual({ low: -495, high: 495 });
    expect(autoWindow(slice(Int16Array.from(values).reverse()))).toEqual({ low: -495, high: 495 });
  });

  it('a few hot pixels and values that are no numbers do not move it', () => {
    const values = Float32Array.from({ length: 10000 }, (_, index) => (index % 100) / 100);
    values.set([1e9, NaN, Infinity, -Infinity], 40);
    const { low, high } = autoWindow(slice(values));
    expect(low).toBeGreaterThanOrEqual(0);
    expect(high).toBeLessThan(1);
  });

  it('has a width even for an even slice', () => {
    expect(autoWindow(slice(Int16Array.of(7, 7)))).toEqual({ low: 7, high: 8 });
    expect(autoWindow(slice(Float32Array.of(NaN)))).toEqual({ low: 0, high: 255 });
    const speck = new Uint16Array(10000);
    speck[3] = 50;
    expect(autoWindow(slice(speck))).toEqual({ low: 0, high: 50 });
  });

  it('of a very large slice is nearly that of all of it', () => {
    const values = Uint16Array.from({ length: 1_000_003 }, (_, index) => index % 1000);
    const { low, high } = autoWindow(slice(values));
    expect(Math.abs(low - 5)).toBeLessThan(1.5);
    expect(Math.abs(high - 994)).toBeLessThan(1.5);
  });
});

describe('toRgb', () => {
  it('maps the window to 0..255 and clamps', () => {
    const { rgb } = toRgb(slice(Float32Array.of(-50, 0, 60, 100, 900, NaN)), { low: 0, high: 100 });
    expect([...rgb].filter((_, index) => index % 3 === 1)).toEqual([0, 0, 153, 255, 255, 0]);
  });

  it('leaves 8-bit data as they are, in memory of its own', () => {
    const pixels = Uint8Array.from({ length: 256 }, (_, index) => index);
    expect([...toRgb(slice(pixels)).rgb]).toEqual([...pixels].flatMap((level) => [level, level, level]));
    const colour = Uint8Array.of(1, 2, 3);
    const image = toRgb(slice(colour, 3));
    colour[0] = 9;
    expect([...image.rgb]).toEqual([1, 2, 3]);
  });
});

describe('resizeRgb', () => {
  const pattern = (width: number, height: number): RgbImage => ({
    ...{ width, height },
    rgb: Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7919 + ((i * i) % 251) * 13) % 256),
  });
  const sha256 = (image: RgbImage): string => createHash('sha256').update(image.rgb).digest('hex');

  // What Pillow 13.0 gives: Image.fromarray(pattern).resize(size, Image.BILINEAR).
  it('equals Pillow to the bit', () => {
    expect([...resizeRgb(pattern(7, 5), 3, 2).rgb]).toEqual([
      88, 151, 120, 106, 115, 161, 103, 81, 97, 108, 135, 96, 121, 86, 157, 124, 112, 98,
    ]);
    const large = pattern(640, 481);
    expect(sha256(resizeRgb(large, 256, 192))).toBe('004e1c2d40c20025d123bf5cc2d13d8a51a9d5a097e5d957efe071bda6c74508');
    expect(sha256(resizeRgb(large, 1024, 770))).toBe(
      'f691e2741aa7460f4a6eb2981c3cb055c8a5f01f42b6951743ec14bb4d49edca',
    );
  });

  it('keeps an even image even, and the size it has', () => {
    const even: RgbImage = { width: 50, height: 40, rgb: new Uint8Array(50 * 40 * 3).fill(255) };
    for (const [width, height] of [
      [7, 3],
      [200, 90],
      [50, 3],
      [1, 1],
    ]) {
      const { rgb } = resizeRgb(even, width, height);
      expect(rgb).toEqual(new Uint8Array(width * height * 3).fill(255));
    }
    const same = resizeRgb(even, 50, 40);
    expect(same).toEqual(even);
    expect(same.rgb).not.toBe(even.rgb);
    expect(() => resizeRgb(even, 0, 5)).toThrow(RangeError);
  });
});

describe('pictures for outputs', () => {
  const black: RgbImage = { width: 4, height: 3, rgb: new Uint8Array(36) };

  it('are PNGs of the very pixels', async () => {
    const image: RgbImage = { width: 2, height: 1, rgb: Uint8Array.of(1, 2, 3, 250, 251, 252) };
    const { data, info } = await sharp(await encodePng(image))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, ...data]).toEqual([2, 1, 1, 2, 3, 250, 251, 252]);
  });

  it('show the mask tinted, its outline in full colour', async () => {
    const image: RgbImage = { width: 5, height: 5, rgb: new Uint8Array(75) };
    const mask = drawn('..... .###. .###. .###. .....');
    const data = await sharp(await overlayPng(image, mask, [250, 100, 0]))
      .raw()
      .toBuffer();
    const at = (x: number, y: number): number[] => [...data.subarray((y * 5 + x) * 3, (y * 5 + x) * 3 + 3)];
    expect(at(0, 0)).toEqual([0, 0, 0]);
    expect(at(1, 2)).toEqual([250, 100, 0]);
    expect(at(2, 2)).toEqual([100, 40, 0]);
    expect(image.rgb.every((level) => level === 0)).toBe(true);
  });

  it('refuse a mask of another size', () => {
    expect(() => overlayPng(black, drawn('##'), [0, 0, 0])).toThrow(/2 × 1 does not lie over an image of 4 × 3/);
  });
});
