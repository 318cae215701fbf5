import { describe, expect, it, vi } from 'vitest';
import { encodeMaskPatch } from '../../../src/kernel/imaging/maskPatch';
import type { ImageOutput, ImageOutputV1 } from '../../../src/protocol';
import { decodePatch } from '../../../webview/image/maskPixels';
import { readImageEvent, readOutput } from '../../../webview/image/messages';
import { readInspectorEvent } from '../../../webview/inspector/messages';
import { readSummary, readTrainingEvent } from '../../../webview/training/messages';

describe('a mask on its way to the viewer', () => {
  // Long runs of both kinds: lengths of one, two and three bytes.
  const mask = { width: 300, height: 200, data: new Uint8Array(60_000) };
  mask.data[301] = 1;
  mask.data.fill(1, 20_000, 40_000);

  it('arrives as the kernel sent it', () => {
    const patch = encodeMaskPatch(mask)!;
    const { x, y, width, height, data } = decodePatch(patch, mask);
    const arrived = new Uint8Array(mask.data.length);
    for (let row = 0; row < height; row++)
      arrived.set(data.subarray(row * width, (row + 1) * width), (y + row) * mask.width + x);
    expect(Buffer.from(arrived).equals(Buffer.from(mask.data))).toBe(true);
  });

  it('is refused when it does not fit or is cut short', () => {
    const patch = encodeMaskPatch(mask)!;
    expect(() => decodePatch(patch, { width: 299, height: 200 })).toThrow(RangeError);
    expect(() => decodePatch({ ...patch, runs: patch.runs.slice(0, 4) }, mask)).toThrow(RangeError);
    expect(() => decodePatch({ ...patch, height: patch.height - 1 }, mask)).toThrow(RangeError);
    expect(() => decodePatch({ ...patch, x: 0.5 }, mask)).toThrow(RangeError);
  });
});

describe('what a notebook file holds', () => {
  const image = { path: 'folder/a.png', name: 'a.png', width: 4, height: 3, slices: 1, spacing: null };
  const first: ImageOutputV1 = { version: 1, viewId: 'v', sessionId: 's', image, slice: 0 };
  const output: ImageOutput = { version: 2, viewId: 'v', image: { path: 'folder/a.nii', size: [4, 3, 2] }, slice: 1 };

  it('is taken as an image only if it is one', () => {
    expect(readOutput(first)).toMatchObject({ output: first, viewId: 'v', name: 'a.png', slices: 1 });
    expect(readOutput(output)).toMatchObject({
      output,
      viewId: 'v',
      name: 'a.nii',
      size: { width: 4, height: 3 },
      slices: 2,
    });
    const spoilt = [null, 'text', [], { ...output, version: 3 }, { ...output, viewId: 1 }, { ...output, image: null }];
    const spoiltImages = [{ path: 3 }, { size: [1, 2] }, { size: [0, 1, 1] }, { spacing: [0, 1, 1] }, { name: null }];
    for (const value of [...spoilt, { ...first, slice: 0.5 }, { ...first, image: { ...image, width: 0 } }])
      expect(readOutput(value)).toBeNull();
    for (const changes of spoiltImages)
      expect(readOutput({ ...output, image: { ...output.image, ...changes } })).toBeNull();
  });

  it('need not name a view: any kernel may write three lines', () => {
    const least = { version: 2, image: { path: 'scan.nii.gz' } };
    const [one, two] = [readOutput(least), readOutput(least)];
    expect(one).toMatchObject({ name: 'scan.nii.gz', size: null });
    expect(one?.viewId).not.toBe(two?.viewId);
  });

  it('is taken as a run only if it is one', () => {
    const run = { run: '/r', name: 'r', status: 'done', epochs: 1, epoch: 1, loss: [[1, 2]], dice: { p: [[1, 0.5]] } };
    expect(readSummary(run)).toBe(run);
    expect(readSummary({ ...run, loss: [[1]] })).toBeNull();
    expect(readSummary({ ...run, dice: { p: 1 } })).toBeNull();
    expect(readSummary({ ...run, dice: null })).toBeNull();
  });
});

describe('what the kernel sends to pages', () => {
  it('is for one kind of view, by its name', () => {
    const [busy, failed] = [
      { type: 'viewer/tasks', viewId: 'v', tasks: [] },
      { type: 'training/error', viewId: 'v', message: 'm' },
    ];
    expect(readImageEvent(busy)).toEqual(busy);
    expect(readTrainingEvent(busy)).toBeNull();
    expect(readTrainingEvent(failed)).toEqual(failed);
    expect(readImageEvent({ type: 'viewer/tasks', tasks: [] })).toBeNull();
  });

  it.each([
    ['image', readImageEvent, { type: 'viewer/tasks', viewId: 'v', tasks: [{}] }, 'viewer/error', 'tasks.0'],
    ['run', readTrainingEvent, { type: 'training/summary', viewId: 'v', summary: null }, 'training/error', 'summary'],
    [
      'inspection',
      readInspectorEvent,
      { type: 'inspector/maps', viewId: 'v', requestId: 3 },
      'inspector/error',
      'maps',
    ],
  ])('is refused for an %s where it does not fit, and its view is told', (_, read, message, type, place) => {
    const told = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    expect(read(message)).toMatchObject({ type, viewId: 'v', message: expect.stringContaining(`at ${place}`) });
    expect(told).toHaveBeenCalledOnce();
    told.mockRestore();
  });
});
