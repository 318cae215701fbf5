import { describe, expect, it } from 'vitest';
import type { ImageInfoV1 as ImageInfo } from '../../../src/protocol';
import { boxBetween, displayAspect, stepFrom, toImage } from '../../../webview/image/geometry';
import { borders } from '../../../webview/image/outline';

const image = { width: 192, height: 160 };
const shown = { left: 100, top: 50, width: 384, height: 320 } as DOMRect;

describe('positions in the image', () => {
  it('are those under the pointer', () => {
    expect(toImage({ clientX: 100, clientY: 50 }, shown, image)).toEqual({ x: 0, y: 0 });
    expect(toImage({ clientX: 257, clientY: 219 }, shown, image)).toEqual({ x: 78.5, y: 84.5 });
  });

  it('stay inside, where the pointer does not', () => {
    expect(toImage({ clientX: -500, clientY: 9999 }, shown, image)).toEqual({ x: 0, y: 159.99 });
    expect(toImage({ clientX: 484, clientY: 370 }, shown, image)).toEqual({ x: 191.99, y: 159.99 });
  });

  it('step from pixel centre to pixel centre', () => {
    expect(stepFrom({ x: 10.2, y: 10.9 }, 1, 0, image)).toEqual({ x: 11.5, y: 10.5 });
    expect(stepFrom({ x: 0.5, y: 159.5 }, -10, 10, image)).toEqual({ x: 0.5, y: 159.5 });
  });

  it('make a box from any two corners', () => {
    const box = { kind: 'box', x0: 1, y0: 2, x1: 5, y1: 7 };
    expect(boxBetween({ x: 5, y: 2 }, { x: 1, y: 7 })).toEqual(box);
  });
});

describe('the shape of the picture', () => {
  const info = (spacing: ImageInfo['spacing']): ImageInfo => ({ path: '', name: '', ...image, slices: 1, spacing });

  it('is that of the body: thick slices are not drawn thin', () => {
    expect(displayAspect(info(null))).toBe(1.2);
    expect(displayAspect(info([1, 1]))).toBe(1.2);
    expect(displayAspect(info([0.5, 2]))).toBeCloseTo(0.3);
  });

  it('is that of the pixels where the spacing makes no sense', () => {
    expect(displayAspect(info([1e-6, 1]))).toBe(1.2);
  });
});

describe('the border of a mask', () => {
  it('runs along the pixels, joined where it is straight, and around holes', () => {
    const mask = { x: 10, y: 20, width: 3, height: 3, data: Uint8Array.of(1, 1, 1, 1, 0, 1, 1, 1, 1) };
    const segments = [...borders(mask)];
    const outer = [
      [10, 20, 13, 20],
      [10, 23, 13, 23],
      [10, 20, 10, 23],
      [13, 20, 13, 23],
    ];
    expect(segments).toHaveLength(8);
    expect(segments).toEqual(expect.arrayContaining(outer));
    expect(segments).toContainEqual([11, 21, 12, 21]);
  });

  it('of an empty mask is nothing', () => {
    expect([...borders({ x: 0, y: 0, width: 2, height: 2, data: new Uint8Array(4) })]).toEqual([]);
  });
});
