import { beforeAll, describe, expect, it, vi } from 'vitest';
import { Random } from '../../../src/kernel/datasets';
import { add, gradients, input, meanAll, tensorData, type TensorData } from '../../../src/kernel/graph';
import { compileDecoder, compileEncoder } from '../../../src/kernel/inference/programs';
import type { Executor } from '../../../src/kernel/runtime/types';
import type { SamConfig } from '../../../src/kernel/sam/config';
import { decodePrompts, encodeImages } from '../../../src/kernel/sam/sam';
import { bare } from '../../../src/kernel/sam/seams';
import { samShapes } from '../../../src/kernel/sam/shapes';
import { constantWeights } from '../../../src/kernel/sam/weights';
import { adamWDefaults, scheduleAt } from '../../../src/kernel/training/adamw';
import { iouLoss, maskLoss, reachedIou } from '../../../src/kernel/training/losses';
import { trainableOf } from '../../../src/kernel/training/trainable';
import { compileTrainStep, stepInputs, trainingModel } from '../../../src/kernel/training/trainStep';
import { testExecutor } from '../../support/executor';
import { evaluate64, toFloat64, type Array64 } from '../../support/float64';
import { runWithOrt } from '../../support/ort';
import { expectClose, randomTensor } from '../../support/tensors';
import { tinyConfig, tinyTensors } from '../../support/tinyModel';

// Whole graphs: seconds by themselves, more beside other work.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let executor: Executor;
beforeAll(async () => {
  executor = await testExecutor();
});

