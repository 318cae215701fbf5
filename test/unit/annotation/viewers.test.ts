import fs from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readImage, writeVolume } from '../../../src/kernel/imaging';
import { NotebookKernel } from '../../../src/kernel/notebook/kernel';
import type { ImageRequest, ViewerEvent } from '../../../src/protocol';
import { temporaryFolder } from '../../support/temporaryFolder';
import { ViewMirror } from '../../support/viewMirror';
import { FloodFillPredictor } from './floodFillPredictor';

const folder = temporaryFolder('viewers');
const [width, height, slices] = [16, 12, 8];
const notebook = 'file:///view.ipynb';
const object = 'object-1';
const centre = { kind: 'point', x: 8.5, y: 6.5, label: 1 } as const;

let predictor: FloodFillPredictor;
let kernel: NotebookKernel;
let listeners: ((event: ViewerEvent) => void)[];

beforeEach(async () => {
  await fs.rm(path.join(folder, '.med-sa'), { recursive: true, force: true });
  // A bright bar of 4 × 4 pixels through all slices but the last.
  const voxels = new Int16Array(width * height * slices).fill(-500);
  for (let k = 0; k < slices - 1; k++) {
    for (let j = 5; j < 9; j++) voxels.fill(700, (k * height + j) * width + 7, (k * height + j) * width + 11);
  }
  const geometry = { spacing: [1, 1, 2.5], origin: [3, 4, 5], direction: [-1, 0, 0, 0, -1, 0, 0, 0, 1] } as const;
  const volume = { path: '', size: [width, height, slices], channels: 1, voxels, ...geometry } as const;
  await writeVolume(path.join(folder, 'bar.nii.gz'), volume);
  predictor = new FloodFillPredictor();
  listeners = [];
  kernel = new NotebookKernel(
    { createPredictor: async () => predictor },
    {
      output: () => undefined,
      viewer: (_notebook, event) => listeners.forEach((listener) => listener(event)),
      status: () => undefined,
      log: (_level, text) => console.error(text),
    },
  );
});
afterEach(() => kernel.dispose());

type Sent = ImageRequest extends infer R ? (R extends ImageRequest ? Omit<R, 'viewId'> : never) : never;

/** A page of a Python notebook: its output names the image and nothing else. */
async function page(viewId = 'page') {
  const mirror = new ViewMirror(viewId);
  listeners.push((event) => mirror.receive(event));
  const send = (request: Sent) => kernel.view(notebook, folder, { ...request, viewId } as ImageRequest);
  await send({ type: 'viewer/attach', version: 2, output: { version: 2, image: { path: 'bar.nii.gz' } } });
  const add = (slice: number, id = `on ${slice}`) =>
    send({ type: 'viewer/prompt/add', object, slice, id, prompt: centre });
  return { mirror, send, add };
}

