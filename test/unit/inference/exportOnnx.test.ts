import fs from 'node:fs';
import path from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random, type PromptSet } from '../../../src/kernel/datasets';
import type { RgbImage } from '../../../src/kernel/imaging';
import { composeModel, SamPredictor, type AdapterFile, type Prediction } from '../../../src/kernel/inference';
import { exportOnnx } from '../../../src/kernel/inference/exportOnnx';
import { fitImage, normalise } from '../../../src/kernel/inference/preprocess';
import { defaultAdapters } from '../../../src/kernel/medsa/options';
import { adapterShapes } from '../../../src/kernel/medsa/shapes';
import { sessionOptions } from '../../../src/kernel/runtime/onnxRuntime';
import type { SamModel } from '../../../src/kernel/sam/sam';
import { testExecutor } from '../../support/executor';
import { temporaryFolder } from '../../support/temporaryFolder';
import { expectClose, randomTensor } from '../../support/tensors';
import { tinyConfig, tinyTensors } from '../../support/tinyModel';

const folder = temporaryFolder('export');
const origin = { model: 'tiny', modelSha256: '00', adapters: 'heart', version: '0' };
const side = tinyConfig.imageSize;
const grid = side / tinyConfig.patchSize;

/** Adapters that matter: `up` is not zero. */
function adapted(): SamModel {
  const options = defaultAdapters(tinyConfig);
  const random = new Random(5);
  const tensors = new Map(
    [...adapterShapes(tinyConfig, options)].map(([name, shape]) => [name, randomTensor(random, shape)]),
  );
  const file = path.join(folder, 'tiny.safetensors');
  const adapters: AdapterFile = {
    ...{ name: 'heart', file, tune: 'adapters', options, imageSize: side, step: 1 },
    tensors,
  };
  return composeModel({ name: 'tiny', file, config: tinyConfig, tensors: tinyTensors(3) }, adapters);
}

const image: RgbImage = { width: 60, height: 40, rgb: new Uint8Array(60 * 40 * 3).map((_, at) => (at * 37) % 256) };
/** From pixels of the image to those of the resized one, 64×43. */
const placed = (...positions: number[]): number[] =>
  positions.map((value, axis) => (axis % 2 === 0 ? (value * 64) / 60 : (value * 43) / 40));
let model: SamModel;
let answers: (prompts: PromptSet, previous?: Prediction) => Promise<Prediction[]>;

beforeAll(async () => {
  model = adapted();
  const executor = await testExecutor();
  const predictor = new SamPredictor({ model, executor, modelName: 'tiny', adaptersName: 'heart' });
  const encoded = await predictor.encode(image);
  answers = async (prompts, previous) => {
    const ask = (multimask: boolean) => predictor.predict(encoded, prompts, { multimask, previous: previous?.lowRes });
    return [...(await ask(false)), ...(await ask(true))];
  };
}, 60_000);

/** What a program that knows only the files computes. → logits [4, 4g, 4g] and IoU [4] of each prompt */
async function computed(
  from: string,
  prompts: { points: number[]; labels: number[]; masks?: Float32Array }[],
  settings: InferenceSession.SessionOptions = sessionOptions('cpu', { threads: 1 }),
) {
  const open = (name: string) => InferenceSession.create(path.join(from, name), settings);
  const [encoder, decoder] = [await open('encoder.onnx'), await open('decoder.onnx')];
  const pixels = normalise([fitImage(image, side)], side);
  const { embedding } = await encoder.run({ image: new Tensor('float32', pixels.data, pixels.shape) });
  const low = 4 * grid;
  const results: { masks: Float32Array; iou: Float32Array }[] = [];
  for (const { points, labels, masks } of prompts) {
    const float = (values: number[], dims: number[]) => new Tensor('float32', Float32Array.from(values), dims);
    const result = await decoder.run({
      embedding,
      points: float(points, [1, labels.length, 2]),
      labels: float(labels, [1, labels.length]),
      masks: new Tensor('float32', masks ?? new Float32Array(low * low), [1, 1, low, low]),
      has_mask: float([masks === undefined ? 0 : 1], [1]),
    });
    results.push({ masks: result.low_res_masks.data as Float32Array, iou: result.iou.data as Float32Array });
  }
  await Promise.all([encoder.release(), decoder.release()]);
  return results;
}

/** The predictor's four answers are the four masks of the graph, to the last bit. */
function expectSame(found: { masks: Float32Array; iou: Float32Array }, expected: readonly Prediction[]): void {
  const size = (4 * grid) ** 2;
  const mask = (token: number): Float32Array => found.masks.slice(token * size, (token + 1) * size);
  expect(mask(0)).toEqual(expected[0].lowRes.data);
  const several = [1, 2, 3].sort((a, b) => found.iou[b] - found.iou[a]);
  several.forEach((token, rank) => expect(mask(token)).toEqual(expected[1 + rank].lowRes.data));
  expect(expected.map(({ iou }) => iou)).toEqual(
    [0, ...several].map((token) => Math.min(1, Math.max(0, found.iou[token]))),
  );
}

