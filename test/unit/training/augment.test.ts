import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets/random';
import type { Mask, RgbImage } from '../../../src/kernel/imaging';
import { augmentedImage, augmentedMask, drawAugmentation } from '../../../src/kernel/training/augment';
import { moveImage, moveMask, type Movement } from '../../../src/kernel/training/augmentGeometry';
import { retoned, type Tone } from '../../../src/kernel/training/augmentTone';

const [width, height] = [40, 30];
const still: Movement = { flipX: false, flipY: false, angle: 0, scale: 1, shift: [0, 0] };
const plain: Tone = { gamma: 1, contrast: 1, brightness: 0, channels: [1, 1, 1], noise: 0 };

const maskOf = (inside: (x: number, y: number) => boolean): Mask => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height }, (_, i) => (inside(i % width, Math.floor(i / width)) ? 1 : 0)),
});
/** A mask as a white-on-black picture: image and mask must move alike. */
const pictureOf = ({ data }: Mask): RgbImage => ({
  width,
  height,
  rgb: Uint8Array.from({ length: 3 * data.length }, (_, i) => 255 * data[Math.floor(i / 3)]),
});
const colourful: RgbImage = {
  width,
  height,
  rgb: Uint8Array.from({ length: 3 * width * height }, (_, i) => (37 * i) % 256),
};
const area = ({ data }: Mask): number => data.reduce((sum, value) => sum + value, 0);
const centreOf = (mask: Mask): [number, number] => {
  let [x, y] = [0, 0];
  mask.data.forEach((value, i) => {
    x += value * (i % width);
    y += value * Math.floor(i / width);
  });
  return [x / area(mask), y / area(mask)];
};
const disc = maskOf((x, y) => Math.hypot(x - 26, y - 11) <= 6);

describe('a movement', () => {
  it('that mirrors keeps every pixel, in its mirrored place', () => {
    const mirrored = moveImage(colourful, { ...still, flipX: true });
    for (const [x, y] of [
      [0, 0],
      [7, 12],
      [width - 1, height - 1],
    ]) {
      for (let channel = 0; channel < 3; channel++) {
        expect(mirrored.rgb[3 * (y * width + x) + channel]).toBe(
          colourful.rgb[3 * (y * width + width - 1 - x) + channel],
        );
      }
    }
    expect(
      moveImage(moveImage(colourful, { ...still, flipX: true, flipY: true }), { ...still, flipX: true, flipY: true }),
    ).toEqual(colourful);
    expect(moveMask(moveMask(disc, { ...still, flipY: true }), { ...still, flipY: true })).toEqual(disc);
  });

  it('turns, scales and shifts about the centre, in this order', () => {
    const angle = 0.2;
    const moved = moveMask(disc, { ...still, angle, scale: 1.2, shift: [0.05, -0.1] });
    const [dx, dy] = [26 - (width - 1) / 2, 11 - (height - 1) / 2];
    const expected = [
      (width - 1) / 2 + 1.2 * (Math.cos(angle) * dx - Math.sin(angle) * dy) + 0.05 * width,
      (height - 1) / 2 + 1.2 * (Math.sin(angle) * dx + Math.cos(angle) * dy) - 0.1 * height,
    ];
    const [x, y] = centreOf(moved);
    expect(Math.abs(x - expected[0])).toBeLessThan(0.3);
    expect(Math.abs(y - expected[1])).toBeLessThan(0.3);
    expect(area(moved) / area(disc)).toBeCloseTo(1.44, 1);
  });

  it('moves a picture and its mask alike', () => {
    const random = new Random(2);
    for (let draw = 0; draw < 100; draw++) {
      const { movement } = drawAugmentation(random, { flip: true });
      const mask = moveMask(disc, movement);
      const { rgb } = moveImage(pictureOf(disc), movement);
      const differing = mask.data.reduce((sum, value, i) => sum + Number(rgb[3 * i] > 127 !== (value === 1)), 0);
      // Bilinear and nearest round apart on the rim alone.
      expect(differing).toBeLessThan(0.15 * area(disc));
    }
  });
});

describe('a tone', () => {
  const levels = (tone: Partial<Tone>, colour = true): Uint8Array =>
    retoned(colourful, { ...plain, ...tone }, colour, new Random(1)).rgb;

  it('bends, stretches and lifts intensities, within 0 to 255', () => {
    const mean = (values: Uint8Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(levels({ gamma: 0.7 }))).toBeGreaterThan(mean(colourful.rgb) + 10);
    expect(mean(levels({ gamma: 1.4 }))).toBeLessThan(mean(colourful.rgb) - 10);
    expect(Math.abs(mean(levels({ brightness: 10, contrast: 0.5 })) - mean(colourful.rgb) - 10)).toBeLessThan(0.6);
    const flat = levels({ contrast: 0.5 });
    expect(Math.max(...flat) - Math.min(...flat)).toBeLessThanOrEqual(128);
    expect(levels({ brightness: 300 }).every((value) => value === 255)).toBe(true);
  });

  it('adds noise of its deviation, and leaves a grey picture grey', () => {
    const grey: RgbImage = { width: 200, height: 200, rgb: new Uint8Array(3 * 200 * 200).fill(128) };
    const { rgb } = retoned(grey, { ...plain, channels: [1.1, 1, 0.9], noise: 8 }, false, new Random(3));
    let [sum, squares] = [0, 0];
    for (let i = 0; i < rgb.length; i += 3) {
      expect(rgb[i + 1] === rgb[i] && rgb[i + 2] === rgb[i]).toBe(true);
      sum += rgb[i] - 128;
      squares += (rgb[i] - 128) ** 2;
    }
    expect(Math.abs(sum / 40000)).toBeLessThan(0.2);
    expect(Math.sqrt(squares / 40000)).toBeGreaterThan(7.7);
    expect(Math.sqrt(squares / 40000)).toBeLessThan(8.3);
  });

  it('tints a picture in colour only', () => {
    const tinted = levels({ channels: [0.92, 1, 1] });
    expect(tinted.some((value, i) => i % 3 === 0 && value < colourful.rgb[i])).toBe(true);
    expect(tinted.filter((_, i) => i % 3 > 0)).toEqual(colourful.rgb.filter((_, i) => i % 3 > 0));
  });
});

describe('what is drawn', () => {
  it('repeats itself under the same seed and differs under another', () => {
    const draw = (seed: number) => {
      const drawn = drawAugmentation(new Random(seed), { flip: true });
      return [augmentedImage(colourful, drawn, new Random(seed)), augmentedMask(disc, drawn)];
    };
    expect(draw(5)).toEqual(draw(5));
    expect(draw(5)).not.toEqual(draw(6));
  });

  it('mirrors in half of all draws, or never', () => {
    const flips = (flip: boolean): number => {
      const random = new Random(4);
      return Array.from({ length: 1000 }, () => drawAugmentation(random, { flip }).movement).filter(
        ({ flipX }) => flipX,
      ).length;
    };
    expect(flips(true)).toBeGreaterThan(450);
    expect(flips(true)).toBeLessThan(550);
    expect(flips(false)).toBe(0);
  });

  it('changes no picture in place', () => {
    const before = colourful.rgb.slice();
    const random = new Random(8);
    for (let i = 0; i < 20; i++) augmentedImage(colourful, drawAugmentation(random, { flip: true }), random);
    expect(colourful.rgb).toEqual(before);
  });
});
