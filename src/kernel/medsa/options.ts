import type { SamConfig } from '../sam/config';
import type { WindowPadding } from '../sam/seams';

/** What is attached to a frozen SAM (med-sa.md, sections 2–4). */
export interface AdapterOptions {
  /** `released`: as the authors' published checkpoints were trained (section 5): GELU, adapters in the encoder only. */
  readonly variant: 'paper' | 'released';
  /** Bottleneck r of the encoder's adapters. */
  readonly bottleneck: number;
  /** Bottleneck r of the decoder's adapters. */
  readonly decoderBottleneck: number;
  /** s: weight of the MLP adapters, which stand beside the frozen MLP. */
  readonly scale: number;
  /** SD-Trans: slices per volume of a batch, for which the depth branch is attached; null for 2D. */
  readonly slices: number | null;
  /**
   * `after-norm` keeps SAM's own padding, so that the adapted model equals SAM before the first step for every grid.
   * The parity goldens pad before the norm; the two differ only where the window does not divide the grid.
   */
  readonly padding: WindowPadding;
  /** HyP-Adpt, or no prompt adapter. */
  readonly prompt: 'none' | 'hyper';
}

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