describe('a view of an image that any kernel named', () => {
  it('begins in the middle, with its pixels, and gets slices of every plane', async () => {
    const { mirror, send } = await page();
    const { image, slice } = mirror.last('viewer/attached');
    expect(slice).toBe(4);
    expect(image).toMatchObject({ name: 'bar.nii.gz', spacing: [1, 1, 2.5], range: [-500, 700] });
    expect(image.planes.map(({ plane }) => plane)).toEqual(['axial', 'coronal', 'sagittal']);
    expect(mirror.last('viewer/slice')).toMatchObject({ index: 4, pixels: { kind: 'int16', width, height } });
    await send({ type: 'viewer/slices', plane: 'sagittal', indices: [3, 2], pixels: true });
    expect(mirror.last('viewer/slice')).toMatchObject({ plane: 'sagittal', index: 2, pixels: { width: height } });
    await send({ type: 'viewer/slices', plane: 'coronal', indices: [height], pixels: true });
    expect(mirror.last('viewer/error').message).toMatch(/no coronal slice 12/);
  });

  it('is answered in the order asked, for nothing twice at a time, and as coarsely as asked', async () => {
    const { mirror, send } = await page();
    mirror.events.length = 0;
    const first = send({ type: 'viewer/slices', plane: 'axial', indices: [0, 1, 2], pixels: true });
    const then = send({ type: 'viewer/slices', plane: 'axial', indices: [6, 2], pixels: true, shrink: 1, shown: 6 });
    const coarse = send({ type: 'viewer/slices', plane: 'axial', indices: [6], pixels: true, shrink: 2, shown: 6 });
    await Promise.all([first, then, coarse]);
    const told = mirror.events.flatMap((event) => (event.type === 'viewer/slice' ? [event] : []));
    expect(told.map(({ index }) => index)).toEqual([0, 1, 2, 6, 6]);
    expect(told.map(({ pixels }) => pixels?.shrink)).toEqual([1, 1, 1, 1, 2]);
    expect(told.at(-1)?.pixels).toMatchObject({ width: width / 2, height: height / 2 });
  });

  it('sees masks across its planes', async () => {
    const { mirror, send, add } = await page();
    await add(4);
    await send({ type: 'viewer/slices', plane: 'coronal', indices: [6], pixels: false });
    const { pixels, objects } = mirror.last('viewer/slice');
    expect(pixels).toBeNull();
    expect(objects).toMatchObject([{ object, mask: { patch: { x: 7, y: 4, width: 4, height: 1 } } }]);
  });

  it('hears of the newest hover only, and nothing after a click', async () => {
    const { mirror, send, add } = await page();
    const hover = (previewId: number) =>
      send({ type: 'viewer/hover', previewId, object, slice: 4, prompt: { ...centre, x: 1.5 } });
    await Promise.all([hover(1), hover(2), hover(3)]);
    await Promise.all([hover(4), add(4)]);
    const previews = mirror.events.flatMap((event) => (event.type === 'viewer/preview' ? [event.previewId] : []));
    expect(previews).toEqual([3]);
    expect(mirror.prompts(4)).toEqual([centre]);
  });

  it('of many that are shown at once, few are encoded ahead, the last first', async () => {
    const encoded: number[] = [];
    let allAreOpen = (): void => undefined;
    const open = new Promise<void>((resolve) => (allAreOpen = resolve));
    predictor.encodeChunk = async (pictures) => {
      encoded.push(pictures.length);
      await open;
      return Promise.all(pictures.map((picture) => predictor.encode(picture)));
    };
    for (let view = 0; view < slices; view++) {
      const { send } = await page(`view ${view}`);
      await send({ type: 'viewer/slices', plane: 'axial', indices: [view], pixels: false });
    }
    // On a busy machine opening takes so long that one has begun.
    const early = encoded.length;
    expect(early).toBeLessThanOrEqual(1);
    allAreOpen();
    // Four views with their neighbours: slices 3 to 7.
    await expect.poll(() => encoded.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(5);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(encoded.length).toBeLessThanOrEqual(5 + early);
  });

  it('is not shown where its notebook is closed before its image is open', async () => {
    const output = { version: 2, image: { path: 'bar.nii.gz' } } as const;
    const mirror = new ViewMirror('late');
    listeners.push((event) => mirror.receive(event));
    const attach = { type: 'viewer/attach', version: 2, viewId: 'late', output } as const;
    const attached = kernel.view('file:///closed.ipynb', folder, attach);
    await kernel.close('file:///closed.ipynb');
    await attached;
    const { add } = await page();
    await add(4);
    expect(mirror.events).toEqual([]);
  });

  it('is told what it did wrong', async () => {
    const { mirror, send } = await page();
    await send({ type: 'viewer/clear', object: 'nobody', slice: null });
    expect(mirror.last('viewer/error')).toMatchObject({ request: 'viewer/clear', message: /not there any more/ });
    await send({ type: 'viewer/object/remove', object });
    expect(mirror.last('viewer/error').message).toMatch(/last object/);
    await send({ type: 'viewer/object/add', object: 'b', properties: { label: 'b', value: 1 } });
    expect(mirror.last('viewer/error').message).toMatch(/value 1 already/);
    await send({ type: 'viewer/propagate', object, from: 2, direction: 'up', to: null });
    expect(mirror.last('viewer/error').message).toMatch(/slice 2 holds no mask/);
    expect(mirror.events.findLast((event) => event.type === 'viewer/tasks')?.tasks ?? []).toEqual([]);
  });
});

describe('an object', () => {
  it('is carried to its neighbours as far as asked, up to what a hand prompted, in one step of undo', async () => {
    const { mirror, send, add } = await page();
    await add(4);
    await add(1);
    await send({ type: 'viewer/propagate', object, from: 4, direction: 'both', to: null });
    const masked = () => Array.from({ length: slices }, (_, slice) => mirror.area(slice));
    expect(masked().slice(0, 7)).toEqual([0, 16, 16, 16, 16, 16, 16]);
    expect(mirror.shown.get(`${object}/3`)).toMatchObject({ source: 'propagated', prompts: [] });
    await send({ type: 'viewer/undo' });
    expect(masked()).toEqual([0, 16, 0, 0, 16, 0, 0, 0]);
    await send({ type: 'viewer/propagate', object, from: 4, direction: 'up', to: 5 });
    expect(masked()).toEqual([0, 16, 0, 0, 16, 16, 0, 0]);
    await send({ type: 'viewer/segment', slice: null });
    expect(masked().slice(0, 7)).toEqual([16, 16, 16, 16, 16, 16, 16]);
    expect(mirror.state?.undo).toBe('propagation');
  });

  it('keeps what was found before a cancel', async () => {
    const { mirror, send, add } = await page();
    await add(0);
    let cancelled = false;
    listeners.push((event) => {
      if (event.type !== 'viewer/tasks' || cancelled) return;
      const task = event.tasks.find(({ text }) => text === 'propagating');
      if (task === undefined) return;
      cancelled = true;
      const predict = predictor.predictMany.bind(predictor);
      let count = 0;
      predictor.predictMany = async (...asked) => {
        if (++count === 3) void send({ type: 'viewer/cancel', task: task.id });
        return predict(...asked);
      };
    });
    await send({ type: 'viewer/propagate', object, from: 0, direction: 'up', to: null });
    const masked = Array.from({ length: slices }, (_, slice) => mirror.area(slice));
    expect(masked).toEqual([16, 16, 16, 16, 0, 0, 0, 0]);
    expect(mirror.state?.undo).toBe('propagation');
  });

  it('is written with the geometry of its image, and as a data set', async () => {
    const { mirror, send, add } = await page();
    await send({ type: 'viewer/object/change', object, properties: { label: 'bar', value: 3 } });
    await add(2);
    await send({ type: 'viewer/export', format: 'nifti', path: 'labels.nii.gz' });
    const file = path.join(folder, 'labels.nii.gz');
    expect(mirror.last('viewer/exported')).toMatchObject({ format: 'nifti', files: [file] });
    const [labels, source] = [await readImage(file), await readImage(path.join(folder, 'bar.nii.gz'))];
    const { spacing, origin, direction, size } = source;
    expect(labels).toMatchObject({ spacing, origin, direction, size });
    expect([...labels.voxels].reduce((sum, value) => sum + value, 0)).toBe(3 * 16);
    expect(labels.voxels[(2 * height + 6) * width + 8]).toBe(3);
    await send({ type: 'viewer/export', format: 'pairs', path: 'set' });
    const table = await fs.readFile(path.join(folder, 'set', 'pairs.csv'), 'utf8');
    expect(table).toMatch(/^image,mask,group,label\nimages\/bar\.nii\.gz,masks\/.*,bar,bar\n$/);
  });
});
