import type { Tensor } from '../graph';

/**
 * What fills the last windows where the grid is no multiple of the window: zeros after norm1 (SAM: `after-norm`), or
 * zeros before it, which norm1 turns into its bias (`before-norm`).
 */
export type WindowPadding = 'after-norm' | 'before-norm';

/** A block's own attention, with its own weights. [B, h, w, C] → [B, h, w, C] */
export interface BlockAttention {
  /** As the block attends: over the image, or in its windows. */
  plane(x: Tensor): Tensor;
  /** Over all of a grid, windows or not: over lines of slices, say. */
  line(x: Tensor): Tensor;
}

/** Where something may attach to a block of the image encoder. */
export interface EncoderBlockSeams {
  readonly padding: WindowPadding;
  /** n: normalised tokens [B, h, w, C]. What is returned is added to the residual stream; same shape. */
  attention(n: Tensor, own: BlockAttention): Tensor;
  /** n: normalised tokens [B, h, w, C]; `mlp` is the block's own. What is returned is added to the residual stream. */
  mlp(n: Tensor, mlp: (x: Tensor) => Tensor): Tensor;
}

/** Where something may attach to a two-way block of the mask decoder. */
export interface DecoderLayerSeams {
  /** After token-to-image attention, before norm2. queries: [B, T, C]; prompt: sparse prompt embeddings [B, P, C]. */
  tokens(queries: Tensor, prompt: Tensor): Tensor;
  /** queries: [B, T, C]; what is returned is added to the queries, before norm3. */
  mlp(queries: Tensor, mlp: (x: Tensor) => Tensor): Tensor;
  /** After image-to-token attention, before norm4. keys: [B, N, C]. */
  image(keys: Tensor): Tensor;
}

export interface Seams {
  encoderBlock(index: number): EncoderBlockSeams;
  decoderLayer(index: number): DecoderLayerSeams;
}

/** SAM as it is: nothing attached. */
export const bare: Seams = {
  encoderBlock: () => ({ padding: 'after-norm', attention: (n, own) => own.plane(n), mlp: (n, mlp) => mlp(n) }),
  decoderLayer: () => ({ tokens: (queries) => queries, mlp: (queries, mlp) => mlp(queries), image: (keys) => keys }),
};
