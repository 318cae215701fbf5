import { describe, expect, it } from 'vitest';
import { encodeMaskPatch } from '../../../src/kernel/imaging/maskPatch';
import type { ImageEvent, ImageInfo, ObjectSlice, SessionState } from '../../../src/protocol';
import type { HeldSlice } from '../../../webview/image/heldSlice';
import { areaOf, paintSegment } from '../../../webview/image/maskPixels';
import { Session } from '../../../webview/image/session';
import { SliceCache } from '../../../webview/image/sliceCache';
import { Strokes } from '../../../webview/image/strokes';
import type { SliceImage } from '../../../webview/image/tone';

const [width, height, slices] = [20, 10, 30];
const image: ImageInfo = {
  ...{ path: 'a', name: 'a', size: [width, height, slices], channels: 1, modality: null, spacing: null },
  ...{
    origin: [0, 0, 0],
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    range: [0, 1],
    window: { low: 0, high: 1 },
    notes: [],
  },
  planes: (['axial', 'coronal'] as const).map((plane) => ({
    ...{ plane, width, height, slices, spacing: null, flipX: false, flipY: false, letters: null },
    axes: plane === 'axial' ? [0, 1, 2] : [0, 2, 1],
  })),
};
const state = (revision: number): SessionState => ({
  ...{ revision, active: 'a', undo: null, redo: null, model: null, readOnly: null },
  objects: [{ id: 'a', label: 'a', colour: '#ffffff', visible: true, value: 1 }],
});
/** A mask that covers columns from `from` to `to`. */
const columns = (from: number, to: number) =>
  encodeMaskPatch({
    ...{ width, height },
    data: Uint8Array.from({ length: width * height }, (_, at) => Number(at % width >= from && at % width < to)),
  });
const update = (revision: number, mask: ObjectSlice['mask'], slice = 5): ObjectSlice => ({
  ...{
    object: 'a',
    slice,
    revision,
    prompts: [],
    mask,
    area: mask.patch ? 1 : 0,
    iou: null,
    candidates: [],
    chosen: null,
    source: 'model',
  },
});
const pixels: SliceImage = {
  ...{ width, height, shrink: 1, channels: 1, slope: 1, intercept: 0 },
  data: new Uint8Array(width * height),
};

const attached = (): Session => {
  const event: Extract<ImageEvent, { type: 'viewer/attached' }> = {
    ...{ type: 'viewer/attached', viewId: 'v', image, state: state(10), marks: [], slice: 5 },
    objects: [update(10, { whole: true, patch: columns(0, 4) })],
  };
  return new Session(event, new SliceCache<HeldSlice>(), 'v/');
};

describe('the session in the page', () => {
  it('puts masks together from what has changed', () => {
    const session = attached();
    expect(areaOf(session.onSlice('a', 5)!.mask)).toBe(40);
    session.change(state(11), [update(11, { whole: false, since: 10, patch: columns(10, 12)! })]);
    expect(areaOf(session.onSlice('a', 5)!.mask)).toBe(60);
    // The patch replaces what is in its box.
    const hole = { ...columns(0, 2)!, runs: Buffer.from([2 * height]).toString('base64') };
    session.change(state(12), [update(12, { whole: false, since: 11, patch: hole })]);
    expect(areaOf(session.onSlice('a', 5)!.mask)).toBe(40);
    session.change(state(13), [update(13, { whole: true, patch: null })]);
    expect(session.onSlice('a', 5)!.mask).toBeNull();
  });

  it('drops what is older than what it has, in changes and in slices', () => {
    const session = attached();
    session.change(state(15), [update(15, { whole: true, patch: columns(0, 1) })]);
    session.change(state(12), [update(12, { whole: true, patch: columns(0, 9) })]);
    session.overlay('axial', 5, 14, []);
    expect(session.state.revision).toBe(15);
    expect(areaOf(session.onSlice('a', 5)!.mask)).toBe(10);
    session.overlay('axial', 5, 16, []);
    expect(session.onSlice('a', 5)).toBeUndefined();
  });

  it('asks again where a change cannot be applied, and for cross-sections that may be wrong', () => {
    const session = attached();
    session.setPixels('axial', 5, pixels);
    session.setPixels('axial', 6, pixels);
    session.overlay('axial', 6, 10, []);
    session.setPixels('coronal', 3, pixels);
    session.overlay('coronal', 3, 10, []);
    expect([session.need('axial', 5), session.need('axial', 6), session.need('coronal', 3)]).toEqual([
      null,
      null,
      null,
    ]);
    session.change(state(20), [update(20, { whole: false, since: 19, patch: columns(0, 2)! })]);
    expect([session.need('axial', 5), session.need('axial', 6), session.need('coronal', 3)]).toEqual([
      'overlay',
      null,
      'overlay',
    ]);
    session.overlay('axial', 5, 20, [update(20, { whole: true, patch: columns(0, 3) })]);
    expect(session.need('axial', 5)).toBeNull();
    expect(session.need('axial', 7)).toBe('pixels');
  });

  it('knows which slices are annotated', () => {
    const session = attached();
    session.change(state(11), [
      update(11, { whole: true, patch: columns(0, 1) }, 9),
      update(11, { whole: true, patch: null }, 8),
    ]);
    expect([...session.marksOf('a').masked]).toEqual([[9, 1]]);
  });
});

describe('what a page holds', () => {
  it('is bounded in bytes, the longest unused going first', () => {
    const cache = new SliceCache<string>(100);
    cache.set('a/1', 'one', 40);
    cache.set('a/2', 'two', 40);
    cache.get('a/1');
    cache.set('b/3', 'three', 40);
    expect([cache.has('a/1'), cache.has('a/2'), cache.has('b/3'), cache.bytes]).toEqual([true, false, true, 80]);
    cache.set('huge', 'huge', 101);
    expect(cache.has('huge')).toBe(false);
    cache.deleteAll('a/');
    expect([cache.size, cache.bytes]).toEqual([1, 40]);
  });
});

describe('strokes ahead of the kernel', () => {
  it('cover what lies within the radius of the line', () => {
    const mask = { x: 0, y: 0, width, height, data: new Uint8Array(width * height) };
    paintSegment(mask, [4.5, 4.5], [9.5, 4.5], 1, 1);
    const rows = [3, 4, 5].map((row) => Array.from(mask.data.subarray(row * width, (row + 1) * width)).join(''));
    expect(rows).toEqual(['00001111110000000000', '00011111111000000000', '00001111110000000000']);
  });

  it('stay until they are answered, one after the other', () => {
    const strokes = new Strokes({ width, height });
    for (const x of [2, 12]) {
      strokes.begin('a', 5, null);
      strokes.paint({ erase: false, points: [[x, 5]], radius: 1.2 });
      strokes.end();
    }
    const shown = () => areaOf(strokes.over('a', 5, null));
    const two = shown();
    expect(two).toBeGreaterThan(0);
    strokes.answered('a', 5);
    expect(shown()).toBe(two);
    expect(strokes.over('a', 6, null)).toBeNull();
    strokes.answered('a', 5);
    expect(shown()).toBe(0);
  });
});