describe('one step with several prompts per image', () => {
  const [images, prompts, tokens] = [2, 2, 2];
  const batch = images * prompts;
  const random = new Random(31);
  const trainable = trainableOf('full', tinyConfig, tinyTensors(5), random);
  const feeds = {
    image: randomTensor(random, [images, 3, 64, 64]),
    points: tensorData(
      [batch, tokens, 2],
      Float32Array.from({ length: batch * tokens * 2 }, () => random.integer(64)),
    ),
    labels: tensorData(
      [batch, tokens],
      Float32Array.from({ length: batch * tokens }, (_, i) => (i % 2 === 0 ? 1 : -1)),
    ),
    masks: tensorData([batch, 1, 32, 32], new Float32Array(batch * 1024)),
    has_mask: tensorData([batch], new Float32Array(batch)),
    target: tensorData(
      [batch, 1, 64, 64],
      Float32Array.from({ length: batch * 4096 }, () => (random.chance(0.3) ? 1 : 0)),
    ),
  };
  const parameters = trainable.layout.pack(trainable.initial);

  async function step(multimask: boolean) {
    const program = compileTrainStep({
      config: tinyConfig,
      ...trainable,
      from: 'image',
      images,
      promptsPerImage: prompts,
      targetSide: 64,
      loss: 'focal-dice',
      iouWeight: 0.7,
      multimask,
      optimiser: { ...adamWDefaults, clipNorm: 1 },
    });
    const zeros = tensorData([parameters.length], new Float32Array(parameters.length));
    const schedule = Object.entries(scheduleAt(1, 1e-3, adamWDefaults));
    return executor.run(await executor.load(program), {
      ...feeds,
      [stepInputs.parameters]: tensorData([parameters.length], parameters),
      [stepInputs.firstMoment]: zeros,
      [stepInputs.secondMoment]: zeros,
      ...Object.fromEntries(schedule.map(([name, value]) => [name, tensorData([], [value])])),
    });
  }

  /** What the predictor's own programs answer to the same questions. */
  async function answers(): Promise<{ masks: TensorData; iou: TensorData }> {
    const weights = constantWeights(new Map([...trainable.frozen, ...trainable.layout.unpack(parameters)]));
    const model = { config: tinyConfig, weights, seams: bare };
    const { embedding } = await executor.run(await executor.load(compileEncoder(model, images)), {
      image: feeds.image,
    });
    const size = embedding.data.length / images;
    const repeated = new Float32Array(size * batch);
    for (let sample = 0; sample < batch; sample++) {
      const image = Math.floor(sample / prompts);
      repeated.set(embedding.data.subarray(image * size, (image + 1) * size), sample * size);
    }
    const { low_res_masks: masks, iou } = await executor.run(await executor.load(compileDecoder(model)), {
      embedding: tensorData([batch, ...embedding.shape.slice(1)], repeated),
      points: feeds.points,
      labels: feeds.labels,
      masks: feeds.masks,
      has_mask: feeds.has_mask,
    });
    return { masks, iou };
  }

  const tokenOf = ({ masks }: { masks: TensorData }, token: number): TensorData =>
    tensorData(
      [batch, 1, 32, 32],
      Array.from({ length: batch }, (_, b) => [
        ...masks.data.subarray((b * 4 + token) * 1024, (b * 4 + token + 1) * 1024),
      ]).flat(),
    );

  /** Loss per sample and IoU reached by one mask token. */
  async function scored(logits: TensorData, target: TensorData) {
    const [x, t] = [input('logits', logits.shape), input('target', target.shape)];
    const { loss, reached } = await runWithOrt(
      { loss: maskLoss('focal-dice', x, t), reached: reachedIou(x, t) },
      { logits, target },
    );
    return { loss: [...loss.data], reached: [...reached.data] };
  }
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const squared = (estimates: readonly number[], reached: readonly number[]): number =>
    mean(estimates.map((value, i) => (value - reached[i]) ** 2));

  it('each image’s embedding meets its own prompts', async () => {
    const answered = await answers();
    const result = await step(false);
    expectClose(result.low_res_masks, tokenOf(answered, 0), 1e-4, 'masks');
    const single = await scored(tokenOf(answered, 0), feeds.target);
    const estimates = Array.from({ length: batch }, (_, b) => answered.iou.data[4 * b]);
    expect(result.loss.data[0]).toBeCloseTo(mean(single.loss) + 0.7 * squared(estimates, single.reached), 4);
  });

  it('of the three ambiguous masks only the best counts, every estimate of theirs does', async () => {
    const answered = await answers();
    const small = tensorData(
      [batch, 1, 32, 32],
      Array.from({ length: batch * 1024 }, (_, i) => {
        const [b, y, x] = [Math.floor(i / 1024), Math.floor((i % 1024) / 32), i % 32];
        const at = (dy: number, dx: number): number => feeds.target.data[b * 4096 + (2 * y + dy) * 64 + 2 * x + dx];
        return (at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)) / 4;
      }),
    );
    const candidates = await Promise.all([1, 2, 3].map((token) => scored(tokenOf(answered, token), small)));
    const best = mean(Array.from({ length: batch }, (_, b) => Math.min(...candidates.map(({ loss }) => loss[b]))));
    const errors = candidates.map(({ reached }, index) =>
      squared(
        Array.from({ length: batch }, (_, b) => answered.iou.data[4 * b + index + 1]),
        reached,
      ),
    );
    const [plain, all] = [await step(false), await step(true)];
    expect(all.loss.data[0] - plain.loss.data[0]).toBeCloseTo(best + 0.7 * mean(errors), 4);
  });

  it('the gradient is clipped by its norm over all parameters', async () => {
    const { gradient, gradient_norm: norm, next_first_moment: moment } = await step(false);
    const length = Math.hypot(...gradient.data);
    expect(norm.data[0]).toBeCloseTo(length, 3);
    expect(Math.hypot(...moment.data)).toBeCloseTo(0.1 * Math.min(1, length), 4);
  });
});

