import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/kernel/errors';
import { attachmentDefaults, attachmentOf, type AttachmentChoices } from '../../../src/kernel/training/attachment';
import {
  trainDefaults,
  trainOptions,
  trainOptionsSchema,
  type TrainOptions,
} from '../../../src/kernel/training/options';
import { defaultAdapters } from '../../../src/kernel/medsa/options';
import { samConfigs } from '../../../src/kernel/sam/config';

const config = samConfigs.vit_b;
const choices = (changed: Partial<AttachmentChoices>): AttachmentChoices => ({ ...attachmentDefaults, ...changed });

describe('what a run attaches', () => {
  it('by default: the paper’s adapters', () => {
    expect(attachmentOf('adapters', config, attachmentDefaults)).toEqual(defaultAdapters(config));
    expect(defaultAdapters(config)).toMatchObject({ bottleneck: 48, decoderBottleneck: 32, scale: 0.5, slices: null });
  });

  it.each<[Partial<AttachmentChoices>, object]>([
    [
      { depth: 'sd-trans', slices: 7, prompt: 'concat', bottleneck: 20, decoderBottleneck: 10, scale: 0.25 },
      { variant: 'paper', slices: 7, prompt: 'concat', bottleneck: 20, decoderBottleneck: 10, scale: 0.25 },
    ],
    [{ prompt: 'none' }, { prompt: 'none', slices: null }],
    [{ variant: 'released' }, { variant: 'released', bottleneck: 192, prompt: 'none' }],
    [
      { variant: 'released', bottleneck: 30 },
      { variant: 'released', bottleneck: 30, prompt: 'none' },
    ],
  ])('with %o', (changed, expected) => {
    expect(attachmentOf('adapters', config, choices(changed))).toMatchObject(expected);
  });

  it.each<[Partial<AttachmentChoices>, object]>([
    [{}, { rank: 8, alpha: 8, decoder: false }],
    [{ rank: 4 }, { rank: 4, alpha: 4, decoder: false }],
    [
      { alpha: 16, loraDecoder: true },
      { rank: 8, alpha: 16, decoder: true },
    ],
  ])('of LoRA with %o', (changed, expected) => {
    expect(attachmentOf('lora', config, choices(changed))).toEqual(expected);
  });

  it.each(['decoder', 'full'] as const)('nothing where %s trains', (tune) => {
    expect(attachmentOf(tune, config, attachmentDefaults)).toBeNull();
  });
});

describe('options of a run', () => {
  it.each<[Parameters<typeof trainOptions>[0], RegExp]>([
    [{ data: 'd', tune: 'none' }, /none trains nothing; to measure the model as it is: med-sa evaluate/],
    [{ data: 'd', depth: 'sd-trans' }, /option slices: depth sd-trans needs it/],
    [{ data: 'd', slices: 4 }, /option slices: it belongs to depth sd-trans/],
    [{ data: 'd', rank: 4 }, /option rank: it belongs to tune lora, not to adapters/],
    [{ data: 'd', tune: 'full', loraDecoder: true }, /option loraDecoder: it belongs to tune lora, not to full/],
    [{ data: 'd', tune: 'lora', prompt: 'add' }, /option prompt: it belongs to tune adapters, not to lora/],
    [{ data: 'd', tune: 'decoder', bottleneck: 4 }, /option bottleneck: it belongs to tune adapters/],
    [{ data: 'd', tune: 'decoder', withDecoder: true }, /option withDecoder: it belongs to tune adapters, not to dec/],
    [{ data: 'd', variant: 'released', prompt: 'hyper' }, /option prompt: variant released has no adapters in the dec/],
    [{ data: 'd', variant: 'released', decoderBottleneck: 8 }, /option decoderBottleneck: variant released has no/],
    [{ data: 'd', scale: -1 }, /option scale/],
    [{ data: 'd', slices: 2.5, depth: 'sd-trans' }, /option slices/],
  ])('%o is refused with a word', (given, said) => {
    expect(() => trainOptions(given)).toThrow(said);
    expect(() => trainOptions(given)).toThrow(UsageError);
  });

  it('are whole where they agree', () => {
    const given: Partial<TrainOptions> = { depth: 'sd-trans', slices: 8, prompt: 'add', scale: 1 };
    expect(trainOptions({ data: 'd', ...given })).toMatchObject({ ...trainDefaults, ...given });
  });

  it('of a run that an earlier version began read as what they were', () => {
    const earlier = Object.fromEntries(
      Object.entries({ ...trainDefaults, data: '/d' }).filter(([name]) => !(name in attachmentDefaults)),
    );
    expect(trainOptionsSchema.parse(earlier)).toEqual({ ...trainDefaults, data: '/d' });
  });
});
