import { describe, expect, it } from 'vitest';
import { shrinkSlice } from '../../../src/kernel/imaging/shrinkSlice';

describe('a slice made smaller', () => {
  it('holds the means of its blocks, of what is left of them at the edges', () => {
    const pixels = Int16Array.from([1, 3, 10, 5, 7, -20, -100, 100, 41]);
    const shrunk = shrinkSlice({ width: 3, height: 3, channels: 1, pixels }, 2);
    expect(shrunk).toEqual({ width: 2, height: 2, channels: 1, pixels: Int16Array.from([4, -5, 0, 41]) });
  });

  it('keeps colours apart and fractions whole', () => {
    const pixels = Uint8Array.from([0, 10, 255, 100, 20, 255]);
    expect(shrinkSlice({ width: 2, height: 1, channels: 3, pixels }, 2).pixels).toEqual(Uint8Array.from([50, 15, 255]));
    const levels = Float32Array.from([0.5, 1, 0.25, 0.25]);
    expect(shrinkSlice({ width: 2, height: 2, channels: 1, pixels: levels }, 2).pixels).toEqual(
      Float32Array.from([0.5]),
    );
    const slice = { width: 2, height: 2, channels: 1, pixels: levels } as const;
    expect(shrinkSlice(slice, 1)).toBe(slice);
  });
});
