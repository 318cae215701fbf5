import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/kernel/datasets';
import { sizeOf, type TensorData } from '../../../src/kernel/graph';
import { initialAdapters } from '../../../src/kernel/medsa/initialise';
import { loraShapes, mergeLora } from '../../../src/kernel/medsa/lora';
import { samConfigs } from '../../../src/kernel/sam/config';
import { expectClose, randomTensor } from '../../support/tensors';
import { tinyConfig, tinyTensors } from '../../support/tinyModel';
import { answer, randomAttachment } from './adaptedModel';

const images = randomTensor(new Random(2), [2, 3, 64, 64]);
const options = (decoder: boolean) => ({ rank: 3, alpha: 6, decoder });

describe('LoRA', () => {
  it('stands beside the four layers of every attention, in SAM’s names', () => {
    const names = [...loraShapes(samConfigs.vit_b, options(true)).keys()];
    const kinds = new Set(names.map((name) => name.replace(/\d+/, '{i}')));
    const attentions = ['self_attn', 'cross_attn_token_to_image', 'cross_attn_image_to_token'];
    const layers = [
      ...['qkv', 'proj'].map((part) => `image_encoder.blocks.{i}.attn.${part}`),
      ...[...attentions.map((name) => `layers.{i}.${name}`), 'final_attn_token_to_image'].flatMap((name) =>
        ['q_proj', 'k_proj', 'v_proj', 'out_proj'].map((part) => `mask_decoder.transformer.${name}.${part}`),
      ),
    ];
    expect([...kinds].sort()).toEqual(layers.flatMap((layer) => [`${layer}.lora_a`, `${layer}.lora_b`]).sort());
  });

  it('of ViT-B with rank 4: 12 blocks × 4·(768 + 3·768 + 768 + 768) parameters', () => {
    const shapes = loraShapes(samConfigs.vit_b, { rank: 4, alpha: 4, decoder: false });
    const count = [...shapes.values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
    expect(count).toBe(12 * 4 * (768 + 3 * 768 + 768 + 768));
  });

  it.each([false, true])('at the seams is what it is merged into the weights; decoder %s', async (decoder) => {
    const learnt = randomAttachment(tinyConfig, options(decoder));
    // Small enough that attention does not become a choice of one key, which float32 sees differently either way.
    for (const { data } of learnt.values()) data.forEach((value, entry) => (data[entry] = 0.2 * value));
    const merged = mergeLora(tinyTensors(), learnt, options(decoder));
    const seams = await answer(tinyConfig, images, options(decoder), learnt);
    const weights = await answer(tinyConfig, images, null, merged);
    for (const name of ['embedding', 'masks', 'iou'] as const) expectClose(seams[name], weights[name], 1e-4, name);
    const frozen = await answer(tinyConfig, images, null, new Map());
    expect(() => expectClose(weights.masks, frozen.masks, 1e-2, 'masks')).toThrow();
  });

  it.each([false, true])('merged before the first step leaves every weight as it is; decoder %s', (decoder) => {
    const base = tinyTensors();
    const initial = initialAdapters(loraShapes(tinyConfig, options(decoder)), new Random(3));
    const merged = mergeLora(base, initial, options(decoder));
    expect([...merged.keys()]).toEqual([...base.keys()]);
    const same = (a: TensorData, b: TensorData): boolean => a.data.every((value, entry) => value === b.data[entry]);
    for (const [name, tensor] of merged) expect(same(tensor, base.get(name)!), name).toBe(true);
  });

  it('begins with an A that is random and a B that is zero', () => {
    for (const [name, { data }] of initialAdapters(loraShapes(tinyConfig, options(true)), new Random(3))) {
      expect(
        data.some((value) => value !== 0),
        name,
      ).toBe(name.endsWith('lora_a'));
    }
  });
});