describe('every weight of SAM has the gradient that differences have', () => {
  /** So small that float64 loops evaluate it in a moment; grid 4 in windows of 3, tables of positions to resample. */
  const base: SamConfig = {
    ...tinyConfig,
    imageSize: 12,
    patchSize: 4,
    embedDim: 4,
    windowSize: 3,
    outChannels: 8,
    decoderMlpDim: 4,
    iouHeadHidden: 4,
    maskInChannels: 8,
  };
  const config = { ...base, imageSize: 16 };
  const side = 16;
  const random = new Random(41);
  const tensors = new Map(
    [...samShapes(base)].map(([name, shape]) => {
      const { data } = randomTensor(random, shape);
      return [
        name,
        tensorData(
          shape,
          data.map((value) => value / 2),
        ),
      ];
    }),
  );
  const { layout, frozen, initial } = trainableOf('full', base, tensors, random);
  const parameters = layout.read('parameters');
  const model = trainingModel({ config, adapters: null, frozen }, parameters.tensors);
  const shapes = { image: [1, 3, 16, 16], points: [1, 3, 2], masks: [1, 1, side, side], target: [1, 1, side, side] };
  const { masks, iou } = decodePrompts(model, encodeImages(model, input('image', shapes.image)), {
    points: input('points', shapes.points),
    labels: input('labels', [1, 3]),
    masks: input('mask_prompt', shapes.masks),
    // Half a mask prompt, which no user gives, brings both the mask's weights and the learned "no mask" into play.
    hasMask: input('has_mask', [1]),
  });
  const target = input('target', [1, 4, side, side]);
  const loss = add(meanAll(maskLoss('dice-ce', masks, target)), iouLoss(iou, input('reached', [1, 4])));
  const packed = toFloat64(tensorData([layout.size], layout.pack(initial)));
  const feeds: Record<string, Array64> = {
    parameters: packed,
    image: toFloat64(randomTensor(random, shapes.image)),
    points: toFloat64(tensorData(shapes.points, [3, 5, 11, 7, 0, 0])),
    labels: toFloat64(tensorData([1, 3], [1, 0, -1])),
    mask_prompt: toFloat64(randomTensor(random, shapes.masks)),
    has_mask: toFloat64(tensorData([1], [0.5])),
    target: toFloat64(
      tensorData(
        [1, 4, side, side],
        Float32Array.from({ length: 4 * side * side }, () => random.integer(2)),
      ),
    ),
    reached: toFloat64(tensorData([1, 4], [0.1, 0.4, 0.7, 0.9])),
  };
  const gradient = gradients(loss, [parameters.flat])[0];
  let slopes: Float64Array;
  beforeAll(() => {
    slopes = evaluate64([gradient], feeds)[0].data;
  });

  const groups = [
    'image_encoder.pos_embed',
    'image_encoder.patch_embed',
    'image_encoder.blocks.0.attn',
    'image_encoder.blocks.1.attn.rel_pos',
    'image_encoder.blocks.0.mlp',
    'image_encoder.neck',
    'prompt_encoder.point_embeddings',
    'prompt_encoder.not_a_point',
    'prompt_encoder.no_mask',
    'prompt_encoder.mask_downscaling',
    'mask_decoder.transformer',
    'mask_decoder.output_upscaling',
    'mask_decoder.output_hypernetworks',
    'mask_decoder.iou_prediction_head',
    'mask_decoder.',
    '',
  ];

  it.each(groups)('%s…', (prefix) => {
    // Along a random direction within the group: gradient · direction against (f(p + hd) − f(p − hd)) / 2h.
    const direction = new Float64Array(layout.size);
    let offset = 0;
    for (const name of layout.names) {
      const size = initial.get(name)!.data.length;
      if (name.startsWith(prefix)) for (let i = 0; i < size; i++) direction[offset + i] = random.uniform(-1, 1);
      offset += size;
    }
    const at = (h: number): number => {
      const moved = packed.data.map((value, i) => value + h * direction[i]);
      return evaluate64([loss], { ...feeds, parameters: { shape: packed.shape, data: moved } })[0].data[0];
    };
    const h = 1e-6;
    const expected = (at(h) - at(-h)) / (2 * h);
    const ours = direction.reduce((sum, value, i) => sum + value * slopes[i], 0);
    const size = Math.abs(expected);
    // The embeddings of box corners take no part where there is no box; every group as a whole does.
    expect(size).toBeGreaterThan(1e-7);
    expect(Math.abs(ours - expected)).toBeLessThan(1e-5 * Math.max(size, 1e-2));
  });
});
