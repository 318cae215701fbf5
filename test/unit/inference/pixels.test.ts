import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets';
import {
  fitSize,
  originalLogits,
  originalMask,
  threshold,
  type LogitMap,
} from '../../../src/kernel/inference/postprocess';
import { fitImage, geometryOf, normalise, toModel } from '../../../src/kernel/inference/preprocess';
import { expectClose, randomTensor } from '../../support/tensors';

describe('an image in the model’s square', () => {
  // As the reference: int(side · scale + 0.5)
  it.each([
    [640, 480, 1024, 1024, 768],
    [480, 640, 1024, 768, 1024],
    [333, 500, 256, 170, 256],
    [256, 256, 256, 256, 256],
    [100, 50, 64, 64, 32],
    [5000, 3, 64, 64, 1],
  ])('%i×%i fits %i as %i×%i', (width, height, side, fittedWidth, fittedHeight) => {
    expect(fitSize(width, height, side)).toEqual({ width: fittedWidth, height: fittedHeight });
  });

  it('a position goes along with its axis', () => {
    const geometry = geometryOf(400, 200, 64);
    expect(geometry.resized).toEqual({ width: 64, height: 32 });
    expect(toModel(geometry, 0, 0)).toEqual([0, 0]);
    expect(toModel(geometry, 100, 150)).toEqual([16, 24]);
    expect(toModel(geometry, 400, 200)).toEqual([64, 32]);
  });

  it('is resized only where it does not fit already', () => {
    const image = { width: 64, height: 30, rgb: new Uint8Array(64 * 30 * 3) };
    expect(fitImage(image, 64)).toBe(image);
    const small = fitImage(image, 32);
    expect([small.width, small.height]).toEqual([32, 15]);
  });

  it('is normalised by channel, planes apart, zeros right and below', () => {
    const rgb = Uint8Array.from([10, 20, 30, 40, 50, 60]);
    const { shape, data } = normalise([{ width: 2, height: 1, rgb }], 3);
    expect(shape).toEqual([1, 3, 3, 3]);
    const [mean, deviation] = [
      [123.675, 116.28, 103.53],
      [58.395, 57.12, 57.375],
    ];
    const expected = new Float32Array(27);
    for (let channel = 0; channel < 3; channel++) {
      for (let x = 0; x < 2; x++)
        expected[channel * 9 + x] = (rgb[3 * x + channel] - mean[channel]) / deviation[channel];
    }
    expectClose({ shape, data }, { shape, data: expected }, 1e-6, 'pixels');
  });

  it('stands at its place in a batch', () => {
    const image = (level: number) => ({ width: 1, height: 1, rgb: Uint8Array.from([level, level, level]) });
    const { data } = normalise([image(0), image(255)], 2);
    expect(data[0]).toBeLessThan(0);
    expect(data[12]).toBeGreaterThan(0);
  });
});

/** Bilinear with half-pixel centres and held edges, read off pixel by pixel. */
function resampled({ data, width, height }: LogitMap, toWidth: number, toHeight: number): LogitMap {
  const at = (x: number, y: number): number => data[y * width + x];
  const out = new Float32Array(toWidth * toHeight);
  for (let y = 0; y < toHeight; y++) {
    for (let x = 0; x < toWidth; x++) {
      const sx = Math.max(0, ((x + 0.5) * width) / toWidth - 0.5);
      const sy = Math.max(0, ((y + 0.5) * height) / toHeight - 0.5);
      const [x0, y0] = [Math.floor(sx), Math.floor(sy)];
      const [x1, y1] = [Math.min(x0 + 1, width - 1), Math.min(y0 + 1, height - 1)];
      const top = at(x0, y0) * (1 - (sx - x0)) + at(x1, y0) * (sx - x0);
      const bottom = at(x0, y1) * (1 - (sx - x0)) + at(x1, y1) * (sx - x0);
      out[y * toWidth + x] = top * (1 - (sy - y0)) + bottom * (sy - y0);
    }
  }
  return { data: out, width: toWidth, height: toHeight };
}

const crop = ({ data, width }: LogitMap, toWidth: number, toHeight: number): LogitMap => ({
  data: Float32Array.from(
    { length: toWidth * toHeight },
    (_, i) => data[Math.floor(i / toWidth) * width + (i % toWidth)],
  ),
  width: toWidth,
  height: toHeight,
});

describe('logits of the original image', () => {
  it.each([
    [100, 60],
    [37, 91],
    [300, 300],
    [16, 16],
    [640, 2],
  ])('%i×%i: up to the square, cropped, to the original', (width, height) => {
    const [low, side] = [8, 32];
    const map = { data: randomTensor(new Random(width), [low * low]).data, width: low, height: low };
    const resized = fitSize(width, height, side);
    const ours = originalLogits(map, side, resized, { width, height });
    const whole = resampled(map, side, side);
    const expected = resampled(crop(whole, resized.width, resized.height), width, height);
    expect([ours.width, ours.height]).toEqual([width, height]);
    expectClose(
      { shape: [height, width], data: ours.data },
      { shape: [height, width], data: expected.data },
      1e-5,
      'logits',
    );
  });

  it.each([
    [100, 60],
    [37, 91],
    [16, 16],
    [1, 300],
    [700, 3],
    [33, 64],
  ])('%i×%i: the mask of those above zero, without making them', (width, height) => {
    const [low, side] = [8, 32];
    const resized = fitSize(width, height, side);
    const random = new Random(width);
    const maps = [
      randomTensor(random, [low * low]).data,
      // One small thing, at places of which some lie in the padding.
      ...Array.from({ length: 12 }, () => {
        const [cx, cy, radius] = [random.uniform(0, low), random.uniform(0, low), random.uniform(0.3, 3)];
        return Float32Array.from(
          { length: low * low },
          (_, i) => radius - Math.hypot((i % low) - cx, Math.floor(i / low) - cy),
        );
      }),
      new Float32Array(low * low).fill(-1),
    ];
    for (const data of maps) {
      const map = { data, width: low, height: low };
      const expected = threshold(originalLogits(map, side, resized, { width, height }));
      expect(originalMask(map, side, resized, { width, height })).toEqual(expected);
    }
  });

  it('above zero is inside, zero is not', () => {
    const mask = threshold({ data: Float32Array.from([-1, 0, 1e-20, 3, NaN, -0]), width: 3, height: 2 });
    expect(mask).toEqual({ width: 3, height: 2, data: Uint8Array.from([0, 0, 1, 1, 0, 0]) });
  });
});
