import { describe, expect, it } from 'vitest';
import { intensityAt, type SliceImage, ToneCurve } from '../../../webview/image/tone';
import { autoWindow, ctPresets, dragWindow, levelOf } from '../../../webview/image/windowing';

const slice = (data: SliceImage['data'], changes: Partial<SliceImage> = {}): SliceImage => ({
  width: data.length,
  height: 1,
  shrink: 1,
  channels: 1,
  slope: 1,
  intercept: 0,
  data,
  ...changes,
});
const toned = (image: SliceImage, low: number, high: number): number[] => {
  const target = new Uint32Array(image.width * image.height);
  new ToneCurve().apply(image, { low, high }, target);
  return Array.from(target);
};
const grey = (level: number) => (0xff000000 | (level * 0x010101)) >>> 0;

describe('the table from intensities to grey', () => {
  it('is black below the window, white above, linear between, for negative numbers too', () => {
    const values = Int16Array.of(-32768, -1000, -160, 40, 240, 32767);
    expect(toned(slice(values), -160, 240)).toEqual([0, 0, 0, 128, 255, 255].map(grey));
  });

  it('counts slope and intercept', () => {
    const image = slice(Uint8Array.of(0, 100, 200), { slope: 0.5, intercept: -10 });
    expect(toned(image, -10, 90)).toEqual([0, 128, 255].map(grey));
    expect(intensityAt(image, 2, 0)).toEqual([90]);
  });

  it('keeps the order of colours', () => {
    const image = slice(Uint8Array.of(255, 0, 0, 10, 20, 30), { width: 2, channels: 3 });
    expect(toned(image, 0, 255)).toEqual([0xff0000ff, 0xff1e140a]);
    expect(intensityAt(image, 1, 0)).toEqual([10, 20, 30]);
  });

  it('is made anew when window, slope or kind change', () => {
    const curve = new ToneCurve();
    const target = new Uint32Array(1);
    const look = (image: SliceImage, low: number, high: number) => (
      curve.apply(image, { low, high }, target),
      target[0]
    );
    expect(look(slice(Uint8Array.of(100)), 0, 200)).toBe(grey(128));
    expect(look(slice(Uint8Array.of(100)), 0, 100)).toBe(grey(255));
    expect(look(slice(Uint8Array.of(100), { slope: 0.5 }), 0, 100)).toBe(grey(128));
    expect(look(slice(Int16Array.of(-100)), -200, 0)).toBe(grey(128));
  });
});

describe('windows', () => {
  it('have the levels and widths of radiology', () => {
    const lung = ctPresets.find(({ name }) => name === 'CT lung')!;
    expect(levelOf(lung.window!)).toEqual({ level: -600, width: 1500 });
  });

  it('come from the values, outliers left out', () => {
    const values = Int16Array.from({ length: 10_000 }, (_, at) => (at < 5 ? 30_000 : at % 1000));
    const { low, high } = autoWindow(slice(values));
    expect(low).toBeLessThan(20);
    expect(high).toBeGreaterThan(980);
    expect(high).toBeLessThan(1000);
    expect(autoWindow(slice(new Uint8Array(50).fill(7)))).toEqual({ low: 7, high: 8 });
  });

  it('widen to the right, brighten downwards, and never turn over', () => {
    const start = { low: 0, high: 100 };
    expect(levelOf(dragWindow(start, 40, 0, 1000))).toEqual({ level: 50, width: 200 });
    expect(levelOf(dragWindow(start, 0, 40, 1000)).level).toBe(-50);
    expect(levelOf(dragWindow(start, -9999, 0, 1000)).width).toBeGreaterThan(0);
  });
});