describe.each([
  ['in the graphs', false],
  ['beside the graphs', true],
])('an export with the weights %s', (_, externalWeights) => {
  const to = path.join(folder, String(externalWeights));
  let files: string[];
  beforeAll(async () => {
    files = await exportOnnx(model, to, { externalWeights, origin });
  });

  it('answers points, boxes and earlier answers as the predictor does, bit for bit', async () => {
    const point: PromptSet = { points: [{ x: 30, y: 20, label: 1 }], box: null };
    const first = await answers(point);
    const found = await computed(to, [
      { points: [...placed(30, 20), 0, 0], labels: [1, -1] },
      { points: placed(5, 6, 40, 30), labels: [2, 3] },
      { points: [...placed(30, 20), 0, 0], labels: [1, -1], masks: first[0].lowRes.data },
    ]);
    expectSame(found[0], first);
    expectSame(found[1], await answers({ points: [], box: [5, 6, 40, 30] }));
    expectSame(found[2], await answers(point, first[0]));
    expect(found[0].masks).not.toEqual(found[1].masks);
    expect(found[0].masks).not.toEqual(found[2].masks);
  });

  it('answers so with the runtime’s own settings too, where weights are packed for the product', async () => {
    const prompt = { points: [...placed(30, 20), 0, 0], labels: [1, -1] };
    const [found] = await computed(to, [prompt], { logSeverityLevel: 4 });
    const [answer] = await answers({ points: [{ x: 30, y: 20, label: 1 }], box: null });
    const shape = [1, 1, 4 * grid, 4 * grid];
    const single = found.masks.slice(0, (4 * grid) ** 2);
    expectClose({ shape, data: single }, { shape, data: answer.lowRes.data }, 1e-5, 'logits');
  });

  it('is made of standard operators, named files and a description of its ports', async () => {
    const names = ['decoder.onnx', 'decoder.onnx.data', 'encoder.onnx', 'encoder.onnx.data'].filter(
      (name) => externalWeights || !name.endsWith('.data'),
    );
    expect(files.map((file) => path.basename(file)).sort()).toEqual([...names, 'README.md', 'model.json'].sort());
    expect(fs.readdirSync(to).sort()).toEqual(files.map((file) => path.basename(file)).sort());
    const description = JSON.parse(fs.readFileSync(path.join(to, 'model.json'), 'utf8')) as Record<string, unknown>;
    expect(description).toMatchObject({
      ...origin,
      image: { side, mean: [123.675, 116.28, 103.53], standardDeviation: [58.395, 57.12, 57.375] },
      decoder: { labels: { padding: -1, negative: 0, positive: 1, boxTopLeft: 2, boxBottomRight: 3 } },
    });
    for (const graph of ['encoder', 'decoder']) {
      const proto = fromBinary(ModelProtoSchema, fs.readFileSync(path.join(to, `${graph}.onnx`)));
      expect(proto.opsetImport.map(({ domain, version }) => [domain, Number(version)])).toEqual([['', 20]]);
      expect(new Set(proto.graph!.node.map(({ domain }) => domain))).toEqual(new Set(['']));
      const ports = (values: (typeof proto.graph & object)['input']) =>
        values.map(({ name, type }) => {
          if (type?.value.case !== 'tensorType') throw new Error(`${name} is no tensor`);
          return {
            name,
            shape: type.value.value.shape!.dim.map(({ value }) =>
              value.case === 'dimParam' ? value.value : Number(value.value),
            ),
          };
        });
      const told = description[graph] as Record<'inputs' | 'outputs', { name: string }[]>;
      const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
      expect(told.inputs.sort(byName)).toMatchObject(ports(proto.graph!.input).sort(byName));
      expect(told.outputs).toMatchObject(ports(proto.graph!.output));
      const places = proto.graph!.initializer.flatMap(({ externalData }) =>
        externalData.length === 0 ? [] : [Object.fromEntries(externalData.map(({ key, value }) => [key, value]))],
      );
      expect(places.length > 0).toBe(externalWeights);
      for (const { location, offset } of places) {
        expect(location).toBe(`${graph}.onnx.data`);
        expect(Number(offset) % 4096).toBe(0);
      }
    }
  });
});

it('a decoder takes any number of points', async () => {
  const to = path.join(folder, 'three');
  await exportOnnx(model, to, { externalWeights: false, origin });
  const points = [
    { x: 30, y: 20, label: 1 },
    { x: 10, y: 12, label: 0 },
    { x: 50, y: 30, label: 1 },
  ] as const;
  const [found] = await computed(to, [{ points: [...placed(30, 20, 10, 12, 50, 30), 0, 0], labels: [1, 0, 1, -1] }]);
  expectSame(found, await answers({ points, box: null }));
});

it('a folder that cannot be made is named', async () => {
  fs.writeFileSync(path.join(folder, 'file'), '');
  const to = path.join(folder, 'file', 'inside');
  await expect(exportOnnx(model, to, { externalWeights: false, origin })).rejects.toMatchObject({
    name: 'UserError',
    details: { file: to },
  });
});
