import { describe, expect, it } from 'vitest';
import type { PlaneInfo } from '../../../src/protocol';
import { measureOf } from '../../../webview/image/measures';

const plane = (slices: number, spacing: PlaneInfo['spacing']): PlaneInfo => ({
  ...{
    plane: 'axial',
    width: 9,
    height: 9,
    slices,
    axes: [0, 1, 2],
    spacing,
    flipX: false,
    flipY: false,
    letters: null,
  },
});
const masked = new Map([
  [3, 12_000],
  [4, 500],
]);

describe('the size of an object', () => {
  it('is in mL where the voxels’ size is known, of a picture in mm², else a count', () => {
    expect(measureOf({ masked }, plane(9, [0.5, 0.5, 2]))).toEqual({
      short: '6.25 mL',
      long: '6.25 mL: 12\u202f500 voxels on 2 slices',
    });
    expect(measureOf({ masked }, plane(9, null))).toEqual({ short: '13k px', long: '12\u202f500 voxels on 2 slices' });
    expect(measureOf({ masked: new Map([[0, 40]]) }, plane(1, [0.5, 0.5, 1]))).toEqual({
      short: '10 mm²',
      long: '10 mm²: 40 pixels',
    });
    expect(measureOf({ masked: new Map() }, plane(9, [1, 1, 1]))).toBeNull();
  });

  it('keeps every digit before the point', () => {
    const cube = { masked: new Map([[0, 1_234_567]]) };
    expect(measureOf(cube, plane(9, [1, 1, 1]))?.short).toBe('1235 mL');
    expect(measureOf({ masked: new Map([[0, 3]]) }, plane(9, [1, 1, 1]))?.short).toBe('0.003 mL');
  });
});
