import { z } from 'zod';
import { UsageError } from '../errors';
import type { Tune } from '../inference';
import {
  adapterVariants,
  defaultAdapters,
  defaultLora,
  promptModes,
  releasedAdapters,
  type AttachmentOptions,
} from '../medsa/options';
import type { SamConfig } from '../sam/config';

export const depthModes = ['none', 'sd-trans'] as const;

const count = z.number().int().positive();

/**
 * What a run attaches, as far as it is chosen; null leaves a choice to the variant and the model's size. Every entry has
 * a default: runs of earlier versions did not write them.
 */
export const attachmentChoices = {
  variant: z.enum(adapterVariants).default('paper'),
  /** `sd-trans` needs `slices`, the length of its depth chunks. */
  depth: z.enum(depthModes).default('none'),
  slices: count.nullable().default(null),
  prompt: z.enum(promptModes).nullable().default(null),
  bottleneck: count.nullable().default(null),
  decoderBottleneck: count.nullable().default(null),
  scale: z.number().positive().nullable().default(null),
  /** The base's mask decoder learns too, beside what is attached. */
  withDecoder: z.boolean().default(false),
  /** LoRA's. */
  rank: count.nullable().default(null),
  alpha: z.number().positive().nullable().default(null),
  loraDecoder: z.boolean().default(false),
};
const attachmentSchema = z.object(attachmentChoices);
export type AttachmentChoices = z.infer<typeof attachmentSchema>;

export const attachmentDefaults: AttachmentChoices = attachmentSchema.parse({});

/** What a run of `tune` attaches to a model of these sizes; null: nothing. */
export function attachmentOf(tune: Tune, config: SamConfig, choices: AttachmentChoices): AttachmentOptions | null {
  if (tune === 'lora') {
    const { rank, alpha, loraDecoder } = choices;
    // Without an α of its own the update keeps its weight whatever the rank.
    return { rank: rank ?? defaultLora.rank, alpha: alpha ?? rank ?? defaultLora.alpha, decoder: loraDecoder };
  }
  if (tune !== 'adapters') return null;
  const base = choices.variant === 'released' ? releasedAdapters(config) : defaultAdapters(config);
  return {
    ...base,
    slices: choices.depth === 'sd-trans' ? choices.slices : null,
    prompt: choices.prompt ?? base.prompt,
    bottleneck: choices.bottleneck ?? base.bottleneck,
    decoderBottleneck: choices.decoderBottleneck ?? base.decoderBottleneck,
    scale: choices.scale ?? base.scale,
  };
}

const lorasOwn = ['rank', 'alpha', 'loraDecoder'] as const;
const adaptersOwn = [
  'variant',
  'depth',
  'slices',
  'prompt',
  'bottleneck',
  'decoderBottleneck',
  'scale',
  'withDecoder',
] as const;

/** @throws UsageError for choices that contradict each other, or that `tune` does not ask for. */
export function checkAttachment(tune: Tune, choices: AttachmentChoices): void {
  const chosen = <Name extends keyof AttachmentChoices>(names: readonly Name[]): Name | undefined =>
    names.find((name) => choices[name] !== attachmentDefaults[name]);
  const refuse = (name: string, why: string): never => {
    throw new UsageError(`option ${name}: ${why}`);
  };
  const stray = tune === 'adapters' ? undefined : chosen(adaptersOwn);
  if (stray !== undefined) refuse(stray, `it belongs to tune adapters, not to ${tune}`);
  const strayLora = tune === 'lora' ? undefined : chosen(lorasOwn);
  if (strayLora !== undefined) refuse(strayLora, `it belongs to tune lora, not to ${tune}`);
  if (choices.depth === 'sd-trans' && choices.slices === null) refuse('slices', 'depth sd-trans needs it: 8, say');
  if (choices.depth === 'none' && choices.slices !== null) refuse('slices', 'it belongs to depth sd-trans');
  if (choices.variant !== 'released') return;
  const decoders = chosen(['prompt', 'decoderBottleneck']);
  if (decoders !== undefined) refuse(decoders, 'variant released has no adapters in the decoder');
}
