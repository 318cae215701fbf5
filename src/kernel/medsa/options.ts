import type { SamConfig } from '../sam/config';
import type { WindowPadding } from '../sam/seams';

/** How the prompt reaches the decoder's tokens (paper, table 3): not at all, added, concatenated, or as weights. */
export const promptModes = ['none', 'add', 'concat', 'hyper'] as const;
export type PromptMode = (typeof promptModes)[number];

/**
 * `paper`: med-sa.md, sections 2–4. `released`: what the authors' published checkpoints were trained as (section 5):
 * GELU in the bottlenecks, adapters in the encoder only, depth sequences folded to a rectangle.
 */
export const adapterVariants = ['paper', 'released'] as const;
export type AdapterVariant = (typeof adapterVariants)[number];

/** Med-SA's adapters on a frozen SAM (med-sa.md, sections 2–5). */
export interface AdapterOptions {
  readonly variant: AdapterVariant;
  /** Bottleneck r of the encoder's adapters. */
  readonly bottleneck: number;
  /** Bottleneck r of the decoder's adapters; `released` has none. */
  readonly decoderBottleneck: number;
  /** s: weight of the MLP adapters, which stand beside the frozen MLP. */
  readonly scale: number;
  /** SD-Trans: slices per volume of a batch, for which the depth branch is attached; null for 2D. */
  readonly slices: number | null;
  /**
   * `after-norm` keeps SAM's own padding, so that the adapted model equals SAM before the first step for every grid.
   * The first parity goldens pad before the norm; the two differ only where the window does not divide the grid.
   */
  readonly padding: WindowPadding;
  /** HyP-Adpt (`hyper`) or one of its ablations; `released` has none. */
  readonly prompt: PromptMode;
}

/** Low-rank updates beside the linear layers of SAM's attentions (LoRA, arXiv 2106.09685): W + (α/r)·B·A. */
export interface LoraOptions {
  readonly rank: number;
  readonly alpha: number;
  /** On the decoder's attentions too, not only on the encoder's. */
  readonly decoder: boolean;
}

/** What is attached at SAM's seams. */
export type AttachmentOptions = AdapterOptions | LoraOptions;

export const isLora = (options: AttachmentOptions): options is LoraOptions => 'rank' in options;

/** The paper's 2 %: r = dim/16 in the encoder, 32 in the decoder. */
export const defaultAdapters = (config: SamConfig): AdapterOptions => ({
  variant: 'paper',
  bottleneck: Math.max(4, Math.round(config.embedDim / 16)),
  decoderBottleneck: Math.min(32, config.outChannels),
  scale: 0.5,
  slices: null,
  padding: 'after-norm',
  prompt: 'hyper',
});

/** The released code's: r = dim/4, nothing in the decoder. */
export const releasedAdapters = (config: SamConfig): AdapterOptions => ({
  ...defaultAdapters(config),
  variant: 'released',
  bottleneck: Math.max(4, Math.round(config.embedDim / 4)),
  prompt: 'none',
});

export const defaultLora: LoraOptions = { rank: 8, alpha: 8, decoder: false };
