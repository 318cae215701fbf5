import { describe, expect, it } from 'vitest';
import {
  clampTo,
  displayAspect,
  pan,
  place,
  type PlaneShape,
  stepFrom,
  toPlane,
  toScreen,
  wholePlane,
  zoomAbout,
} from '../../../webview/image/camera';
import { roundLength } from '../../../webview/image/frame';
import { borders } from '../../../webview/image/outline';

const plane: PlaneShape = { width: 192, height: 160, spacing: null, flipX: false, flipY: false };
const canvas = { width: 480, height: 320 };

describe('where a plane lies on its canvas', () => {
  it('is in the middle, as large as fits', () => {
    expect(place(wholePlane(plane), plane, canvas)).toEqual({ left: 48, top: 0, scaleX: 2, scaleY: 2 });
  });

  it('follows the body: thick slices are not drawn thin, and a senseless spacing is none', () => {
    const thick: PlaneShape = { ...plane, spacing: [0.5, 2, 1] };
    expect(displayAspect(thick)).toBeCloseTo(0.3);
    const { scaleX, scaleY } = place(wholePlane(thick), thick, canvas);
    expect(scaleY / scaleX).toBeCloseTo(4);
    expect(displayAspect({ ...plane, spacing: [1e-6, 1, 1] })).toBe(1.2);
  });

  it('is mirrored where the plane says so', () => {
    const mirrored = { ...plane, flipX: true, flipY: true };
    const placement = place(wholePlane(mirrored), mirrored, canvas);
    expect(toScreen(placement, { x: 0, y: 0 })).toEqual({ x: 432, y: 320 });
    expect(toPlane(placement, { x: 48, y: 0 })).toEqual({ x: 192, y: 160 });
  });

  it('keeps what is under the pointer when it is zoomed, and something in sight when it is moved', () => {
    const pointer = { x: 100, y: 200 };
    const before = toPlane(place(wholePlane(plane), plane, canvas), pointer);
    const zoomed = zoomAbout(wholePlane(plane), 3, pointer, plane, canvas);
    const after = toPlane(place(zoomed, plane, canvas), pointer);
    expect([after.x, after.y]).toEqual([expect.closeTo(before.x, 9), expect.closeTo(before.y, 9)]);
    const lost = pan(zoomed, 1e6, -1e6, place(zoomed, plane, canvas), plane);
    expect(lost.centre).toEqual({ x: 0, y: 160 });
  });

  it('keeps positions inside, and steps from pixel centre to pixel centre', () => {
    expect(clampTo(plane, { x: -5, y: 999 })).toEqual({ x: 0, y: 159.99 });
    expect(stepFrom({ x: 10.2, y: 10.9 }, 1, 0, plane)).toEqual({ x: 11.5, y: 10.5 });
    expect(stepFrom({ x: 0.5, y: 159.5 }, -10, 10, plane)).toEqual({ x: 0.5, y: 159.5 });
  });
});

it('a scale bar has a round length', () => {
  expect([0.07, 1, 4.9, 5, 19.99, 20, 130].map(roundLength)).toEqual([0.05, 1, 2, 5, 10, 20, 100]);
  expect([0, NaN, Infinity].map(roundLength)).toEqual([null, null, null]);
});

describe('the border of a mask', () => {
  it('runs along the pixels, joined where it is straight, and around holes', () => {
    const mask = { x: 10, y: 20, width: 3, height: 3, data: Uint8Array.of(1, 1, 1, 1, 0, 1, 1, 1, 1) };
    const numbers = borders(mask);
    const segments = Array.from({ length: numbers.length / 4 }, (_, at) => numbers.slice(4 * at, 4 * at + 4));
    const outer = [
      [10, 20, 13, 20],
      [10, 23, 13, 23],
      [10, 20, 10, 23],
      [13, 20, 13, 23],
    ];
    expect(segments).toHaveLength(8);
    expect(segments).toEqual(expect.arrayContaining([...outer, [11, 21, 12, 21]]));
  });

  it('of an empty mask is nothing', () => {
    expect(borders({ x: 0, y: 0, width: 2, height: 2, data: new Uint8Array(4) })).toEqual([]);
  });
});
