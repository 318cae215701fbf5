import { describe, expect, it } from 'vitest';
import { bfloatToFloat, floatToHalf, halfToFloat } from '../../../src/kernel/checkpoints/float16';

const half = (value: number): number => floatToHalf(Float32Array.of(value))[0];

describe('float16', () => {
  it('every half survives the way to float32 and back', () => {
    const halves = Uint16Array.from({ length: 1 << 16 }, (_, bits) => bits);
    const back = floatToHalf(halfToFloat(halves));
    const isNaNBits = (bits: number): boolean => (bits & 0x7fff) > 0x7c00;
    const changed = halves.filter((bits) => (isNaNBits(bits) ? !isNaNBits(back[bits]) : back[bits] !== bits));
    expect([...changed]).toEqual([]);
  });

  it('rounds to the nearest, ties to even', () => {
    expect(half(1 + 2 ** -11)).toBe(0x3c00); // between 1 and 1 + 2⁻¹⁰: to even
    expect(half(1 + 3 * 2 ** -11)).toBe(0x3c02);
    expect(half(1 + 2 ** -11 + 2 ** -20)).toBe(0x3c01);
    expect(half(2 - 2 ** -12)).toBe(0x4000); // a carry into the exponent
    expect(half(65519)).toBe(0x7bff);
    expect(half(65520)).toBe(0x7c00);
    expect(half(-Infinity)).toBe(0xfc00);
  });

  it('rounds subnormals', () => {
    expect(half(2 ** -24)).toBe(1);
    expect(half(2 ** -25)).toBe(0); // a tie with zero
    expect(half(1.0001 * 2 ** -25)).toBe(1);
    expect(half(3 * 2 ** -25)).toBe(2);
    expect(half(-(2 ** -14) + 2 ** -26)).toBe(0x8400); // up into the smallest normal
    expect(half(1e-30)).toBe(0);
    expect(half(-0)).toBe(0x8000);
  });

  it('agrees with the nearest of all halves on random values', () => {
    let seed = 1;
    const random = (): number => (seed = (seed * 48271) % 0x7fffffff) / 0x7fffffff;
    const values = Float32Array.from(
      { length: 20000 },
      () => (0.5 + random() / 2) * 2 ** Math.round(random() * 41 - 26),
    );
    const halves = floatToHalf(values);
    const [below, back, above] = [-1, 0, 1].map((step) => halfToFloat(halves.map((bits) => Math.max(bits + step, 0))));
    const worse = values.filter((value, index) => {
      const error = Math.abs(value - back[index]);
      return error > Math.abs(value - below[index]) || error > Math.abs(value - above[index]);
    });
    expect(values.length).toBe(20000);
    expect([...worse]).toEqual([]);
  });

  it('reads bfloat16 exactly', () => {
    expect([...bfloatToFloat(Uint16Array.of(0x3f80, 0xbf80, 0x7f80, 0x4049))]).toEqual([1, -1, Infinity, 3.140625]);
  });
});
