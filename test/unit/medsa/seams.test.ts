import type { BlockAttention } from '../../../src/kernel/sam/seams';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets';
import {
  broadcastTo,
  input,
  reduceMean,
  reshape,
  tensorData,
  type Tensor,
  type TensorData,
} from '../../../src/kernel/graph';
import { initialAdapters } from '../../../src/kernel/medsa/initialise';
import { defaultAdapters, type AdapterOptions } from '../../../src/kernel/medsa/options';
import { adapterSeams } from '../../../src/kernel/medsa/seams';
import { adapterShapes } from '../../../src/kernel/medsa/shapes';
import type { SamConfig } from '../../../src/kernel/sam/config';
import { decodePrompts, encodeImages } from '../../../src/kernel/sam/sam';
import { bare, type Seams } from '../../../src/kernel/sam/seams';
import { constantWeights } from '../../../src/kernel/sam/weights';
import { runWithOrt } from '../../support/ort';
import { expectClose, randomTensor } from '../../support/tensors';
import { tinyConfig, tinyTensors } from '../../support/tinyModel';

const options = (changed: Partial<AdapterOptions> = {}): AdapterOptions => ({
  ...defaultAdapters(tinyConfig),
  ...changed,
});

/** The masks, IoU estimates and embedding of a batch of images, one point each. */
async function answer(
  config: SamConfig,
  images: TensorData,
  adapters: AdapterOptions | null,
  values: Map<string, TensorData>,
) {
  const weights = constantWeights(new Map([...tinyTensors(1, config), ...values]));
  const seams: Seams = adapters === null ? bare : adapterSeams(weights, adapters);
  const model = { config, weights, seams };
  const [batch] = images.shape;
  const side = (4 * config.imageSize) / config.patchSize;
  const embedding = encodeImages(model, input('image', images.shape));
  const { masks, iou } = decodePrompts(model, embedding, {
    points: input('points', [batch, 2, 2]),
    labels: input('labels', [batch, 2]),
    masks: input('mask_prompt', [batch, 1, side, side]),
    hasMask: input('has', [batch]),
  });
  return runWithOrt(
    { embedding, masks, iou },
    {
      image: images,
      points: tensorData(
        [batch, 2, 2],
        Float32Array.from({ length: 4 * batch }, (_, i) => 5 + 3 * i),
      ),
      labels: tensorData(
        [batch, 2],
        Float32Array.from({ length: 2 * batch }, (_, i) => (i % 2 === 0 ? 1 : -1)),
      ),
      mask_prompt: tensorData([batch, 1, side, side], new Float32Array(batch * side * side)),
      has: tensorData([batch], new Float32Array(batch)),
    },
  );
}

const randomAdapters = (config: SamConfig, adapters: AdapterOptions): Map<string, TensorData> => {
  const random = new Random(8);
  return new Map([...adapterShapes(config, adapters)].map(([name, shape]) => [name, randomTensor(random, shape)]));
};

const padded = tinyConfig;
const divided: SamConfig = { ...tinyConfig, windowSize: 4 };

describe('before the first step the adapted model is SAM itself, bit for bit', () => {
  const images = randomTensor(new Random(2), [4, 3, 64, 64]);

  it.each<[string, SamConfig, Partial<AdapterOptions>]>([
    ['windows that need padding', padded, {}],
    ['windows that divide the grid', divided, {}],
    ['without a prompt adapter', padded, { prompt: 'none' }],
    ['with a depth branch over two volumes of two slices', padded, { slices: 2 }],
    ['padded before the norm, where no padding is needed', divided, { padding: 'before-norm' }],
  ])('%s', async (_, config, changed) => {
    const adapters = options(changed);
    const initial = initialAdapters(adapterShapes(config, adapters), new Random(3));
    const frozen = await answer(config, images, null, new Map());
    const adapted = await answer(config, images, adapters, initial);
    for (const name of ['embedding', 'masks', 'iou'] as const) {
      // Not toEqual on the arrays: −0 and 0 are the same answer.
      const different = adapted[name].data.findIndex((value, entry) => value !== frozen[name].data[entry]);
      expect(different, name).toBe(-1);
    }
  });

  it('but not any more once an adapter has learnt', async () => {
    const frozen = await answer(padded, images, null, new Map());
    const adapted = await answer(padded, images, options(), randomAdapters(padded, options()));
    expect(() => expectClose(adapted.masks, frozen.masks, 1e-2, 'masks')).toThrow();
  });

  it('and not where padding comes before the norm: that is why it does not, unless a checkpoint asks for it', async () => {
    const adapters = options({ padding: 'before-norm' });
    const initial = initialAdapters(adapterShapes(padded, adapters), new Random(3));
    // The norm makes its bias of the padding, which is zero in a fresh model.
    initial.set('image_encoder.blocks.0.norm1.bias', randomTensor(new Random(4), [padded.embedDim]));
    const frozen = await answer(padded, images, null, initial);
    const adapted = await answer(padded, images, adapters, initial);
    expect(() => expectClose(adapted.embedding, frozen.embedding, 1e-4, 'embedding')).toThrow();
  });
});

