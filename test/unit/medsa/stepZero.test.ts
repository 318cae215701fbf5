import { describe, expect, it, vi } from 'vitest';
import { Random } from '../../../src/kernel/datasets';
import { attachmentShapes } from '../../../src/kernel/medsa/attachment';
import { initialAdapters } from '../../../src/kernel/medsa/initialise';
import {
  defaultAdapters,
  isLora,
  promptModes,
  releasedAdapters,
  type AttachmentOptions,
} from '../../../src/kernel/medsa/options';
import type { SamConfig } from '../../../src/kernel/sam/config';
import { expectClose, randomTensor } from '../../support/tensors';
import { tinyConfig } from '../../support/tinyModel';
import { answer, options, randomAttachment, type Answer } from './adaptedModel';

// Many small programs: quick by themselves, less so beside other work.
vi.setConfig({ testTimeout: 120_000 });

const configs: Record<string, SamConfig> = {
  'grid 8, windows of 3': tinyConfig,
  'grid 6, windows of 3': { ...tinyConfig, imageSize: 48 },
  'grid 5, windows of 2, one block': { ...tinyConfig, imageSize: 40, windowSize: 2, depth: 1, globalAttention: [] },
  'grid 3, windows of 4, one decoder layer': { ...tinyConfig, imageSize: 24, windowSize: 4, decoderDepth: 1 },
};

/** Every combination of the options; all depths divide the batch of four. */
function* combinations(config: SamConfig): Generator<[string, AttachmentOptions]> {
  for (const slices of [null, 1, 2, 4]) {
    for (const prompt of promptModes) {
      yield [`prompt ${prompt}, slices ${slices}`, { ...defaultAdapters(config), slices, prompt }];
    }
    yield [`released, slices ${slices}`, { ...releasedAdapters(config), slices }];
  }
  for (const decoder of [false, true]) yield [`LoRA, decoder ${decoder}`, { rank: 3, alpha: 5, decoder }];
}

const images = (config: SamConfig) => randomTensor(new Random(2), [4, 3, config.imageSize, config.imageSize]);

/** Not toEqual on the arrays: −0 and 0 are the same answer. */
function expectSame(adapted: Answer, frozen: Answer): void {
  for (const name of ['embedding', 'masks', 'iou'] as const) {
    const different = adapted[name].data.findIndex((value, entry) => value !== frozen[name].data[entry]);
    expect(different, name).toBe(-1);
  }
}

describe.each(Object.entries(configs))('before the first step an adapted %s is SAM, bit for bit', (_, config) => {
  const frozen = answer(config, images(config), null, new Map());

  it.each([...combinations(config)])('%s', async (_, attached) => {
    const initial = initialAdapters(attachmentShapes(config, attached), new Random(3));
    // ONNX Runtime fuses LoRA's sum before the decoder's first norm into a kernel that rounds differently.
    const fusing = !(isLora(attached) && attached.decoder);
    const unadapted = fusing ? frozen : answer(config, images(config), null, new Map(), { fusing });
    expectSame(await answer(config, images(config), attached, initial, { fusing }), await unadapted);
    expectSame(await answer(config, images(config), attached, initial, { fusing, fed: true }), await unadapted);
  });

  it.each([...combinations(config)])('but not any more once something has learnt: %s', async (_, attached) => {
    const adapted = await answer(config, images(config), attached, randomAttachment(config, attached));
    const { embedding, masks } = await frozen;
    expect(() => expectClose(adapted.embedding, embedding, 1e-2, 'embedding')).toThrow();
    expect(() => expectClose(adapted.masks, masks, 1e-2, 'masks')).toThrow();
  });
});

it('padded before the norm it is SAM where the windows divide the grid', async () => {
  const config = { ...tinyConfig, windowSize: 4 };
  const attached = options({ padding: 'before-norm' });
  const initial = initialAdapters(attachmentShapes(config, attached), new Random(3));
  expectSame(
    await answer(config, images(config), attached, initial),
    await answer(config, images(config), null, new Map()),
  );
});

it('and not where they do not: that is why padding comes after it, unless a checkpoint asks otherwise', async () => {
  const attached = options({ padding: 'before-norm' });
  const initial = initialAdapters(attachmentShapes(tinyConfig, attached), new Random(3));
  // The norm makes its bias of the padding, which is zero in a fresh model.
  initial.set('image_encoder.blocks.0.norm1.bias', randomTensor(new Random(4), [tinyConfig.embedDim]));
  const frozen = await answer(tinyConfig, images(tinyConfig), null, initial);
  const adapted = await answer(tinyConfig, images(tinyConfig), attached, initial);
  expect(() => expectClose(adapted.embedding, frozen.embedding, 1e-4, 'embedding')).toThrow();
});
