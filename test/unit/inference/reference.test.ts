// Pixels in and masks out as Pillow and PyTorch compute them, and places that must not shift on the way.
import fs from 'node:fs';
import path from 'node:path';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { RgbImage } from '../../../src/kernel/imaging';
import { originalLogits, originalMask } from '../../../src/kernel/inference/postprocess';
import { fitImage, geometryOf, normalise } from '../../../src/kernel/inference/preprocess';
import { projectRoot } from '../../support/projectRoot';

interface Case {
  readonly width: number;
  readonly height: number;
  readonly resized: { readonly width: number; readonly height: number; readonly rgb: string };
  readonly input: readonly number[];
  readonly logits: readonly number[];
  readonly mask: string;
}

const file = path.join(projectRoot, 'test', 'fixtures', 'pixels', 'reference.json');
const { side, low, cases } = JSON.parse(fs.readFileSync(file, 'utf8')) as { side: number; low: number; cases: Case[] };

const unpack = (text: string): Uint8Array => new Uint8Array(inflateSync(Buffer.from(text, 'base64')));

/** The fixture's picture: fields of 3 × 2 pixels. */
function board(width: number, height: number): RgbImage {
  const rgb = new Uint8Array(width * height * 3);
  for (let at = 0; at < rgb.length; at++) {
    const [pixel, channel] = [Math.floor(at / 3), at % 3];
    const field = Math.floor((pixel % width) / 3) + Math.floor(Math.floor(pixel / width) / 2);
    rgb[at] = (field % 2) * (200 - 30 * channel) + 11 * channel;
  }
  return { width, height, rgb };
}

/** Every value of a quarter, exact in float32. */
const lowRes = {
  data: Float32Array.from({ length: low * low }, (_, i) => (((Math.floor(i / low) * 13 + (i % low) * 7) % 17) - 8) / 4),
  width: low,
  height: low,
};

describe.each(cases)('$width×$height pixels', ({ width, height, resized, input, logits, mask }) => {
  const geometry = geometryOf(width, height, side);

  it('are brought to the model’s side to the bit', () => {
    const fitted = fitImage(board(width, height), side);
    expect([fitted.width, fitted.height]).toEqual([resized.width, resized.height]);
    expect(geometry.resized).toEqual({ width: resized.width, height: resized.height });
    expect(fitted.rgb).toEqual(unpack(resized.rgb));
  });

  it('are normalised and padded to float32 rounding', () => {
    const { data } = normalise([fitImage(board(width, height), side)], side);
    input.forEach((value, index) => expect(data[37 * index]).toBeCloseTo(value, 5));
  });

  it('get their mask back', () => {
    const ours = originalLogits(lowRes, side, geometry.resized, geometry.original);
    const stride = Math.max(1, Math.floor((width * height) / 50));
    logits.forEach((value, index) => expect(ours.data[stride * index]).toBeCloseTo(value, 5));
    const found = originalMask(lowRes, side, geometry.resized, geometry.original);
    const expected = unpack(mask);
    found.data.forEach((value, index) => {
      // At the very edge the order of additions decides.
      if (Math.abs(ours.data[index]) > 1e-5) expect(value).toBe(expected[index]);
    });
  });
});

describe('nothing shifts between a picture and its mask', () => {
  // The way there and back: picture → model’s square → logits at a quarter (what a perfect model would answer) → mask.
  it.each([
    [333, 501],
    [501, 333],
    [257, 255],
    [61, 47],
    [1025, 1023],
    [31, 640],
  ])('%i×%i: a checkerboard comes back at its place', (width, height) => {
    const square = 256;
    const geometry = geometryOf(width, height, square);
    const field = Math.ceil((16 * Math.max(width, height)) / square);
    const on = (x: number, y: number): number => (Math.floor(x / field) + Math.floor(y / field)) & 1;
    const rgb = Uint8Array.from({ length: width * height * 3 }, (_, at) => {
      const pixel = Math.floor(at / 3);
      return 255 * on(pixel % width, Math.floor(pixel / width));
    });
    const fitted = fitImage({ width, height, rgb }, square);
    const quarter = square / 4;
    const data = new Float32Array(quarter * quarter).fill(-0.5);
    for (let y = 0; y < fitted.height; y++) {
      for (let x = 0; x < fitted.width; x++) {
        data[Math.floor(y / 4) * quarter + Math.floor(x / 4)] += fitted.rgb[3 * (y * fitted.width + x)] / 255 / 16;
      }
    }
    const map = { data, width: quarter, height: quarter };
    const mask = originalMask(map, square, geometry.resized, geometry.original);

    const step = Math.max(1, Math.round(Math.max(width, height) / square));
    /** Part of the pixels that agree with the board moved by (dx, dy), of those that no such move takes outside. */
    const agreement = (dx: number, dy: number): number => {
      let [agreeing, all] = [0, 0];
      for (let y = step; y < height - step; y++) {
        for (let x = step; x < width - step; x++, all++) {
          if (mask.data[y * width + x] === on(x + dx, y + dy)) agreeing++;
        }
      }
      return agreeing / all;
    };
    const here = agreement(0, 0);
    expect(here).toBeGreaterThan(0.9);
    // A mask that lies half a pixel to one side would agree better with the board moved to that side.
    const tolerance = (2 * step * 0.25) / field;
    for (const [one, other] of [
      [agreement(step, 0), agreement(-step, 0)],
      [agreement(0, step), agreement(0, -step)],
    ]) {
      expect(Math.max(one, other)).toBeLessThanOrEqual(here);
      expect(Math.abs(one - other)).toBeLessThan(tolerance);
    }
  });
});