describe('the depth branch', () => {
  /** An attention that can be followed by hand: along a line of slices, their mean; in the plane, what it was given. */
  const own: BlockAttention = { plane: (x) => x, line: (x) => broadcastTo(reduceMean(x, [2]), x.shape) };

  it.each([
    ['one slice', 1, 3, 1],
    ['five slices', 5, 5, 1],
    ['two volumes of three slices', 3, 6, 1],
    ['two volumes of two slices, larger ones', 2, 4, 4],
  ])('%s: each position meets the same position of the slices of its volume', async (_, slices, batch, rows) => {
    const config = tinyConfig;
    const adapters = options({ slices });
    const values = randomAdapters(config, adapters);
    const [height, width, channels] = [2 * rows, 3, config.embedDim];
    const n = randomTensor(new Random(6), [batch, height, width, channels]);
    const seams = adapterSeams(constantWeights(values), adapters).encoderBlock(0);
    const x = input('n', n.shape);
    const { a } = await runWithOrt({ a: seams.attention(x, own) }, { n });

    const linear = (name: string, token: readonly number[]): number[] => {
      const weight = values.get(`image_encoder.blocks.0.${name}.weight`)!;
      const bias = values.get(`image_encoder.blocks.0.${name}.bias`)!;
      return [...bias.data].map((b, i) => token.reduce((sum, v, j) => sum + v * weight.data[i * token.length + j], b));
    };
    const bottleneck = (name: string, token: readonly number[]): number[] =>
      linear(
        `${name}.up`,
        linear(`${name}.down`, token).map((v) => Math.max(0, v)),
      );
    const positions = height * width;
    const token = (image: number, position: number): number[] => [
      ...n.data.subarray((image * positions + position) * channels, (image * positions + position + 1) * channels),
    ];
    const expected: number[] = [];
    for (let image = 0; image < batch; image++) {
      const first = Math.floor(image / slices) * slices;
      for (let position = 0; position < positions; position++) {
        const here = token(image, position);
        const mean = here.map((_, c) => {
          let sum = 0;
          for (let slice = 0; slice < slices; slice++) sum += token(first + slice, position)[c];
          return sum / slices;
        });
        const [space, depth] = [bottleneck('space_adapter', here), bottleneck('depth_adapter', mean)];
        expected.push(...here.map((value, c) => value + space[c] + depth[c]));
      }
    }
    expectClose(a, { shape: n.shape, data: expected }, 1e-5, 'attention');
  });

  it('volumes of a batch do not see each other, in the whole model', async () => {
    const adapters = options({ slices: 2 });
    const values = randomAdapters(padded, adapters);
    const images = randomTensor(new Random(9), [4, 3, 64, 64]);
    const half = images.data.length / 2;
    const both = await answer(padded, images, adapters, values);
    const first = await answer(padded, tensorData([2, 3, 64, 64], images.data.slice(0, half)), adapters, values);
    const size = both.embedding.data.length / 2;
    const own = { shape: first.embedding.shape, data: both.embedding.data.slice(0, size) };
    expectClose(own, first.embedding, 1e-4, 'embedding of the first volume');
  });

  it('slices of a volume do see each other', async () => {
    const adapters = options({ slices: 2 });
    const values = randomAdapters(padded, adapters);
    const images = randomTensor(new Random(9), [2, 3, 64, 64]);
    const changed = tensorData(
      images.shape,
      images.data.map((value, i) => (i < images.data.length / 2 ? value : -value)),
    );
    const [one, other] = [
      await answer(padded, images, adapters, values),
      await answer(padded, changed, adapters, values),
    ];
    const size = one.embedding.data.length / 2;
    const firstSlice = (x: TensorData) => ({ shape: [size], data: x.data.slice(0, size) });
    expect(() => expectClose(firstSlice(other.embedding), firstSlice(one.embedding), 1e-3, 'slice 0')).toThrow();
  });
});

describe('the decoder seams', () => {
  const values = randomAdapters(tinyConfig, options());
  const seams = adapterSeams(constantWeights(values), options()).decoderLayer(0);
  const channels = tinyConfig.outChannels;

  it('the prompt adapter depends on the mean of the prompts, not on their number', async () => {
    const random = new Random(12);
    const queries = randomTensor(random, [1, 5, channels]);
    const prompt = randomTensor(random, [1, 2, channels]);
    const doubled = tensorData([1, 4, channels], [...prompt.data, ...prompt.data]);
    const q = input('q', queries.shape);
    const { two, four } = await runWithOrt(
      { two: seams.tokens(q, input('p', prompt.shape)), four: seams.tokens(q, input('pp', doubled.shape)) },
      { q: queries, p: prompt, pp: doubled },
    );
    expectClose(four, two, 1e-5, 'queries');
    expect(two.shape).toEqual(queries.shape);
  });

  it('each sample has weights of its own prompt', async () => {
    const random = new Random(13);
    const queries = randomTensor(random, [1, 5, channels]);
    const prompts = randomTensor(random, [2, 2, channels]);
    const both = tensorData([2, 5, channels], [...queries.data, ...queries.data]);
    const { y } = await runWithOrt(
      { y: seams.tokens(input('q', both.shape), input('p', prompts.shape)) },
      { q: both, p: prompts },
    );
    const half = y.data.length / 2;
    const [first, second] = [y.data.slice(0, half), y.data.slice(half)];
    expect(() => expectClose({ shape: [half], data: first }, { shape: [half], data: second }, 1e-3, 'q')).toThrow();
  });

  it('the MLP adapter stands beside the MLP, weighted by s', async () => {
    const queries = randomTensor(new Random(14), [1, 3, channels]);
    const at = (scale: number) => adapterSeams(constantWeights(values), options({ scale })).decoderLayer(0);
    const q = input('q', queries.shape);
    const none = (x: Tensor): Tensor => reshape(x, x.shape);
    const { zero, half, one } = await runWithOrt(
      { zero: at(0).mlp(q, none), half: at(0.5).mlp(q, none), one: at(1).mlp(q, none) },
      { q: queries },
    );
    const middle = one.data.map((value, entry) => (value + queries.data[entry]) / 2);
    expectClose(zero, queries, 1e-6, 's = 0');
    expectClose(half, { shape: one.shape, data: middle }, 1e-5, 's = 0.5');
  });
});
