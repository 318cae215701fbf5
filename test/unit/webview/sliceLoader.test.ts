import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ImageInfo, Plane } from '../../../src/protocol';
import type { HeldSlice } from '../../../webview/image/heldSlice';
import { Session } from '../../../webview/image/session';
import { SliceCache } from '../../../webview/image/sliceCache';
import { SliceLoader } from '../../../webview/image/sliceLoader';
import type { SliceImage } from '../../../webview/image/tone';

const state = { revision: 10, objects: [], active: 'a', undo: null, redo: null, model: null, readOnly: null };

/** A page that shows a volume of slices of this side, begun at slice 5, and what it asks the kernel for. */
function pageOf(side: number, slices = 30) {
  const image: ImageInfo = {
    ...{ path: 'a', name: 'a', size: [side, side, slices], channels: 1, modality: null, spacing: null, notes: [] },
    ...{ origin: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1], range: [0, 1], window: { low: 0, high: 1 } },
    planes: (['axial', 'coronal'] as const).map((plane) => ({
      ...{ plane, width: side, height: side, slices, spacing: null, flipX: false, flipY: false, letters: null },
      axes: plane === 'axial' ? [0, 1, 2] : [0, 2, 1],
    })),
  };
  const attached = { type: 'viewer/attached', viewId: 'v', image, state, marks: [], slice: 5, objects: [] } as const;
  const session = new Session({ ...attached, marks: [], objects: [] }, new SliceCache<HeldSlice>(), 'v/');
  const posts: [indices: number[], shrink: number | null][] = [];
  const loader = new SliceLoader(
    'v',
    (request) => {
      if (request.type !== 'viewer/slices') throw new Error(request.type);
      posts.push([request.indices, request.pixels ? (request.shrink ?? 1) : null]);
    },
    session,
    5,
  );
  const arrive = (index: number, shrink: number, plane: Plane = 'axial') => {
    session.overlay(plane, index, session.state.revision, []);
    const size = { width: side / shrink, height: side / shrink, shrink };
    const pixels: SliceImage = { ...size, channels: 1, slope: 1, intercept: 0, data: new Uint8Array(1) };
    session.setPixels(plane, index, pixels);
    loader.arrived(plane, index, shrink);
  };
  return { loader, session, arrive, asked: () => posts.splice(0) };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('asking for slices', () => {
  it('keeps few on the way: what is shown, then neighbours in the direction of scrolling, and nothing twice', () => {
    const { loader, arrive, asked } = pageOf(20);
    loader.show('axial', 5);
    // Slice 5 comes unasked.
    expect(asked()).toEqual([[[6, 7, 8], 1]]);
    arrive(5, 1);
    expect(asked()).toEqual([[[9], 1]]);
    arrive(6, 1);
    expect(asked()).toEqual([[[10], 1]]);
    loader.show('axial', 6);
    loader.update();
    expect(asked()).toEqual([]);
    loader.show('axial', 4);
    expect(asked()).toEqual([[[4], 1]]);
    for (const index of [7, 8, 9, 10]) arrive(index, 1);
    expect(asked()).toEqual([
      [[3], 1],
      [[2], 1],
      [[1], 1],
    ]);
    loader.dispose();
  });

  it('does not ask for what a wheel has passed, and asks for what is shown before what is near it', () => {
    const { loader, arrive, asked } = pageOf(20);
    arrive(5, 1);
    loader.show('axial', 5);
    expect(asked()).toEqual([[[6, 7, 8, 9], 1]]);
    for (let index = 10; index <= 20; index++) loader.show('axial', index);
    // Two more than the neighbours may be; then one for each that comes, of where the wheel is by then.
    expect(asked()).toEqual([
      [[10], 1],
      [[11], 1],
    ]);
    arrive(6, 1);
    expect(asked()).toEqual([[[20], 1]]);
    loader.show('axial', 25);
    arrive(7, 1);
    expect(asked()).toEqual([[[25], 1]]);
    for (const index of [8, 9, 10, 11]) arrive(index, 1);
    expect(asked().flatMap(([indices]) => indices)).toEqual([26, 27]);
    loader.show('axial', null);
    for (const index of [20, 25, 26, 27]) arrive(index, 1);
    expect(asked()).toEqual([]);
    loader.dispose();
  });

  it('asks for a large slice at a part of its resolution, and for all of it when the wheel rests', () => {
    const { loader, session, arrive, asked } = pageOf(512);
    arrive(5, 1);
    loader.show('axial', 6);
    expect(asked()).toEqual([[[6, 7, 8, 9], 2]]);
    for (let index = 6; index < 9; index++) arrive(index, 2);
    loader.show('axial', 7);
    asked();
    expect(session.need('axial', 7)).toBe('detail');
    vi.advanceTimersByTime(200);
    expect(asked()).toEqual([[[7], 1]]);
    arrive(7, 1);
    // A late answer of the first kind does not blur what is sharp.
    arrive(7, 2);
    expect(session.need('axial', 7)).toBeNull();
    asked();
    for (let index = 9; index < 16; index++) arrive(index, 2);
    expect(asked()).toContainEqual([[8], 1]);
    loader.dispose();
  });

  it.each([
    [40, 25],
    [150, 25],
    [300, 12],
    [600, 6],
  ])('a wheel of 33 notches a second, answered after %i ms, shows at least %i slices a second', (answerMs, least) => {
    for (const direction of [1, -1]) {
      const { loader, session, arrive, asked } = pageOf(512, 600);
      let index = direction === 1 ? 5 : 590;
      let drawn = 0;
      let last = -1;
      loader.show('axial', index);
      const look = (): void => {
        if (index === last || session.need('axial', index) === 'pixels') return;
        last = index;
        drawn++;
      };
      for (let ms = 0; ms < 9000; ms++) {
        if (ms % 30 === 0) loader.show('axial', (index += direction));
        for (const [indices, shrink] of asked()) {
          const answer = (each: number) => () => arrive(each, shrink ?? 1);
          for (const each of indices) setTimeout(answer(each), answerMs);
        }
        vi.advanceTimersByTime(1);
        look();
      }
      expect(drawn / 9).toBeGreaterThan(least);
      loader.dispose();
    }
  });

  it('asks for small slices whole', () => {
    const { loader, asked } = pageOf(256);
    loader.show('axial', 9);
    vi.advanceTimersByTime(1000);
    expect(asked().every(([, shrink]) => shrink === 1)).toBe(true);
    loader.dispose();
  });

  it('asks again for what does not come, but not for ever', () => {
    const { loader, asked } = pageOf(20);
    loader.show('coronal', 3);
    vi.advanceTimersByTime(60_000);
    const times = (index: number) => asked().filter(([indices]) => indices.includes(index)).length;
    expect(times(3)).toBe(3);
    loader.show('coronal', 4);
    loader.show('coronal', 3);
    expect(times(3)).toBe(1);
    loader.dispose();
    vi.advanceTimersByTime(60_000);
    expect(asked()).toEqual([]);
  });

  it('asks for what lies over a slice alone when only that has changed', () => {
    const { loader, session, arrive, asked } = pageOf(20);
    loader.show('coronal', 3);
    arrive(3, 1, 'coronal');
    asked();
    const update = { object: 'a', slice: 5, revision: 11, prompts: [], mask: { whole: true, patch: null } } as const;
    const change = { ...update, area: 0, iou: null, candidates: [], chosen: null, source: 'model' } as const;
    session.change({ ...state, revision: 11 }, [{ ...change, prompts: [], candidates: [] }]);
    loader.update();
    expect(asked()).toContainEqual([[3], null]);
    session.overlay('coronal', 3, 11, []);
    loader.arrived('coronal', 3, null);
    expect(session.need('coronal', 3)).toBeNull();
    loader.dispose();
  });
});
