import { describe, expect, it } from 'vitest';
import { input, sub, type Tensor } from '../../../src/kernel/graph';
import { AdapterInspector, readings } from '../../../src/kernel/inspection';
import { attachedSeams } from '../../../src/kernel/medsa/attachment';
import { isLora } from '../../../src/kernel/medsa/options';
import { encodeImages } from '../../../src/kernel/sam/sam';
import { constantWeights } from '../../../src/kernel/sam/weights';
import { testExecutor } from '../../support/executor';
import { runWithOrt } from '../../support/ort';
import { expectClose } from '../../support/tensors';
import { goldensOf, one, type Goldens } from './parityModel';

const cells = (x: { readonly shape: readonly number[]; readonly data: Float32Array }, side: number) => {
  const [batch, height, width, channels] = x.shape;
  const norms: number[] = [];
  let total = 0;
  for (let b = 0; b < batch; b++) {
    for (let y = 0; y < side; y++) {
      for (let column = 0; column < side; column++) {
        const start = ((b * height + y) * width + column) * channels;
        const length = Math.hypot(...x.data.subarray(start, start + channels));
        norms.push(length);
        total += length * length;
      }
    }
  }
  return { norms, whole: Math.sqrt(total) };
};

/** The encoder's `projection` seams from outside: what LoRA returned, and what the layer itself gives. */
async function projections({ model, io }: Goldens) {
  const image = one(io.get('image')!, 0);
  const weights = constantWeights(new Map([...model.frozen, ...model.attached]));
  const seams = attachedSeams(weights, model.options);
  const outputs: Record<string, Tensor> = {};
  const watched = {
    ...seams,
    encoderBlock: (index: number) => {
      const own = seams.encoderBlock(index);
      const projection: typeof own.projection = (name, x, layer) => {
        let base: Tensor | null = null;
        const whole = own.projection(name, x, (given) => (base = layer(given)));
        outputs[`image_encoder.blocks.${index}.${name}`] = sub(whole, base!);
        outputs[`base:image_encoder.blocks.${index}.${name}`] = base!;
        return whole;
      };
      return { ...own, projection };
    },
  };
  const embedding = encodeImages({ config: model.config, weights, seams: watched }, input('image', image.shape));
  return runWithOrt({ embedding, ...outputs }, { image });
}

describe('other attachments', () => {
  it('LoRA: the share of the low-rank update in each layer it stands beside; no unit of it can be dead', async () => {
    const goldens = await goldensOf('odd', 'lora');
    const { model, io } = goldens;
    const inspector = new AdapterInspector(model, await testExecutor());
    const inspection = await inspector.inspectNormalised(one(io.get('image')!, 0));
    const expected = await projections(goldens);
    const side = model.config.imageSize / model.config.patchSize;
    expect(inspection.attachments.length).toBe(2 * model.config.depth);
    for (const name of inspection.attachments) {
      const [update, base] = [cells(expected[name], side), cells(expected[`base:${name}`], side)];
      const shape = [1, side, side];
      expectClose(inspection.reading(readings.addition(name)), { shape, data: update.norms }, 1e-4, name);
      const share = { shape: [1], data: [update.whole / base.whole] };
      expectClose(inspection.reading(readings.share(name)), share, 1e-5, name);
      expect(inspection.readings.has(readings.active(name))).toBe(false);
    }
    const embedding = (await inspection.tensors()).get('embedding.0')!;
    expectClose(embedding, one(io.get('embedding')!, 0), 1e-4, 'embedding');
    const asked = await inspection.ask({ points: [{ x: 9, y: 12, label: 1 }], box: null });
    expect(asked.attachments.length).toBeGreaterThan(0);
    expect(asked.readings.get(readings.share(asked.attachments[0]))!.data[0]).toBeGreaterThan(0);
  });

  it('the released variant: six slices folded to a rectangle, nothing in the decoder', async () => {
    const { model, io } = await goldensOf('released', 'medsa3d');
    if (isLora(model.options)) throw new Error('adapters expected');
    const slices = model.options.slices!;
    const image = io.get('image')!;
    const size = image.data.length / image.shape[0];
    const volume = { ...image, shape: [slices, ...image.shape.slice(1)], data: image.data.slice(0, slices * size) };
    const inspector = new AdapterInspector(model, await testExecutor());
    const inspection = await inspector.inspectNormalised(volume);
    const golden = io.get('embedding')!;
    const all = await inspection.tensors();
    for (let slice = 0; slice < slices; slice++) {
      expectClose(all.get(`embedding.${slice}`)!, one(golden, slice), 1e-4, `embedding of slice ${slice}`);
    }
    const depth = inspection.attachments.filter((name) => name.endsWith('depth_adapter'));
    expect(depth.length).toBe(model.config.depth);
    for (const name of depth) {
      const { shape, data } = inspection.reading(readings.sliceAttention(name));
      expect(shape).toEqual([model.config.heads, slices, slices]);
      for (let row = 0; row < data.length; row += slices) {
        expect(data.slice(row, row + slices).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 4);
      }
    }
    const asked = await inspection.ask({ points: [{ x: 9, y: 12, label: 1 }], box: null }, 2);
    expect(asked.attachments).toEqual([]);
  });

  it('without a depth branch one picture is looked at, not several', async () => {
    const { model, io } = await goldensOf('tiny', 'medsa2d');
    const inspector = new AdapterInspector(model, await testExecutor());
    await expect(inspector.inspectNormalised(io.get('image')!)).rejects.toThrow(/no depth branch/);
  });
});
