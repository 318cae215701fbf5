import type { Tensor } from '../graph';

/** What something attached did at its seam: nodes of the graph that is being built, not copies of them. */
export interface AttachmentTrace {
  /** As its tensors are named: `image_encoder.blocks.0.space_adapter`, …; LoRA: the layer's own name. */
  readonly name: string;
  /** What the addition is added to: [B, …, C]. */
  readonly base: Tensor;
  /** As it is added: weighted, and in the order of the base. */
  readonly addition: Tensor;
  /** What the addition is computed from: after the bottleneck's activation [..., r]; LoRA: A(x). */
  readonly hidden: Tensor;
  /** Brings [..., n] from the order of `hidden`, where a depth branch turned it, to that of the base. */
  readonly toBase: (x: Tensor) => Tensor;
  /** HyP-Adpt: the weights W_i that the prompt generated, [B, r, r] each. */
  readonly generated: readonly Tensor[];
  /** The depth branch: its sequences [V·h·w, …grid, C] and what the block's attention made of them. */
  readonly line: { readonly sequences: Tensor; readonly attended: Tensor } | null;
}

/** Told of everything attached, as the graph is built; changes nothing. */
export type ObserveAttachment = (trace: AttachmentTrace) => void;

export const unobserved: ObserveAttachment = () => {};
