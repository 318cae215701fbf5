import fs from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeVolume } from '../../../src/kernel/imaging';
import { NotebookKernel } from '../../../src/kernel/notebook/kernel';
import type { ImageEvent, ImageRequest, SliceMarks, ViewerEvent } from '../../../src/protocol';
import type { HeldSlice } from '../../../webview/image/heldSlice';
import { Session } from '../../../webview/image/session';
import { SliceCache } from '../../../webview/image/sliceCache';
import { temporaryFolder } from '../../support/temporaryFolder';
import { FloodFillPredictor } from './floodFillPredictor';

const folder = temporaryFolder('marks');
const notebook = 'file:///marks.ipynb';
const [width, height, slices] = [12, 10, 4];

type Sent = ImageRequest extends infer R ? (R extends ImageRequest ? Omit<R, 'viewId'> : never) : never;

/** A page and what the kernel would tell another one that came now. */
async function page(name: string) {
  const voxels = new Int16Array(width * height * slices).fill(100);
  const geometry = { spacing: [1, 1, 2], origin: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] } as const;
  const file = path.join(folder, name);
  await writeVolume(file, { path: file, size: [width, height, slices], channels: 1, voxels, ...geometry });
  let session: Session | null = null;
  let fresh: SliceMarks[] = [];
  const receive = (event: ViewerEvent) => {
    if (event.type === 'viewer/error') throw new Error(event.message);
    if (event.viewId === 'fresh' && event.type === 'viewer/attached') fresh = event.marks;
    if (event.viewId !== 'page') return;
    if (event.type === 'viewer/attached')
      session = new Session(event as Extract<ImageEvent, { type: 'viewer/attached' }>, new SliceCache<HeldSlice>(), '');
    if (event.type === 'viewer/change') session!.change(event.state, event.objects);
  };
  const kernel = new NotebookKernel(
    { createPredictor: async () => new FloodFillPredictor() },
    {
      output: () => undefined,
      viewer: (_notebook, event) => receive(event),
      status: () => undefined,
      log: () => undefined,
    },
  );
  const attach = (viewId: string) =>
    kernel.view(notebook, folder, {
      ...{ type: 'viewer/attach', viewId, version: 2 },
      output: { version: 2, image: { path: name } },
    });
  await attach('page');
  const marksInPage = (): SliceMarks[] =>
    session!.state.objects.map(({ id }) => {
      const { prompted, masked } = session!.marksOf(id);
      const ascending = [...masked].sort(([a], [b]) => a - b);
      return {
        object: id,
        prompted: [...prompted].sort((a, b) => a - b),
        masked: ascending.map(([slice]) => slice),
        areas: ascending.map(([, area]) => area),
      };
    });
  return {
    send: (request: Sent) => kernel.view(notebook, folder, { ...request, viewId: 'page' } as ImageRequest),
    marksInPage,
    async marksOfFreshPage() {
      await attach('fresh');
      return fresh;
    },
    end: () => kernel.dispose(),
  };
}

const all: [number, number][] = [[width / 2, height / 2]];
const erase = (slice: number, object = 'object-1'): Sent => ({
  ...{ type: 'viewer/stroke', object, slice, erase: true, points: all, radius: 2 * width },
});
const paint = (slice: number, object = 'object-1'): Sent =>
  ({ ...erase(slice, object), erase: false, radius: 2 }) as Sent;

describe('marks of annotated slices', () => {
  it('go with the last pixel that the eraser takes, and come back with an undo', async () => {
    const { send, marksInPage, end } = await page('erased.nii.gz');
    const masked = () => marksInPage()[0].masked;
    await send(paint(1));
    await send(paint(2));
    expect(masked()).toEqual([1, 2]);
    await send(erase(1));
    expect(masked()).toEqual([2]);
    await send({ type: 'viewer/undo' });
    expect(masked()).toEqual([1, 2]);
    await send({ type: 'viewer/redo' });
    expect(masked()).toEqual([2]);
    await end();
  });

  it('are, after whatever edits, those that a page would get that came now', async () => {
    const object = fc.constantFrom('object-1', 'b');
    const slice = fc.nat(slices - 1);
    let count = 0;
    const requests: fc.Arbitrary<Sent>[] = [
      fc.tuple(slice, object).map(([at, id]) => paint(at, id)),
      fc.tuple(slice, object).map(([at, id]) => erase(at, id)),
      fc.tuple(slice, object).map(([at, id]): Sent => {
        const prompt = { kind: 'point', x: 3, y: 3, label: 1 } as const;
        return { type: 'viewer/prompt/add', object: id, slice: at, id: `p${count++}`, prompt };
      }),
      object.map((id): Sent => ({ type: 'viewer/clear', object: id, slice: null })),
      slice.map((at): Sent => ({ type: 'viewer/clear', object: null, slice: at })),
      fc.constant<Sent>({ type: 'viewer/undo' }),
      fc.constant<Sent>({ type: 'viewer/redo' }),
    ];
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(...requests), { minLength: 1, maxLength: 12 }), async (edits) => {
        const one = await page(`volume-${run++}.nii.gz`);
        await one.send({ type: 'viewer/object/add', object: 'b', properties: {} });
        for (const edit of edits) {
          await one.send(edit);
          // Undoing the first step takes the object away; what is left belongs to the other.
          const fresh = await one.marksOfFreshPage();
          expect(one.marksInPage()).toEqual(fresh);
          if (fresh.length === 1) await one.send({ type: 'viewer/redo' });
        }
        await one.end();
      }),
      { numRuns: 12 },
    );
    await fs.rm(path.join(folder, '.med-sa'), { recursive: true, force: true });
  });
});
