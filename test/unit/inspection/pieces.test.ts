import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { mapPicture, quantise, unitActivity } from '../../../src/kernel/inspection';
import { colourTable } from '../../../src/protocol/colourMaps';

describe('quantised maps', () => {
  const values = Float32Array.from({ length: 1000 }, (_, index) => Math.sin(index) + (index === 7 ? 100 : 0));
  const back = (map: ReturnType<typeof quantise>) =>
    [...Buffer.from(map.data, 'base64')].map((byte) => map.low + (byte / 255) * (map.high - map.low));

  it('an outlier does not flatten the rest, and its size is told', () => {
    const map = quantise({ width: 40, height: 25, values }, false);
    expect(map.high).toBeLessThan(1.01);
    expect(map.max).toBeCloseTo(100.657, 2);
    const half = (map.high - map.low) / 510;
    back(map).forEach((value, index) => {
      const clipped = Math.min(map.high, Math.max(map.low, values[index]));
      expect(Math.abs(value - clipped)).toBeLessThanOrEqual(half * 1.001);
    });
  });

  it('with signs, 0 is the middle; all alike is no division by 0', () => {
    const signed = quantise({ width: 40, height: 25, values }, true);
    expect(signed.low).toBe(-signed.high);
    const flat = quantise({ width: 2, height: 1, values: Float32Array.of(0, 0) }, true);
    expect([...Buffer.from(flat.data, 'base64')]).toEqual([128, 128]);
  });

  it('become a PNG of squares in the table’s colours', async () => {
    const map = quantise({ width: 3, height: 2, values: Float32Array.of(0, 1, 2, 3, 4, 5) }, false);
    const { data, info } = await sharp(await mapPicture(map))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([513, 342]);
    const table = colourTable('sequential');
    const last = data.length - info.channels;
    expect([...data.subarray(0, 3)]).toEqual([...table.subarray(0, 3)]);
    expect([...data.subarray(last, last + 3)]).toEqual([...table.subarray(765)]);
  });
});

describe('colour maps', () => {
  /** CIE L* of an sRGB colour: another measure of lightness than the one they are made in. */
  const lightness = (table: Uint8Array, index: number): number => {
    const linear = [...table.subarray(3 * index, 3 * index + 3)].map((byte) => {
      const value = byte / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    const y = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    return y > 0.008856 ? 116 * Math.cbrt(y) - 16 : 903.3 * y;
  };

  it('the sequential one grows lighter evenly', () => {
    const table = colourTable('sequential');
    const steps = Array.from({ length: 15 }, (_, at) => lightness(table, 17 * at + 17) - lightness(table, 17 * at));
    const mean = steps.reduce((a, b) => a + b) / steps.length;
    for (const step of steps) {
      expect(step).toBeGreaterThan(0.5 * mean);
      expect(step).toBeLessThan(1.6 * mean);
    }
  });

  it('the diverging one is lightest in the middle and as dark at both ends', () => {
    const table = colourTable('diverging');
    expect(lightness(table, 128)).toBeGreaterThan(90);
    expect(Math.abs(lightness(table, 0) - lightness(table, 255))).toBeLessThan(8);
  });
});

describe('dead units', () => {
  it('are never above 0; near-dead ones hardly ever', () => {
    const activity = unitActivity([0, 0, 0.005, 0.01, 0.5, 1]);
    expect(activity).toEqual({ units: 6, dead: 2, nearDead: 1, histogram: [4, 0, 0, 0, 0, 1, 0, 0, 0, 1] });
    expect(unitActivity([0.005], 0.001).nearDead).toBe(0);
  });
});
