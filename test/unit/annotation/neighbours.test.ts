// Adapters that look along the depth see a slice's neighbours in the viewer too.
import fs from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets';
import { encodeMaskPatch, readImage, sliceOf, toRgb } from '../../../src/kernel/imaging';
import { predictSlice, predictVolume, SamPredictor } from '../../../src/kernel/inference';
import { volumeImages } from '../../../src/kernel/inference/sliceImages';
import { defaultAdapters } from '../../../src/kernel/medsa/options';
import { adapterSeams } from '../../../src/kernel/medsa/seams';
import { adapterShapes } from '../../../src/kernel/medsa/shapes';
import { NotebookKernel } from '../../../src/kernel/notebook/kernel';
import type { Executor } from '../../../src/kernel/runtime/types';
import { constantWeights } from '../../../src/kernel/sam/weights';
import type { ImageRequest } from '../../../src/protocol';
import { testExecutor } from '../../support/executor';
import { temporaryFolder } from '../../support/temporaryFolder';
import { randomTensor } from '../../support/tensors';
import { tinyConfig, tinyTensors } from '../../support/tinyModel';
import { drawTinyVolumes } from '../../support/tinyVolumes';
import { ViewMirror } from '../../support/viewMirror';

const executor = await testExecutor();
const folder = temporaryFolder('neighbours');
const file = path.join(folder, 'image-0.nii.gz');
const notebook = 'file:///neighbours.ipynb';
const object = 'object-1';
await drawTinyVolumes(folder, 1);

const options = { ...defaultAdapters(tinyConfig), slices: 4 };
const random = new Random(8);
const adapters = [...adapterShapes(tinyConfig, options)].map(
  ([name, shape]) => [name, randomTensor(random.fork(name), shape)] as const,
);
const weights = constantWeights(new Map([...tinyTensors(3), ...adapters]));
const modelFor = (slices: number) => ({
  ...{ config: tinyConfig, weights },
  seams: adapterSeams(weights, { ...options, slices }),
});

/** How many slices each run of an encoder took. */
let encoded: number[];
let predictor: SamPredictor;
let kernel: NotebookKernel;
let mirror: ViewMirror;
const send = (request: Record<string, unknown>) =>
  kernel.view(notebook, folder, { viewId: 'page', ...request } as ImageRequest);

beforeEach(async () => {
  await fs.rm(path.join(folder, '.med-sa'), { recursive: true, force: true });
  encoded = [];
  const recorder: Executor = {
    ...executor,
    runKeeping: (loaded, feeds, rest) => {
      if (loaded.program.name.includes('encoder')) encoded.push(loaded.program.inputs[0].shape[0] as number);
      return executor.runKeeping(loaded, feeds, rest);
    },
  };
  const depth = { slices: 4, modelFor };
  const names = { modelName: 'tiny', adaptersName: 'depth' };
  predictor = new SamPredictor({ model: modelFor(1), depth, executor: recorder, ...names });
  mirror = new ViewMirror('page');
  kernel = new NotebookKernel(
    { createPredictor: async () => predictor },
    {
      output: () => undefined,
      viewer: (_notebook, event) => mirror.receive(event),
      status: () => undefined,
      log: (_level, text) => console.error(text),
    },
  );
  await send({ type: 'viewer/attach', version: 2, output: { version: 2, image: { path: 'image-0.nii.gz' } } });
});
afterEach(() => kernel.dispose());

const click = { kind: 'point', x: 9.5, y: 12.5, label: 1 } as const;
const asked = { points: [{ x: 9, y: 12, label: 1 as const }], box: null };
const add = (slice: number, id: string, prompt: Record<string, unknown> = click) =>
  send({ type: 'viewer/prompt/add', object, slice, id, prompt });
const maskOn = (slice: number) => mirror.shown.get(`${object}/${slice}`)?.mask;

describe('in the viewer, adapters that look along the depth', () => {
  it('answer a click as they do when one slice of the volume is asked for', async () => {
    await add(5, 'a');
    expect(mirror.shown.get(`${object}/5`)?.candidates).toHaveLength(4);
    const direct = await predictSlice(predictor, await readImage(file), 5, asked);
    expect(maskOn(5)).toEqual(direct.prediction.mask.data);
    expect(mirror.shown.get(`${object}/5`)!.iou).toBe(direct.prediction.iou);
    // On its own, it would be answered otherwise.
    const alone = await predictor.encode(toRgb(sliceOf(await readImage(file), 5), direct.window));
    const [own] = await predictor.predict(alone, asked);
    expect(own.lowRes.data).not.toEqual(direct.prediction.lowRes.data);
    await alone.free();
  });

  it('offer the masks that the chunks weigh together', async () => {
    await add(5, 'a');
    const { images } = volumeImages(predictor, await readImage(file));
    const views = await images.at(5);
    expect(views).toHaveLength(2);
    const [each] = await predictor.predictManyTogether(views, [{ prompts: asked }], { multimask: true });
    const areas = each.map(({ mask }) => mask.data.reduce((sum, value) => sum + value, 0));
    const offered = mirror.shown.get(`${object}/5`)!.candidates.slice(1);
    expect(offered).toEqual(each.map(({ iou }, index) => ({ iou, area: areas[index] })));
    // The mean of both, in the decoder's order, whatever each view likes best.
    const [one, other] = await Promise.all(
      views.map((view) => predictor.predictMany(view, [{ prompts: asked }], { multimask: true })),
    );
    const mean = (values: readonly (readonly { iou: number }[])[]) =>
      values.flat().reduce((sum, { iou }) => sum + iou, 0) / values.flat().length;
    expect(mean([each])).toBeCloseTo(mean([one[0], other[0]]), 5);
    await images.free();
  });

  it('follow an object as a segmentation of the volume does', async () => {
    const box = { kind: 'box', x0: 2, y0: 5, x1: 17, y1: 20 } as const;
    await add(4, 'a', box);
    await send({ type: 'viewer/propagate', object, from: 4, direction: 'both', to: null });
    const prompts = new Map([[4, { points: [], box: [2, 5, 17, 20] as [number, number, number, number] }]]);
    const { labels, slices } = await predictVolume(predictor, await readImage(file), prompts);
    expect(slices.length).toBeGreaterThan(1);
    const [width, height] = labels.size;
    for (const { slice } of slices) {
      const data = labels.voxels.subarray(slice * width * height, (slice + 1) * width * height);
      const direct = encodeMaskPatch({ width, height, data: Uint8Array.from(data) });
      expect([slice, encodeMaskPatch({ width, height, data: maskOn(slice)! })]).toEqual([slice, direct]);
    }
    const masked = [...mirror.shown.values()].filter(({ mask }) => mask.includes(1)).map(({ slice }) => slice);
    expect(masked.sort((a, b) => a - b)).toEqual(slices.map(({ slice }) => slice));
  });

  it('encode the chunks of a slice once, however often it is asked', async () => {
    await add(5, 'a');
    const before = [...encoded];
    expect(before).toContain(4);
    await add(5, 'b', { ...click, x: 12.5 });
    await send({ type: 'viewer/hover', previewId: 1, object, slice: 5, prompt: { ...click, y: 9.5 } });
    expect(encoded).toEqual(before);
  });
});
